/* Cards are dragged with the mouse, and with a pen or a finger after a short hold. */

import { columnAt } from "./cards.js";
import { move } from "../move.js";

const THRESHOLD_PX = 6;
const HOLD_MS = 260;
const EDGE_PX = 56;

let drag = null; /* {card, pointer, x, y, dx, dy, gap, active, timer} */

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
  card.removeAttribute("style");
  gap.replaceWith(card);
  markOver(null);
  document.body.classList.remove("is-dragging");
  return true;
}

/* What may become a drag: a press on a card. */
export function begin(event) {
  if (drag) putDown();
  const card = event.target.closest?.("[data-card]");
  if (!card || event.button !== 0 || event.target.closest("details, button, input, select, form")) return;
  if (!card.dataset.moveUrl || !card.isConnected) return;
  drag = { card, pointer: event.pointerId, x: event.clientX, y: event.clientY, active: false };
  if (event.pointerType !== "mouse") drag.timer = setTimeout(() => drag && lift(), HOLD_MS);
}

export function carry(event) {
  if (!drag || event.pointerId !== drag.pointer) return;
  const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > THRESHOLD_PX;
  if (!drag.active && far && event.pointerType === "mouse") lift();
  else if (!drag.active && far) putDown(); /* a finger that moves at once wants to scroll */
  if (drag?.active) follow(event);
}
document.addEventListener("pointermove", carry);

/* Let go over a column; the click of it is still to come. */
document.addEventListener("pointerup", (event) => {
  if (drop(event, drag?.active ? columnAt(event.clientX, event.clientY) : null)) {
    window.addEventListener("click", swallow, { capture: true, once: true });
    setTimeout(() => window.removeEventListener("click", swallow, { capture: true }), 50);
  }
});

/* Whether a card was in the hand. */
export function drop(event, column) {
  if (!drag || event.pointerId !== drag.pointer) return false;
  const { card } = drag;
  if (!putDown()) return false;
  if (column) move(card, column).finally(() => document.dispatchEvent(new Event("dragged")));
  return true;
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}

document.addEventListener("pointercancel", () => drag && putDown());
document.addEventListener("keydown", (event) => event.key === "Escape" && drag && putDown());
/* Once a card is lifted the finger carries it and does not scroll the page. */
document.addEventListener("touchmove", (event) => drag?.active && event.preventDefault(), { passive: false });
document.addEventListener("contextmenu", (event) => drag?.active && event.preventDefault());
