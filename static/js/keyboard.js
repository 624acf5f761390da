/* Shortcuts. Never while typing, never with Ctrl, Alt or Meta, and off for whoever turns them off. */

const PLACES = { a: "allocation", k: "kanban", e: "evidence", p: "proposals", l: "ledger" };
const SEQUENCE_MS = 1200;
const SWITCH = "shortcuts-off";

let goingSince = 0;

function isOff() {
  try {
    return localStorage.getItem(SWITCH) === "1";
  } catch {
    return false;
  }
}

function isTyping(target) {
  return target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
}

function addressOf(place) {
  const label = place.toLowerCase();
  const links = [...document.querySelectorAll(".bar__nav a")];
  return links.find((link) => link.textContent.trim().toLowerCase() === label)?.href;
}

function searchOrGo() {
  const fields = ["main", ".bar"].flatMap((part) => [...document.querySelectorAll(`${part} [data-search]`)]);
  const field = fields.find((candidate) => candidate.checkVisibility?.() ?? true);
  if (field) {
    field.focus();
    field.select();
  } else {
    const evidence = addressOf("evidence");
    if (evidence) location.assign(evidence);
  }
}

/* The page says what logging means here: a link, a button, or the first field of a form. */
function logEvidence() {
  const way = document.querySelector("[data-log-evidence]");
  if (!way) document.dispatchEvent(new CustomEvent("card-evidence"));
  else if (way.matches("a, button")) way.click();
  else way.querySelector("select, textarea, input:not([type=hidden])")?.focus();
}

const KEYS = {
  "/": searchOrGo,
  e: logEvidence,
  t: () => document.dispatchEvent(new CustomEvent("tables")),
  "?": () => document.getElementById("shortcuts").showModal(),
  j: () => document.dispatchEvent(new CustomEvent("card", { detail: 1 })),
  k: () => document.dispatchEvent(new CustomEvent("card", { detail: -1 })),
  m: () => document.dispatchEvent(new CustomEvent("card-menu")),
  x: () => document.dispatchEvent(new CustomEvent("card-pick")),
  X: () => document.dispatchEvent(new CustomEvent("card-pick", { detail: { row: true } })),
};

function actionFor(key) {
  const going = performance.now() - goingSince < SEQUENCE_MS;
  goingSince = 0;
  if (going && key in PLACES) {
    const address = addressOf(PLACES[key]);
    return address ? () => location.assign(address) : null;
  }
  if (key === "g") {
    goingSince = performance.now();
    return null;
  }
  return KEYS[key];
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]") || isOff()) return;
  const action = actionFor(event.key);
  if (!action) return;
  event.preventDefault();
  action();
});

const toggle = document.querySelector("[data-shortcuts-on]");
if (toggle) {
  toggle.checked = !isOff();
  toggle.addEventListener("change", () => {
    try {
      localStorage.setItem(SWITCH, toggle.checked ? "0" : "1");
    } catch {
      /* it then holds for this page only */
    }
  });
}
