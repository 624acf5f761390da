/* What was typed, kept on this device until it has been sent. */

const PREFIX = "kept:";

export const nameOf = (form) => PREFIX + (form.dataset.keepAs ?? `${location.pathname}:${form.dataset.keep}`);

const isKept = (field) =>
  field.name &&
  !("keepNever" in field.dataset) &&
  ("keepToo" in field.dataset ||
    !["hidden", "password", "file", "submit", "button"].includes(field.type));

const isSwitch = (field) => field.type === "checkbox" || field.type === "radio";

export function keptAs(name) {
  try {
    const kept = JSON.parse(localStorage.getItem(name));
    return Array.isArray(kept?.fields) ? kept : null;
  } catch {
    return null;
  }
}

/* `failed` says that it was sent and did not arrive. */
export function keep(form, failed = keptAs(nameOf(form))?.failed ?? false) {
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

export function forget(form) {
  try {
    localStorage.removeItem(nameOf(form));
  } catch {
    /* nothing was kept */
  }
}

export function keptNames(beginning) {
  try {
    return Object.keys(localStorage).filter((name) => name.startsWith(PREFIX + beginning));
  } catch {
    return [];
  }
}
