/* What was kept comes back: into its form, or named on every other page until it is sent. */

import { keptAs, nameOf } from "./keeping.js";

const holds = (form, [name, , value]) =>
  [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)].some((field) => field.value === value);

const askedAnew = new Set();

/* What a form carries unseen (its kind, its own name, its files) the server has to put there. */
export function askAnew(form, kept) {
  const unseen = kept.fields.filter(([, , , type]) => type === "hidden");
  if (askedAnew.has(nameOf(form)) || unseen.every((each) => holds(form, each))) return false;
  askedAnew.add(nameOf(form));
  const query = new URLSearchParams(unseen.map(([name, state]) => [name, state]));
  htmx.ajax("GET", `${kept.src}?${query}`, { target: form.getAttribute("hx-target"), swap: "outerHTML" });
  return true;
}

const isHere = (name) =>
  [...document.querySelectorAll("form[data-keep-as]")].some((form) => nameOf(form) === name);

function sayThatItWaits(kept) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.toast = "";
  toast.dataset.toastStays = "";
  const words = document.createElement("p");
  const way = document.createElement("a");
  way.href = kept.src;
  way.textContent = "Open it to send it again";
  words.append(`Not sent, kept here: “${kept.title}” `, way);
  const close = document.createElement("button");
  close.type = "button";
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "×";
  toast.append(words, close);
  document.getElementById("toasts")?.append(toast);
}

export function nameWhatWaits(names) {
  for (const name of names) {
    const kept = keptAs(name);
    if (kept?.failed && kept.src && !isHere(name)) sayThatItWaits(kept);
  }
}
