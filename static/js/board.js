/* The Kanban: each module has one subject, and works by listening; the server decides. */

import "./follow.js";
import { columnAt, columnOf } from "./board/cards.js";
import { current } from "./board/walk.js";

/* Who only reads the board does without the rest, which is fetched when it is first asked for. What
   moves a card is fetched with the first card in hand: the line may be down when it is asked for. */

const notNow = () =>
  document.dispatchEvent(new CustomEvent("toast", { detail: "The server does not answer. Try again once the page is live." }));
const menus = () => import("./board/menu.js");
const drags = () => import("./board/drag.js");
const scores = () => import("./board/scores.js");
const look = (card, how = "show") => import("./board/look.js").then((module) => module[how](card), notNow);
const pick = (card, row) => import("./board/select.js").then((module) => module.turn(card, { row }), notNow);

const INTERACTIVE = "a, button, input, select, textarea, label, summary, details, form";

/* A press before the module is there is carried on, or to its end, once it is: to where the card was
   let go, whatever stands there by then. */
let press = null;
const isGoingOn = (event) => press?.pointer === event.pointerId && !press.ended;
document.addEventListener("pointerdown", async (event) => {
  const from = event.target.closest?.("[data-card]") && columnOf(event.target);
  const own = from ? { pointer: event.pointerId, moved: null, ended: null, over: null } : null;
  press = own;
  if (!own) return;
  const module = await drags().catch(() => null);
  if (!module && own.over && own.over !== from) notNow();
  if (!module || press !== own) return;
  press = null; /* the module hears the rest by itself */
  module.begin(event);
  if (own.moved) module.carry(own.moved);
  if (own.ended) module.drop(own.ended, own.over);
});
document.addEventListener("pointermove", (event) => {
  if (isGoingOn(event)) press.moved = event;
});
document.addEventListener("pointerup", (event) => {
  if (isGoingOn(event)) Object.assign(press, { ended: event, over: columnAt(event.clientX, event.clientY) });
});
document.addEventListener("pointercancel", (event) => {
  if (isGoingOn(event)) press = null;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") press = null;
});
document.addEventListener("dragstart", (event) => event.target.closest?.("[data-card]") && event.preventDefault());
for (const sign of ["pointerover", "focusin"]) {
  document.addEventListener(sign, async ({ target }) => {
    if (target.closest?.("[data-card]")) await Promise.allSettled([menus(), drags()]);
  });
}
document.addEventListener("htmx:afterSwap", async ({ detail }) => {
  const form = detail.target?.querySelector?.("[data-scores]");
  if (form) (await scores()).begin(form);
});
document.addEventListener("card-menu", () => menus().then((module) => module.openMenu(), notNow));
document.addEventListener(
  "toggle",
  async ({ target }) => target.matches?.("[data-card-menu][open]") && (await menus()).fillAndShow(target),
  true,
);

document.addEventListener("card-look", (event) => look(event.detail));
document.addEventListener("card-pick", (event) => {
  const card = event.detail instanceof Element ? event.detail : current();
  if (card) pick(card, Boolean(event.detail?.row));
});

document.addEventListener("click", (event) => {
  const card = event.target.closest?.("[data-card]");
  if (!card) return;
  if (event.target.matches("[data-pick]")) pick(card, event.shiftKey);
  else if (!event.target.closest(INTERACTIVE) && !String(getSelection())) look(card);
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!event.target.matches?.("[data-card]") || !["Enter", " "].includes(event.key)) return;
  event.preventDefault();
  look(event.target, "showOrEnter");
});

if (document.querySelector("#look:not([hidden])")) import("./board/look.js");
