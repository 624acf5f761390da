/* Amounts say how they were read. */

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

function welcome(part) {
  for (const field of part.querySelectorAll("input[data-money]")) if (field.value) echo(field);
  for (const field of part.querySelectorAll("input[data-share-of]")) echoShare(field);
}
welcome(document);
document.addEventListener("htmx:afterSwap", (event) => welcome(event.detail.elt ?? document));
