/* What every page can do: appearance, menus, dialogs, toasts, tables behind pictures. */

const root = document.documentElement;
const element = (id) => document.getElementById(id);

/* --- appearance: system, light, dark, round and round ----------------------------------------- */

const THEMES = ["system", "light", "dark"];

function storedTheme() {
  try {
    return localStorage.getItem("theme") ?? "system";
  } catch {
    return "system";
  }
}

function showTheme(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const text of document.querySelectorAll("[data-theme-text]")) {
    text.textContent = `Appearance: ${theme}`;
  }
}

function turnTheme() {
  const next = THEMES[(THEMES.indexOf(storedTheme()) + 1) % THEMES.length];
  try {
    if (next === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", next);
  } catch {
    /* it then holds for this page only */
  }
  showTheme(next);
}

/* --- toasts ------------------------------------------------------------------------------------ */

const TOAST_SECONDS = 8;

function dismissLater(toast) {
  if (!("toastStays" in toast.dataset)) setTimeout(() => toast.remove(), TOAST_SECONDS * 1000);
}

export function say(text, stays = false) {
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.dataset.toast = "";
  if (stays) toast.dataset.toastStays = "";
  const words = document.createElement("p");
  words.textContent = text;
  const close = document.createElement("button");
  close.type = "button";
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", "Dismiss");
  close.textContent = "×";
  toast.append(words, close);
  element("toasts").append(toast);
  dismissLater(toast);
}

/* --- dialogs ------------------------------------------------------------------------------------ */

function openDialog(dialog) {
  if (dialog && !dialog.open) dialog.showModal();
}

/* A link in a dialog to a place on the page behind it. */
function leadsBehind(target) {
  const link = target.closest("dialog a[href*='#']");
  return link && link.pathname === location.pathname && link.search === location.search;
}

/* The board fetches what a dialog or a look is dressed in with the first of them. */
export function wear({ dataset }) {
  const missing = dataset.styles.split(" ").filter((address) => !document.querySelector(`link[href="${CSS.escape(address)}"]`));
  const worn = missing.map((href) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    document.querySelector("link[media=print]").before(link);
    return new Promise((done) => (link.onload = link.onerror = done));
  });
  return Promise.all(worn);
}

/* A fragment put into #dialog-body opens the page's dialog; its data-dialog-title names it. */
async function showFragmentDialog() {
  await wear(element("dialog"));
  const titled = element("dialog-body").querySelector("[data-dialog-title]");
  element("dialog-title").textContent = titled ? titled.dataset.dialogTitle : "Details";
  const goesOn = element("dialog").open; /* what had the focus is gone */
  openDialog(element("dialog"));
  if (goesOn) element("dialog-body").querySelector("input:not([type=hidden]), select, textarea, button, a")?.focus();
}

/* --- pictures ----------------------------------------------------------------------------------- */

function showTable(figure, asTable) {
  const rows = figure.querySelector("[data-figure-rows]");
  if (!rows) return;
  rows.hidden = !asTable;
  for (const picture of figure.querySelectorAll("[data-figure-picture]")) picture.hidden = asTable;
  figure.querySelector("[data-figure-table]")?.setAttribute("aria-pressed", String(asTable));
}

const showsTable = (figure) => figure.querySelector("[data-figure-rows]")?.hidden === false;

/* Tables opened by the reader stay open when the live page fetches the picture anew. */
const openTables = new Set();

function toggleTable(figure) {
  const asTable = !showsTable(figure);
  showTable(figure, asTable);
  if (figure.id) openTables[asTable ? "add" : "delete"](figure.id);
}

document.addEventListener("tables", () => {
  const figures = [...document.querySelectorAll("[data-figure]")];
  const asTable = !figures.some(showsTable);
  for (const figure of figures) if (showsTable(figure) !== asTable) toggleTable(figure);
});

/* --- one listener for clicks -------------------------------------------------------------------- */

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (menu !== except) menu.open = false;
  }
}

document.addEventListener("click", (event) => {
  const target = event.target;
  if (!(target instanceof Element)) return;
  closeMenus(target.closest("details[data-menu]"));
  const opener = target.closest("[data-dialog]");
  if (opener) {
    closeMenus();
    openDialog(element(opener.dataset.dialog));
  }
  if (target.closest("[data-close]")) target.closest("dialog")?.close();
  if (target instanceof HTMLDialogElement) target.close(); /* the backdrop */
  target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove();
  if (target.closest("[data-theme-toggle]")) turnTheme();
  const tableButton = target.closest("[data-figure-table]");
  if (tableButton) toggleTable(tableButton.closest("[data-figure]"));
});

document.addEventListener("submit", (event) => {
  event.target.closest("details[data-menu]")?.removeAttribute("open");
});

/* Menus by keyboard: arrows walk, Escape closes and gives the focus back. */
document.addEventListener("keydown", (event) => {
  const menu = event.target instanceof Element && event.target.closest("details[data-menu][open]");
  if (!menu) return;
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.preventDefault();
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const items = [...menu.querySelectorAll(".menu__item:not([disabled])")];
  const next = items.indexOf(document.activeElement) + step;
  items[(next + items.length) % items.length]?.focus();
  event.preventDefault();
});

/* --- what htmx brings ---------------------------------------------------------------------------- */

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.id === "dialog-body") showFragmentDialog();
});
document.addEventListener("htmx:load", (event) => {
  const fresh = event.detail.elt;
  if (!(fresh instanceof Element)) return;
  for (const id of openTables) {
    const figure = element(id);
    if (figure && fresh.contains(figure)) showTable(figure, true);
  }
});
/* HX-Trigger: {"toast": "text"} says something, {"close-dialog": ""} closes the dialog. */
document.addEventListener("toast", (event) => say(event.detail.value ?? event.detail));
document.addEventListener("close-dialog", () => element("dialog").close());
document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 401) return;
  const reason = status === 403 ? "You may not do that here" : `The server answered ${status}`;
  say(`${reason}. Nothing was changed.`, true);
});

for (const toast of document.querySelectorAll("[data-toast]")) dismissLater(toast);
showTheme(storedTheme());

/* --- forms: what keeps typing and reads amounts is fetched when there is something for it to do ---------- */

const FORMS_WANTED = "[data-files], [data-most-bytes], [data-money], [data-share-of]";
const fetchForms = () => import("./form.js");

function anythingKept() {
  try {
    return Object.keys(localStorage).some((name) => name.startsWith("kept:"));
  } catch {
    return false;
  }
}

const isKeeping = (field) => Boolean(field?.closest?.("form[data-keep]"));
if (anythingKept() || isKeeping(document.activeElement) || document.querySelector(FORMS_WANTED)) fetchForms();
document.addEventListener("focusin", (event) => isKeeping(event.target) && fetchForms());
document.addEventListener("htmx:afterSwap", () => document.querySelector(FORMS_WANTED) && fetchForms());
