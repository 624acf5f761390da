/* Shortcuts. Never while typing, never with Ctrl, Alt or Meta, and off for whoever turns them off. */

const SEQUENCE_MS = 1200;
const SWITCH = "shortcuts-off";

let goingSince = -Infinity; /* 0 would be the moment at which the page was opened */

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

/* After g: the bar says which key leads where. */
function addressOf(key) {
  return document.querySelector(`.bar__nav a[data-key="${CSS.escape(key)}"]`)?.href;
}

function searchOrGo() {
  const fields = ["main", ".bar"].flatMap((part) => [...document.querySelectorAll(`${part} [data-search]`)]);
  const field = fields.find((candidate) => candidate.checkVisibility?.() ?? true);
  if (field) {
    field.focus();
    field.select();
  } else {
    const evidence = addressOf("e");
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
  goingSince = -Infinity;
  const address = going && addressOf(key);
  if (address) return () => location.assign(address);
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
