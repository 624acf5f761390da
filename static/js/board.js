/* The Kanban: each module has one subject, and works by listening; the server decides. */

import "./follow.js";
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

/* A press that has ended before the module is there was none; one that has moved by then has moved. */
let press = null;
let moved = null;
document.addEventListener("pointerdown", async (event) => {
  press = event;
  moved = null;
  const { begin, carry } = await drags();
  if (press !== event) return;
  begin(event);
  if (moved) carry(moved);
});
document.addEventListener("pointermove", (event) => (moved = event));
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (press = null));
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
