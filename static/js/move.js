/* Moving a card: it is shown where it goes at once, and the server decides. A refused card goes back,
   with the reason; one that somebody else has moved lands where it is now. Asking again is safe: a
   move that was made is answered once more, so a lost answer moves nothing twice. */

import { columnOf, headers, say, stageName, titleOf, toast } from "./board/cards.js";
import { changedHere, follow } from "./follow.js";
import { wear } from "./page.js";

const AGAIN_AFTER_MS = [500, 1_500, 3_000];
const PATIENCE_MS = 8_000;
const NOT_NOW = [429, 502, 503, 504];

const unanswered = new Map(); /* card → {title, stage, name} of moves that nobody answered */

/* --- asking the server --------------------------------------------------------------------------------- */

const waitFor = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function ask(card, stage) {
  const body = new FormData();
  body.set("stage", stage);
  body.set("version", card.dataset.version);
  const answer = await fetch(card.dataset.moveUrl, {
    method: "POST",
    headers: headers(),
    body,
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  return { ok: answer.ok, status: answer.status, text: await answer.text() };
}

/* The answer, or null if there was none after some tries. */
async function askUntilAnswered(card, stage) {
  for (const pause of [...AGAIN_AFTER_MS, null]) {
    try {
      const answer = await ask(card, stage);
      if (!NOT_NOW.includes(answer.status)) return answer;
    } catch {
      /* no answer: the move was made or not, which the next try finds out */
    }
    if (pause !== null) await waitFor(pause);
  }
  return null;
}

/* --- showing what it said -------------------------------------------------------------------------------- */

function replace(card, html) {
  const id = card.id;
  htmx.swap(card, html, { swapStyle: "outerHTML" });
  return document.getElementById(id) ?? card;
}

async function showRefusal(html) {
  htmx.swap(document.getElementById("dialog-body"), html, { swapStyle: "innerHTML" });
  const titled = document.querySelector("#dialog-body [data-dialog-title]");
  document.getElementById("dialog-title").textContent =
    titled?.dataset.dialogTitle ?? "The card stays where it was";
  const dialog = document.getElementById("dialog");
  await wear(dialog);
  if (!dialog.open) dialog.showModal();
}

function explain(card, column, from, answer) {
  const title = titleOf(card);
  if (answer === null) {
    unanswered.set(card.dataset.card, { title, stage: column.dataset.stage, name: stageName(column) });
    toast(`The server does not answer. ‘${title}’ is back in ${stageName(from)}; try again once the page is live.`);
  } else if ([403, 409, 422].includes(answer.status) && answer.text) {
    showRefusal(answer.text);
  } else {
    toast(`The server answered ${answer.status}. ‘${title}’ is back where it was.`);
  }
}

/* A move whose answer was lost for good may have been made all the same: then the page says so. */
document.addEventListener("board-changed", () => {
  for (const [id, { title, stage, name }] of unanswered) {
    const card = document.getElementById(`card-${id}`);
    if (card && columnOf(card).dataset.stage === stage) toast(`‘${title}’ did reach ${name}: only the answer was lost.`);
  }
  unanswered.clear();
});

/* A card that is put elsewhere loses the focus; whoever has gone on to something else keeps it. Who
   moves cards by keyboard sees where it went, and a board under the mouse stays where it is. */
function focusAgain(card) {
  if (document.activeElement !== document.body) return;
  card.focus({ preventScroll: true });
  if (card.matches(":focus-visible")) card.scrollIntoView({ block: "nearest", inline: "nearest" });
}

export async function move(card, column) {
  const from = columnOf(card);
  const below = card.nextElementSibling;
  if (column === from || card.matches(".is-sent")) return;
  changedHere();
  column.querySelector("[data-cards]").prepend(card);
  card.classList.add("is-sent");
  const answer = await askUntilAnswered(card, column.dataset.stage);
  card.classList.remove("is-sent");
  changedHere();
  if (answer?.ok) {
    const fresh = answer.text.trim() ? replace(card, answer.text) : card;
    focusAgain(fresh);
    say(`${titleOf(fresh)} moved from ${stageName(from)} to ${stageName(column)}.`);
  } else {
    const list = from.querySelector("[data-cards]");
    list.insertBefore(card, below?.parentElement === list ? below : null);
    focusAgain(card); /* a dialog that is closed gives the focus back to where it was */
    say(`${titleOf(card)} stays in ${stageName(from)}.`);
    explain(card, column, from, answer);
  }
  follow();
}
