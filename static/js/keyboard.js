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

const isShown = (element) => element.checkVisibility?.() ?? true;

/* The page says what logging means here: a link, a button, or the first field of a form. */
function logHere() {
  const way = [...document.querySelectorAll("[data-log-evidence]")].find(isShown);
  if (!way) return false;
  if (way.matches("a, button")) way.click();
  else [...way.querySelectorAll("select, textarea, input:not([type=hidden])")].find(isShown)?.focus();
  return true;
}

/* Else the card in focus does, and where there is none one picks what to log on. */
function logEvidence() {
  if (logHere()) return;
  const noCard = document.dispatchEvent(new CustomEvent("card-evidence", { cancelable: true }));
  if (noCard) document.querySelector("[data-log-anywhere]")?.click();
}

/* The way that stands on every page leads to the form of this page where it has one. */
document.addEventListener(
  "click",
  (event) => {
    if (!event.target.closest?.("[data-log-anywhere]") || document.querySelector("dialog[open]")) return;
    if (event.ctrlKey || event.metaKey || event.shiftKey || !logHere()) return;
    event.preventDefault();
    event.stopPropagation();
  },
  true,
);

/* What the keys of a list to pick from do is fetched with the first such list; a key that is
   pressed before it is here waits for it. */
const pick = () => import("./pick.js");

function welcomeList() {
  if (document.querySelector("[data-pick-list]")) pick();
}
welcomeList();
document.addEventListener("htmx:afterSwap", welcomeList);
document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  const walks = target.closest?.("[data-pick-list] :is(input, a)") && ["ArrowDown", "ArrowUp"].includes(key);
  const takes = target.closest?.("[data-pick-list] input") && key === "Enter";
  if (event.isComposing || !(walks || takes)) return;
  event.preventDefault();
  pick().then(({ press }) => press(key, target));
});

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
