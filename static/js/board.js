/* Cards are dragged with mouse, pen or finger (after a short hold), walked with j and k, and moved
   from their menu with m. The server decides: a refused card goes back, with the reason shown.

   Column: [data-stage] with one [data-cards] inside. Card: [data-card] with data-move-url and
   data-version. The answer to a move is the card's new fragment; a refusal is 403, 409 or 422 with a
   fragment that says why. */

const THRESHOLD_PX = 6;
const HOLD_MS = 260;
const EDGE_PX = 56;

const say = (text) => {
  document.getElementById("announcer").textContent = text;
};
const titleOf = (card) => card.dataset.title || card.querySelector("a, h3")?.textContent.trim() || "Card";
const stageName = (column) => column.dataset.stageName || column.querySelector("h2")?.textContent.trim();
const columnOf = (card) => card.closest("[data-stage]");

/* --- asking the server --------------------------------------------------------------------------------- */

function headers() {
  const given = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
  return { ...given, "HX-Request": "true" };
}

async function askToMove(card, stage) {
  const body = new FormData();
  body.set("stage", stage);
  body.set("version", card.dataset.version);
  const answer = await fetch(card.dataset.moveUrl, { method: "POST", headers: headers(), body });
  return { ok: answer.ok, status: answer.status, text: await answer.text() };
}

function replace(card, html) {
  const id = card.id;
  htmx.swap(card, html, { swapStyle: "outerHTML" });
  return document.getElementById(id) ?? card;
}

function showRefusal(html) {
  htmx.swap(document.getElementById("dialog-body"), html, { swapStyle: "innerHTML" });
  const titled = document.querySelector("#dialog-body [data-dialog-title]");
  document.getElementById("dialog-title").textContent =
    titled?.dataset.dialogTitle ?? "The card stays where it was";
  document.getElementById("dialog").showModal();
}

async function move(card, column) {
  const from = columnOf(card);
  const place = card.nextElementSibling;
  if (column === from) return;
  const back = () => from.querySelector("[data-cards]").insertBefore(card, place?.isConnected ? place : null);
  column.querySelector("[data-cards]").prepend(card);
  card.classList.add("is-sent");
  let answer;
  try {
    answer = await askToMove(card, column.dataset.stage);
  } catch {
    answer = { ok: false, status: 0, text: "" };
  }
  card.classList.remove("is-sent");
  if (answer.ok) {
    const fresh = answer.text.trim() ? replace(card, answer.text) : card;
    fresh.focus({ preventScroll: true });
    say(`${titleOf(fresh)} moved from ${stageName(from)} to ${stageName(column)}.`);
    return;
  }
  back();
  say(`${titleOf(card)} stays in ${stageName(from)}.`);
  if ([403, 409, 422].includes(answer.status) && answer.text) showRefusal(answer.text);
  else toast("The move did not reach the server. The card is back where it was.");
}

function toast(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: text }));
}

/* --- dragging -------------------------------------------------------------------------------------------- */

let drag = null; /* {card, pointer, x, y, dx, dy, gap, active, timer} */

function columnAt(x, y) {
  return document.elementFromPoint(x, y)?.closest("[data-stage]") ?? null;
}

function markOver(column) {
  for (const other of document.querySelectorAll("[data-stage].is-over")) {
    if (other !== column) other.classList.remove("is-over");
  }
  column?.classList.add("is-over");
}

function lift() {
  const { card } = drag;
  const box = card.getBoundingClientRect();
  drag.active = true;
  drag.gap = document.createElement("div");
  drag.gap.className = "card-gap";
  drag.gap.style.height = `${box.height}px`;
  card.before(drag.gap);
  card.classList.add("is-dragged");
  Object.assign(card.style, {
    position: "fixed",
    left: `${box.left}px`,
    top: `${box.top}px`,
    width: `${box.width}px`,
  });
  document.body.classList.add("is-dragging");
}

function follow(event) {
  drag.card.style.transform = `translate(${event.clientX - drag.x}px, ${event.clientY - drag.y}px)`;
  markOver(columnAt(event.clientX, event.clientY));
  const board = drag.gap.closest("[data-board]");
  if (!board) return;
  const box = board.getBoundingClientRect();
  if (event.clientX < box.left + EDGE_PX) board.scrollBy(-16, 0);
  if (event.clientX > box.right - EDGE_PX) board.scrollBy(16, 0);
}

function putDown() {
  clearTimeout(drag.timer);
  const { card, gap, active } = drag;
  drag = null;
  if (!active) return false;
  card.classList.remove("is-dragged");
  card.removeAttribute("style"); /* an empty one would be copied by htmx, against the content policy */
  gap.replaceWith(card);
  markOver(null);
  document.body.classList.remove("is-dragging");
  return true;
}

document.addEventListener("pointerdown", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (!card || event.button !== 0 || event.target.closest("details, button, input, select")) return;
  if (!card.dataset.moveUrl) return;
  drag = { card, pointer: event.pointerId, x: event.clientX, y: event.clientY, active: false };
  if (event.pointerType !== "mouse") drag.timer = setTimeout(() => drag && lift(), HOLD_MS);
});

document.addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.pointer) return;
  const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > THRESHOLD_PX;
  if (!drag.active && far && event.pointerType === "mouse") lift();
  else if (!drag.active && far) putDown(); /* a finger that moves at once wants to scroll */
  if (drag?.active) follow(event);
});

document.addEventListener("pointerup", (event) => {
  if (!drag || event.pointerId !== drag.pointer) return;
  const { card } = drag;
  const column = drag.active ? columnAt(event.clientX, event.clientY) : null;
  if (!putDown()) return;
  window.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 50);
  if (column) move(card, column).finally(() => document.dispatchEvent(new Event("dragged")));
});

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

document.addEventListener("pointercancel", () => drag && putDown());
document.addEventListener("keydown", (event) => event.key === "Escape" && drag && putDown());
document.addEventListener("dragstart", (event) => event.target.closest?.("[data-card]") && event.preventDefault());
/* Once a card is lifted the finger carries it and does not scroll the page. */
document.addEventListener("touchmove", (event) => drag?.active && event.preventDefault(), { passive: false });
document.addEventListener("contextmenu", (event) => drag?.active && event.preventDefault());

/* --- the menu beside it: <button data-move-to="testing"> inside the card ------------------------------------- */

/* All cards share one list, which a card is given when its menu is opened first: it would be most
   of the weight of the page. */
function fill(menu) {
  const card = menu.closest("[data-card]");
  const list = document.getElementById("move-menu")?.content.firstElementChild;
  if (!card || !list) return;
  menu.querySelector(".menu__list")?.remove();
  const own = list.cloneNode(true);
  own.querySelector(`[data-move-to="${CSS.escape(columnOf(card).dataset.stage)}"]`)?.parentElement.remove();
  own.querySelector("[data-edit]").href = `${card.querySelector("h3 a").href}/edit`;
  menu.append(own);
}

document.addEventListener(
  "toggle",
  (event) => event.target.matches?.("[data-move-menu][open]") && !event.target.querySelector("ul") && fill(event.target),
  true,
);

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-move-to]");
  const card = button?.closest("[data-card]");
  if (!card) return;
  event.preventDefault();
  button.closest("details")?.removeAttribute("open");
  const stage = `[data-stage="${CSS.escape(button.dataset.moveTo)}"]`;
  const column = (card.closest("[data-board]") ?? document).querySelector(stage);
  if (column) move(card, column);
});

/* --- walking ---------------------------------------------------------------------------------------------------- */

const cards = () => [...document.querySelectorAll("[data-card]")];
const current = () => document.activeElement?.closest?.("[data-card]");

document.addEventListener("card", (event) => {
  const all = cards();
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = at < 0 ? 0 : Math.min(Math.max(at + event.detail, 0), all.length - 1);
  all[next].focus();
  all[next].scrollIntoView({ block: "nearest", inline: "nearest" });
});

document.addEventListener("card-menu", () => {
  const menu = (current() ?? cards()[0])?.querySelector("details[data-menu]");
  if (!menu) return;
  if (menu.matches("[data-move-menu]")) fill(menu);
  menu.open = true;
  menu.querySelector(".menu__item:not([disabled])")?.focus();
});
