/* The scores of WSJF on a card: the form takes the focus, Escape gives them up, and a card that has
   been saved has the focus again. */

import { cardOf } from "./cards.js";

export function begin(form) {
  (form.querySelector(".field--wrong select") ?? form.querySelector("select"))?.focus();
}

document.addEventListener("keydown", (event) => {
  const form = event.key === "Escape" && event.target.closest?.("[data-scores]");
  if (!form) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  form.querySelector("[data-scores-cancel]").click();
});

/* The card is another element by then, and nothing has the focus. */
document.addEventListener("htmx:afterSettle", (event) => {
  const card = event.detail.elt?.closest?.("[data-card]");
  if (card && document.activeElement === document.body) cardOf(card.dataset.card)?.focus({ preventScroll: true });
});
