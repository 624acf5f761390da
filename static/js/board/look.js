/* Quick look: a panel beside the board with one bet, which the address carries (?look=17). Beside
   the board on a wide window, over it as a sheet on a narrow one. */

import { addressOf, say, cardOf, headers, isTyping, titleOf, toast, whenCardsChange } from "./cards.js";
import { wear } from "../page.js";

const WALK_MS = 120;
const narrow = window.matchMedia("(max-width: 1099px)");

const panel = () => document.getElementById("look");
const inAddress = () => new URLSearchParams(location.search).get("look");
const isOpen = () => Boolean(panel()) && !panel().hidden;
let wanted = null;
let walking = null;

function addressWith(id) {
  const address = new URL(location.href);
  if (id) address.searchParams.set("look", id);
  else address.searchParams.delete("look");
  return address;
}

/* Opening is a step that 'back' takes back; walking on from there is not another one. */
function note(id) {
  const state = { look: id };
  if (inAddress()) history.replaceState({ ...history.state, ...state }, "", addressWith(id));
  else history.pushState(state, "", addressWith(id));
}

/* As a sheet it covers the page, which then must not be reached behind it. */
function cover() {
  const covers = isOpen() && narrow.matches;
  for (const part of document.querySelectorAll(".bar, .foot, [data-behind-look]")) part.inert = covers;
}
narrow.addEventListener("change", cover);

function mark() {
  const id = isOpen() ? inAddress() : null;
  for (const card of document.querySelectorAll("[data-card].is-looked")) {
    if (card.dataset.card !== id) card.classList.remove("is-looked");
  }
  if (id) cardOf(id)?.classList.add("is-looked");
}

async function fetchInto(id, address) {
  wanted = id;
  try {
    const answer = await fetch(address, { headers: headers() });
    if (wanted !== id) return;
    if (answer.status === 401) location.reload();
    if (!answer.ok) throw new Error(answer.statusText);
    htmx.swap(panel().querySelector("[data-look-body]"), await answer.text(), { swapStyle: "innerHTML" });
  } catch {
    if (wanted === id) toast("The bet could not be fetched. Try again when the connection is back.");
  }
}

export function show(card, { noted = true } = {}) {
  if (!panel()) return;
  if (noted) note(card.dataset.card);
  panel().hidden = false;
  wear(panel());
  say(`Quick look: ${titleOf(card)}`);
  fetchInto(card.dataset.card, `${addressOf(card)}/look`);
  if (narrow.matches) panel().focus();
  cover();
  mark();
}

function hide() {
  const id = inAddress() ?? panel().querySelector("[data-look]")?.dataset.look;
  wanted = null;
  panel().hidden = true;
  cover();
  mark();
  if (id) cardOf(id)?.focus({ preventScroll: true });
}

function close() {
  const noted = history.state?.look && !history.state.htmx;
  hide();
  if (noted) history.back();
  else if (inAddress()) history.replaceState(history.state, "", addressWith(null));
}

/* 'back' and 'forward': what the address says holds. */
window.addEventListener("popstate", () => {
  if (!panel()) return;
  const id = inAddress();
  const card = id && cardOf(id);
  if (card) show(card, { noted: false });
  else if (isOpen()) hide();
});

document.addEventListener("card-walked", (event) => {
  if (!isOpen()) return;
  const card = event.detail;
  note(card.dataset.card);
  mark();
  clearTimeout(walking);
  walking = setTimeout(() => isOpen() && show(card), WALK_MS);
});

document.addEventListener("click", (event) => {
  const target = event.target;
  if (!(target instanceof Element)) return;
  if (target.closest("[data-look-close]")) {
    event.preventDefault();
    close();
    return;
  }
  const step = target.closest("[data-look-step]");
  if (step) document.dispatchEvent(new CustomEvent("card", { detail: Number(step.dataset.lookStep) }));
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector("dialog[open]") || isTyping(event.target)) return;
  if (event.key !== "Escape" || !isOpen()) return;
  event.preventDefault();
  close();
});

/* Enter shows a card, and once more goes into the panel. */
export function showOrEnter(card) {
  const isShown = isOpen() && panel().querySelector("[data-look]")?.dataset.look === card.dataset.card;
  if (isShown) panel().focus();
  else show(card);
}

whenCardsChange(mark);
if (isOpen()) wear(panel());
cover();
mark();
