/* The board follows its portfolio: it says which cards it holds, and is given what differs.

   Board: #kanban with data-changes, the address that answers; columns with data-column and data-show,
   heads and cards with data-mark. The answer has a [data-change] for each column that differs, with
   its order and perhaps its new head, and beside them the cards that are new or other than before.
   What is in use is left alone, and fetched as soon as it is at rest. */

import { headers, toast } from "./board/cards.js";
import { isBusy } from "./live.js";

const OURS = /^(all|board|(bet|column|team):.*)$/;
const PATIENCE_MS = 10_000;
const AGAIN_MS = [1_000, 2_000, 5_000, 10_000, 30_000];

let underway = false;
let again = false;
let owed = false; /* something was in use */
let failures = 0;
let edition = 0; /* what is asked for is out of date once the page has changed something by itself */

const board = () => document.getElementById("kanban");
const cardOf = (id) => document.getElementById(`card-${id}`);
const inUse = (card) => card.matches(".is-sent") || isBusy(card);

/* --- asking ------------------------------------------------------------------------------------------ */

function holding(root) {
  const said = new URLSearchParams();
  if ("empty" in root.dataset) said.set("empty", "");
  for (const column of root.querySelectorAll("[data-column]")) {
    const cards = [...column.querySelectorAll("[data-card]")];
    const marks = cards.map((card) => `${card.dataset.card}:${card.dataset.mark}`).join(" ");
    const head = column.querySelector("[data-mark]")?.dataset.mark ?? "";
    said.append("column", `${column.dataset.column}|${head}|${column.dataset.show}|${marks}`);
  }
  return said;
}

async function ask(root) {
  const answer = await fetch(root.dataset.changes, {
    method: "POST",
    headers: headers(),
    body: holding(root),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if ([401, 404].includes(answer.status)) location.reload(); /* signed out, or no longer a member */
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer.status === 204 ? "" : answer.text();
}

/* One request at a time; what is heard meanwhile, or happens on the page, asks once more. */
export async function follow() {
  const root = board();
  if (!root?.dataset.changes) return;
  if (underway) {
    again = true;
    return;
  }
  underway = true;
  const asked = edition;
  let html = null;
  try {
    html = await ask(root);
    failures = 0;
  } catch {
    failures += 1;
  }
  underway = false;
  if (html !== null && asked === edition && root === board()) apply(root, html);
  else again = true;
  if (failures) setTimeout(follow, AGAIN_MS[Math.min(failures, AGAIN_MS.length) - 1]);
  else if (again) follow();
  again = false;
}

/* The page has moved or put in something by itself: what is on its way is older than that. */
export function changedHere() {
  edition += 1;
}

/* --- putting in ---------------------------------------------------------------------------------------- */

function apply(root, html) {
  const answer = document.createElement("template");
  answer.innerHTML = html;
  const whole = answer.content.getElementById("kanban");
  const focused = document.activeElement;
  const word = wordForWhoIsOn(focused.closest("[data-card]"), answer.content);
  owed = false;
  if (whole) replaceBoard(root, whole);
  else if (html) patch(root, answer.content);
  giveFocusBack(focused);
  if (word) toast(word);
  document.dispatchEvent(new Event("board-changed"));
}

/* Whoever is on a card that somebody else has moved is told; of one in use, when they move it. */
function wordForWhoIsOn(card, content) {
  return card && !inUse(card) && content.querySelector(`[data-moved="${card.dataset.card}"]`)?.textContent;
}

function replaceBoard(root, whole) {
  if (isBusy(root) || root.querySelector(".is-sent")) {
    owed = true;
    return;
  }
  root.replaceWith(whole);
  htmx.process(whole);
}

function patch(root, content) {
  const changes = [...content.querySelectorAll("[data-change]")];
  const fresh = new Map([...content.children].filter((node) => node.dataset.card).map((node) => [node.dataset.card, node]));
  for (const [id, card] of fresh) if (cardOf(id)) replace(cardOf(id), card);
  const orders = new Map();
  for (const change of changes) {
    const column = document.getElementById(`column-${change.dataset.change}`);
    const order = change.dataset.order.split(" ").filter(Boolean);
    orders.set(column, new Set(order));
    arrange(column.querySelector("[data-cards]"), order, fresh);
    if (change.children.length) putHead(column, change);
  }
  for (const [column, order] of orders) takeAway(column, order);
}

function replace(node, fresh) {
  if (inUse(node)) {
    owed = true;
    return;
  }
  node.replaceWith(fresh);
  htmx.process(fresh);
}

const cardFrom = (node) => {
  let at = node;
  while (at && !at.dataset.card) at = at.nextElementSibling;
  return at;
};

/* From the bottom up, so that nothing moves that stands right already. */
function arrange(list, order, fresh) {
  let below = null;
  for (const id of order.toReversed()) {
    const card = cardOf(id) ?? fresh.get(id);
    if (!card) {
      again = true; /* it has left the page since it was asked for */
      continue;
    }
    const stands = card.parentElement === list && cardFrom(card.nextElementSibling) === below;
    if (!stands && card.isConnected && inUse(card)) {
      owed = true;
      if (card.parentElement !== list) continue;
    } else if (!stands) {
      put(list, card, below);
    }
    below = card;
  }
}

function put(list, card, below) {
  if (card.isConnected && list.moveBefore) {
    list.moveBefore(card, below); /* keeps focus and scroll where the browser can */
    return;
  }
  const isNew = !card.isConnected;
  list.insertBefore(card, below);
  if (isNew) htmx.process(card);
}

function takeAway(column, order) {
  for (const card of column.querySelectorAll("[data-cards] > [data-card]")) {
    if (order.has(card.dataset.card)) continue;
    if (inUse(card)) {
      owed = true;
      continue;
    }
    if (card === document.activeElement) cardFrom(card.nextElementSibling)?.focus({ preventScroll: true });
    card.remove();
  }
}

function putHead(column, change) {
  const head = column.querySelector(".board__top");
  if (isBusy(head)) {
    owed = true;
    return;
  }
  const [freshHead, more] = change.querySelectorAll(":scope > header, :scope > button");
  head.replaceWith(freshHead);
  htmx.process(freshHead);
  column.querySelector(":scope > [id^=more-]")?.remove();
  if (more) {
    column.append(more);
    htmx.process(more);
  }
}

/* What had the focus may be another element by now: the same one is found by its card and address. */
function giveFocusBack(focused) {
  if (!focused || focused === document.activeElement || document.activeElement !== document.body) return;
  if (focused.isConnected) {
    focused.focus({ preventScroll: true });
    return;
  }
  const card = focused.closest("[data-card]");
  const now = (card && cardOf(card.dataset.card)) || (focused.id && document.getElementById(focused.id));
  if (!now) return;
  const inside = focused.tagName === "SUMMARY" ? "summary" : focused.tagName === "A" ? "a" : null;
  ((inside && now.querySelector(inside)) || now).focus({ preventScroll: true });
}

/* --- when -------------------------------------------------------------------------------------------------- */

document.addEventListener("changed", (event) => event.detail.some((name) => OURS.test(name)) && follow());
document.addEventListener("at-rest", () => owed && follow());
document.addEventListener("cards-done", follow);
document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target?.closest?.("#kanban") || event.detail.target?.querySelector?.("#kanban")) changedHere();
});
document.addEventListener("htmx:oobAfterSwap", changedHere);
