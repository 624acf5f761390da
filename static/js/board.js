/* The Kanban: each module has one subject, and works by listening; the server decides. */

import "./follow.js";
import { current } from "./board/walk.js";

/* Who only reads the board does without the rest, which is fetched when it is first asked for. */

const menus = () => import("./board/menu.js");
const drags = () => import("./board/drag.js");
const scores = () => import("./board/scores.js");
const look = async (card, how = "show") => (await import("./board/look.js"))[how](card);
const pick = async (card, row) => (await import("./board/select.js")).turn(card, { row });

const INTERACTIVE = "a, button, input, select, textarea, label, summary, details, form";

/* A press that has ended before the module is there was none. */
let press = null;
document.addEventListener("pointerdown", async (event) => {
  press = event;
  const { begin } = await drags();
  if (press === event) begin(event);
});
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (press = null));
document.addEventListener("pointerover", (event) => event.target.closest?.("[data-card]") && drags());
document.addEventListener("htmx:afterSwap", async ({ detail }) => {
  const form = detail.target?.querySelector?.("[data-scores]");
  if (form) (await scores()).begin(form);
});
document.addEventListener("card-menu", async () => (await menus()).openMenu());
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
