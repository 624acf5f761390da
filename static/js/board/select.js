/* Several cards at once: picked by their boxes or with x, a row of them with Shift, and let go with
   Escape, which first leads out of the bar. What is done to all of them is one form, which the server judges card by card. */

import { say, cardOf, cards, isTyping, titleOf, whenCardsChange } from "./cards.js";

const picked = new Set(); /* ids */
let anchor = null; /* where a row of cards begins: the one picked last */

const bar = () => document.getElementById("together");
const boxOf = (card) => card.querySelector("[data-pick]");
const pickable = () => cards().filter(boxOf);

/* A card that has left the page is no longer picked: nobody would see what happens to it. */
function forgetGone() {
  for (const id of picked) if (!cardOf(id)) picked.delete(id);
}

function mark() {
  if (!bar()) return;
  forgetGone();
  for (const card of pickable()) {
    const isPicked = picked.has(card.dataset.card);
    card.classList.toggle("is-picked", isPicked);
    boxOf(card).checked = isPicked;
  }
  bar().hidden = picked.size === 0;
  document.body.classList.toggle("is-picking", picked.size > 0);
  if (picked.size) fillForm();
}

/* The form is fetched when the first card is picked: most visits never need its lists. */
function fillForm() {
  const form = bar();
  if (!form.childElementCount && !form.dataset.asked) {
    form.dataset.asked = "yes";
    htmx.ajax("GET", form.dataset.lists, { source: form, target: form, swap: "innerHTML" });
  }
  const count = form.querySelector("[data-together-count]");
  if (!count) return;
  const words = picked.size === 1 ? "1 card" : `${picked.size} cards`;
  if (count.textContent !== words) count.textContent = words;
  const wanted = [...picked].map((id) => `${id}:${cardOf(id).dataset.version}`).join(" ");
  const field = form.querySelector("input[name=cards]");
  if (field.value !== wanted) field.value = wanted;
}

function pick(card, isPicked) {
  picked[isPicked ? "add" : "delete"](card.dataset.card);
}

export function turn(card, { row = false } = {}) {
  if (!boxOf(card)) return;
  const isPicked = row || !picked.has(card.dataset.card);
  const all = pickable();
  const from = row && anchor ? all.indexOf(cardOf(anchor)) : -1;
  const to = all.indexOf(card);
  if (from < 0) pick(card, isPicked);
  else for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) pick(one, true);
  anchor = card.dataset.card;
  mark();
  say(`${titleOf(card)} ${isPicked ? "picked" : "let go"}, ${picked.size} in all.`);
}

/* The bar is about to go, or is left: the card that was picked last has the focus again. */
function leaveBar() {
  if (bar().contains(document.activeElement)) (anchor && cardOf(anchor))?.focus({ preventScroll: true });
}

function letGo() {
  leaveBar();
  picked.clear();
  bar().reset();
  anchor = null;
  mark();
}

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-together-clear]")) letGo();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !picked.size) return;
  if (document.querySelector("dialog[open]")) return;
  const isInBar = bar().contains(event.target);
  if (isTyping(event.target) && !isInBar) return;
  event.preventDefault();
  if (isInBar) {
    leaveBar();
    return;
  }
  letGo();
  say("No card is picked.");
});

/* The server names the cards that it has changed; those that it refused stay picked. */
document.addEventListener("cards-done", (event) => {
  for (const id of event.detail.ids ?? []) picked.delete(String(id));
  if (picked.size) mark();
  else letGo();
});

whenCardsChange(mark);
