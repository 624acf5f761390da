/* Moving a card: it goes at once, and comes back if the server refuses, with the reason shown. */

import { columnOf, headers, say, stageName, titleOf, toast } from "./board/cards.js";

export { columnOf, say, stageName, titleOf };

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

/* The answer to a move is the card's new fragment; a refusal is 403, 409 or 422 with a fragment that
   says why. */
export async function move(card, column) {
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
