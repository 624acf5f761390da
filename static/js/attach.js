/* Files that go ahead of their form: [data-files] holds the field and what has arrived. */

import { keep } from "./keeping.js";

function faultOfFile(field, text) {
  const line = field.closest("[data-files]")?.querySelector("[data-file-wrong]");
  if (!line) return;
  line.querySelector("span").textContent = text;
  line.hidden = false;
  field.value = "";
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const field = event.detail.elt;
  const most = Number(field.dataset?.mostFileBytes);
  const tooLarge = most && [...field.files].find((file) => file.size > most);
  if (!tooLarge) return;
  event.preventDefault();
  faultOfFile(field, `${tooLarge.name} has ${(tooLarge.size / 1e6).toFixed(1)} MB, and at most ${most / 1e6} MB can be attached.`);
});
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => {
    const field = event.detail.elt;
    if (field?.type === "file") faultOfFile(field, "The file did not arrive. Choose it again when the connection is back.");
  });
}
/* Which files a form has is part of what was typed. */
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.requestConfig?.elt?.type !== "file" || !event.detail.successful) return;
  const form = document.querySelector("[data-files]")?.closest("form[data-keep]");
  if (form) keep(form);
});
document.addEventListener("click", (event) => {
  const file = event.target.closest?.("[data-remove-file]")?.closest("[data-file]");
  if (!file) return;
  const form = file.closest("form[data-keep]");
  file.remove();
  if (form) keep(form);
});

/* <input type="file" data-most-bytes="10000000"> says that a file is too large before it is sent. */
document.addEventListener("change", (event) => {
  const most = Number(event.target.dataset?.mostBytes);
  if (!most) return;
  const tooLarge = [...event.target.files].find((file) => file.size > most);
  event.target.setCustomValidity(
    tooLarge
      ? `${tooLarge.name} has ${Math.ceil(tooLarge.size / 1e6)} MB, and at most ${Math.floor(most / 1e6)} MB can be sent: split it.`
      : "",
  );
  event.target.reportValidity();
});
