/* Forms keep what was typed: on this device while the network fails, and amounts say how they were
   read. Every attribute is described in docs/design-system.md. */

const PREFIX = "kept:";

/* --- typing kept here until it is sent --------------------------------------------------------------- */

const nameOf = (form) => `${PREFIX}${location.pathname}:${form.dataset.keep}`;

function typed(form) {
  const fields = [...form.elements].filter(
    (field) => field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type),
  );
  return fields.map((field) => [
    field.name,
    field.type === "checkbox" || field.type === "radio" ? field.checked : field.value,
    field.value,
  ]);
}

function keep(form) {
  try {
    localStorage.setItem(nameOf(form), JSON.stringify(typed(form)));
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

function bringBack(form) {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(nameOf(form)));
  } catch {
    return;
  }
  if (!Array.isArray(kept) || form.querySelector(".field--wrong")) return;
  for (const [name, state, value] of kept) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (field.type === "checkbox" || field.type === "radio") {
        if (field.value === value) field.checked = state;
      } else {
        field.value = state;
      }
    }
  }
  form.dataset.dirty = "";
  note(form, "Not sent yet, kept here.");
}

function note(form, text) {
  let line = form.querySelector("[data-kept]");
  if (!line) {
    line = document.createElement("p");
    line.className = "form__kept";
    line.dataset.kept = "";
    line.setAttribute("role", "status");
    (form.querySelector(".form__end") ?? form).append(line);
  }
  line.textContent = text;
}

const keeper = (event) => {
  const start = event.detail?.elt ?? event.target;
  return start instanceof Element ? start.closest("form[data-keep]") : null;
};

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-keep]");
  if (form) keep(form);
});
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => {
    const form = keeper(event);
    if (!form) return;
    keep(form);
    form.dataset.dirty = "";
    note(form, "Not sent, kept here. Try again when the connection is back.");
  });
}
/* Before the answer is put in place: it may hold a fresh form, which must not get the text back. */
for (const answered of ["htmx:beforeSwap", "htmx:afterRequest"]) {
  document.addEventListener(answered, (event) => {
    const { requestConfig, xhr } = event.detail;
    const form = requestConfig?.elt?.closest?.("form[data-keep]");
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
document.addEventListener("htmx:afterSwap", (event) => welcome(event.detail.elt ?? document));

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
