/* Forms keep what was typed: on this device while the network fails, and amounts say how they were
   read. Every attribute is described in docs/design-system.md. */

const PREFIX = "kept:";

/* --- typing kept here until it is sent --------------------------------------------------------------- */

/* A form with a name of its own is kept under it wherever it stands, else under its page. */
const nameOf = (form) => PREFIX + (form.dataset.keepAs ?? `${location.pathname}:${form.dataset.keep}`);

const isKept = (field) =>
  field.name &&
  !("keepNever" in field.dataset) &&
  ("keepToo" in field.dataset ||
    !["hidden", "password", "file", "submit", "button"].includes(field.type));

const isSwitch = (field) => field.type === "checkbox" || field.type === "radio";

function read(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(name));
    return Array.isArray(kept?.fields) ? kept : null;
  } catch {
    return null;
  }
}

/* `failed` says that it was sent and did not arrive. */
function keep(form, failed = read(nameOf(form))?.failed ?? false) {
  const fields = [...form.elements]
    .filter(isKept)
    .map((field) => [field.name, isSwitch(field) ? field.checked : field.value, field.value, field.type]);
  const { keepSrc: src, keepTitle: title } = form.dataset;
  try {
    localStorage.setItem(nameOf(form), JSON.stringify({ fields, failed, src, title }));
  } catch {
    /* full or forbidden: the page itself still holds the text */
  }
}

function forget(form) {
  try {
    localStorage.removeItem(nameOf(form));
  } catch {
    /* nothing was kept */
  }
}

const holds = (form, [name, , value]) =>
  [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)].some((field) => field.value === value);

const askedAnew = new Set();

/* What a form carries unseen (its kind, its own name, its files) the server has to put there. */
function askAnew(form, kept) {
  const unseen = kept.fields.filter(([, , , type]) => type === "hidden");
  if (!kept.src || askedAnew.has(nameOf(form)) || unseen.every((each) => holds(form, each))) return false;
  askedAnew.add(nameOf(form));
  const query = new URLSearchParams(unseen.map(([name, state]) => [name, state]));
  htmx.ajax("GET", `${kept.src}?${query}`, { source: form, target: form.getAttribute("hx-target"), swap: "outerHTML" });
  return true;
}

function bringBack(form) {
  const kept = read(nameOf(form));
  if (!kept || "answered" in form.dataset || form.querySelector(".field--wrong") || askAnew(form, kept)) return;
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

function namesKept() {
  try {
    return Object.keys(localStorage);
  } catch {
    return [];
  }
}

/* What failed and stands on another page is named on every page until it is sent. */
function nameWhatWaits() {
  const mine = `${PREFIX}person-${document.body.dataset.person}:`;
  for (const name of namesKept()) {
    const kept = name.startsWith(mine) ? read(name) : null;
    const isHere = [...document.querySelectorAll("form[data-keep-as]")].some((form) => nameOf(form) === name);
    if (kept?.failed && kept.src && !isHere) sayThatItWaits(kept);
  }
}

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
    if (read(nameOf(form))?.failed) note(form, "The connection is back, and this has not been sent.", true);
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

/* --- how an amount was read ---------------------------------------------------------------------------- */

/* The last point or comma with other than three digits after it, or of two kinds, is decimal. */
export function readAmount(text) {
  const bare = text.replace(/[\s\u00a0\u202f'’€$£]/g, "").replace(/^\u2212/, "-");
  const match = /^(-?)(\d[\d.,]*)([kKmM]?)$/.exec(bare);
  if (!match) return null;
  const [, sign, digits, suffix] = match;
  const marks = digits.match(/[.,]/g) ?? [];
  const last = Math.max(digits.lastIndexOf("."), digits.lastIndexOf(","));
  const after = last < 0 ? 0 : digits.length - last - 1;
  const twoKinds = new Set(marks).size > 1;
  const isOne = marks.length === 1 && (after !== 3 || digits.startsWith("0") || last > 3);
  const isDecimal = last >= 0 && (twoKinds || isOne);
  const whole = (isDecimal ? digits.slice(0, last) : digits).replace(/[.,]/g, "");
  const fraction = isDecimal ? digits.slice(last + 1) : "";
  const scale = { k: 1e3, m: 1e6 }[suffix.toLowerCase()] ?? 1;
  const value = Number(`${whole || "0"}.${fraction || "0"}`) * scale;
  return sign === "-" ? -value : value;
}

/* '120.000' parts thousands for some and places for others: the server asks which, unless it is the
   reader's own way of parting thousands. */
const ownDecimal = new Intl.NumberFormat(navigator.language)
  .formatToParts(1.5)
  .find((part) => part.type === "decimal").value;

function couldBeTwo(text) {
  const match = /^[^\d]*[1-9]\d{0,2}([.,])\d{3}[kKmM]?\s*$/.exec(text);
  return match !== null && match[1] === ownDecimal;
}

function lineBelow(field) {
  let line = document.getElementById(`${field.id}_echo`);
  if (!line) {
    line = document.createElement("p");
    line.id = `${field.id}_echo`;
    line.className = "field__echo";
    line.setAttribute("aria-live", "polite");
    field.after(line);
  }
  return line;
}

function echo(field) {
  const line = lineBelow(field);
  const value = field.value.trim() ? readAmount(field.value) : undefined;
  const shown = new Intl.NumberFormat(document.documentElement.lang || undefined, {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
  });
  if (value === undefined) line.textContent = "";
  else if (couldBeTwo(field.value)) line.textContent = "could be two amounts: write it without thousands apart";
  else if (value === null) line.textContent = "not a number";
  else {
    const unit = field.dataset.money ? ` ${field.dataset.money}` : "";
    line.textContent = `read as ${shown.format(value).replace("-", "\u2212")}${unit}`;
  }
}

/* A share of a known amount says how much that is. */
function echoShare(field) {
  const share = readAmount(field.value.replace("%", ""));
  const line = lineBelow(field);
  const amount = (Number(field.dataset.shareOf) * share) / 100;
  const shown = new Intl.NumberFormat(document.documentElement.lang || undefined, { maximumFractionDigits: 0 });
  line.textContent = share === null ? "" : `${shown.format(amount)} ${field.dataset.unit} a month`;
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("input[data-money]")) echo(event.target);
  if (event.target.matches?.("input[data-share-of]")) echoShare(event.target);
});

/* --- what is on the page, and what htmx brings ------------------------------------------------------------ */

function welcome(part) {
  for (const form of part.querySelectorAll("form[data-keep]")) bringBack(form);
  for (const field of part.querySelectorAll("input[data-money]")) if (field.value) echo(field);
  for (const field of part.querySelectorAll("input[data-share-of]")) echoShare(field);
}
welcome(document);
if (document.body.dataset.person) nameWhatWaits();
document.addEventListener("htmx:afterSwap", (event) => welcome(event.detail.elt ?? document));

/* --- files that go ahead of their form: [data-files] holds the field and what has arrived ------------------ */

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

/* --- files: <input type="file" data-most-bytes="10000000"> says that one is too large before it is sent ----- */

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
