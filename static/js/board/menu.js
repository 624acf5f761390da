/* The menu of a card holds all that a mouse can do with it. */

import { addressOf, cards, columnOf, toast } from "./cards.js";
import { move } from "../move.js";
import { current } from "./walk.js";

/* All cards share one list, which a card is given when its menu is opened first: it would be most
   of the weight of the page. */
function fill(menu) {
  const card = menu.closest("[data-card]");
  const list = document.getElementById("card-menu")?.content.firstElementChild;
  if (!card || !list) return;
  menu.querySelector(".menu__list")?.remove();
  const own = list.cloneNode(true);
  own.querySelector(`[data-move-to="${CSS.escape(columnOf(card).dataset.stage)}"]`)?.parentElement.remove();
  if (!card.dataset.moveUrl) for (const item of own.querySelectorAll("[data-for-movers]")) item.remove();
  for (const link of own.querySelectorAll("a[data-below]")) link.href = addressOf(card) + link.dataset.below;
  menu.append(own);
}

function scrollToList(menu) {
  menu.querySelector(".menu__list")?.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/* Nobody aims at what is half under the list, or so close to it that a finger would miss: these
   cards wait until it is closed. */
const ROOM = 24;

function setAside(menu) {
  const list = menu.querySelector(".menu__list").getBoundingClientRect();
  const own = menu.closest("[data-card]");
  for (const card of cards()) {
    const box = card.getBoundingClientRect();
    const apart = box.right < list.left || box.left > list.right || box.bottom < list.top - ROOM || box.top > list.bottom + ROOM;
    card.inert = card !== own && !apart;
  }
}

document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.matches?.("[data-card-menu]:not([open])") || document.querySelector("[data-card-menu][open]")) return;
    for (const card of document.querySelectorAll("[data-card][inert]")) card.inert = false;
  },
  true,
);

/* Called when a menu has been opened, by hand or by key. */
export function fillAndShow(menu) {
  if (!menu.querySelector("ul")) {
    fill(menu);
    scrollToList(menu);
  }
  setAside(menu);
}

/* With cards picked, what is done is done to all of them. */
export function openMenu() {
  const forAll = document.querySelector("#together:not([hidden])");
  if (forAll) {
    forAll.querySelector("select")?.focus();
    return;
  }
  const menu = (current() ?? cards()[0])?.querySelector("[data-card-menu]");
  if (!menu) return;
  fill(menu);
  menu.open = true;
  scrollToList(menu);
  menu.querySelector(".menu__item:not([disabled])")?.focus();
}

function moveTo(card, stage) {
  const column = (card.closest("[data-board]") ?? document).querySelector(`[data-stage="${CSS.escape(stage)}"]`);
  if (column) move(card, column);
}

async function copyLink(card) {
  try {
    await navigator.clipboard.writeText(addressOf(card));
    toast("The link is copied.");
  } catch {
    toast(`The browser does not let the link be copied: ${addressOf(card)}`);
  }
}

document.addEventListener("click", (event) => {
  const item = event.target.closest?.("[data-card-menu] .menu__item");
  const card = item?.closest("[data-card]");
  if (!card || item.matches("a")) return;
  const menu = item.closest("details");
  menu.open = false;
  if (item.dataset.moveTo) moveTo(card, item.dataset.moveTo);
  else menu.querySelector("summary").focus();
  if (item.hasAttribute("data-copy-link")) copyLink(card);
  const said = item.dataset.does;
  if (said) document.dispatchEvent(new CustomEvent(said, { detail: card }));
});
