/* Forms keep what was typed on this device while the network fails. Every attribute is described in
   docs/design-system.md. */

import { forget, keep, keptAs, keptNames, nameOf } from "./keeping.js";

const isSwitch = (field) => field.type === "checkbox" || field.type === "radio";

async function bringBack(form) {
  const kept = keptAs(nameOf(form));
  if (!kept || "answered" in form.dataset || form.querySelector(".field--wrong")) return;
  if (kept.src && (await import("./kept.js")).askAnew(form, kept)) return;
  for (const [name, state, value, type] of kept.fields) {
    if (type === "hidden") continue;
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (!isSwitch(field)) field.value = state;
      else if (field.value === value) field.checked = state;
    }
  }
  form.dataset.dirty = "";
  note(form, "Not sent yet, kept here.", kept.failed);
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function note(form, text, mayResend = false) {
  let line = form.querySelector("[data-kept]");
  if (!line) {
    line = document.createElement("p");
    line.className = "form__kept";
    line.dataset.kept = "";
    line.setAttribute("role", "status");
    (form.querySelector(".form__end") ?? form).append(line);
  }
  const words = document.createElement("span");
  words.textContent = text;
  line.replaceChildren(words);
  if (!mayResend) return;
  const again = document.createElement("button");
  again.className = "button button--small";
  again.textContent = "Send again";
  line.append(again);
}

async function waiting() {
  const names = keptNames(`person-${document.body.dataset.person}:`);
  if (names.length) (await import("./kept.js")).nameWhatWaits(names);
}

const keeper = (event) => {
  const start = event.detail?.elt ?? event.target;
  return start instanceof Element && start.type !== "file" ? start.closest("form[data-keep]") : null;
};

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-keep]");
  if (form && event.target.type !== "file") keep(form);
});
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => {
    const form = keeper(event);
    if (!form || event.detail.requestConfig?.verb === "get") return;
    keep(form, true);
    form.dataset.dirty = "";
    note(form, "Not sent, kept here. Try again when the connection is back.", true);
  });
}
window.addEventListener("online", () => {
  for (const form of document.querySelectorAll("form[data-keep]")) {
    if (keptAs(nameOf(form))?.failed) note(form, "The connection is back, and this has not been sent.", true);
  }
});
/* Before the answer is put in place: it may hold a fresh form, which must not get the text back. */
for (const answered of ["htmx:beforeSwap", "htmx:afterRequest"]) {
  document.addEventListener(answered, (event) => {
    const { requestConfig, xhr } = event.detail;
    const form = requestConfig?.elt?.type === "file" ? null : requestConfig?.elt?.closest?.("form[data-keep]");
    const sent = xhr.status >= 200 && xhr.status < 400 && requestConfig.verb !== "get";
    if (form && sent) forget(form);
  });
}
/* Without htmx the next page tells: it is forgotten on leaving, since a failed page still has it. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("form[data-keep]:not([hx-post])") && navigator.onLine) forget(form);
});

/* --- what is on the page, and what htmx brings ------------------------------------------------------------ */

function welcome(part) {
  for (const form of part.querySelectorAll("form[data-keep]")) bringBack(form);
  if (document.querySelector("[data-files], [data-most-bytes]")) import("./attach.js");
  if (document.querySelector("[data-money], [data-share-of]")) import("./amounts.js");
}
/* A form that asked for another shape of itself has its text already. */
function carryOver(old) {
  const kept = keptAs(nameOf(old));
  const form = document.querySelector(`form[data-keep="${CSS.escape(old.dataset.keep)}"]`);
  if (!kept || !form) return;
  forget(old);
  keep(form, kept.failed);
}

/* Whoever came to a bet to log evidence on it begins with the first field. */
let arriving = true;
function arrive() {
  if (!arriving || location.hash !== "#evidence") return;
  const fields = document.querySelectorAll("#evidence [data-log-evidence] :is(select, textarea, input:not([type=hidden]))");
  const first = [...fields].find((field) => field.checkVisibility?.() ?? true);
  if (!first) return;
  arriving = false;
  if (document.activeElement === document.body) first.focus();
}
addEventListener("hashchange", () => {
  arriving = true;
  arrive();
});
document.addEventListener("htmx:afterSettle", arrive);

welcome(document);
waiting();
arrive();
document.addEventListener("htmx:afterSwap", (event) => {
  const { elt, verb } = event.detail.requestConfig ?? {};
  const own = elt?.closest?.("form[data-keep]");
  if (own && verb === "get") carryOver(own);
  else if (elt?.type !== "file") welcome(event.detail.elt ?? document);
});
