/* j and k walk along the cards. */

import { cardOf, cards, focusedCard } from "./cards.js";

/* The card that keys act on: the one in focus, else the one that is looked at. */
export function current() {
  const looked = document.querySelector("#look:not([hidden]) [data-look]");
  return focusedCard() ?? (looked && cardOf(looked.dataset.look));
}

document.addEventListener("card", (event) => {
  const all = cards();
  if (!all.length) return;
  const at = all.indexOf(current());
  const next = all[at < 0 ? 0 : Math.min(Math.max(at + event.detail, 0), all.length - 1)];
  const panel = document.getElementById("look");
  if (!panel?.contains(document.activeElement)) next.focus();
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
  document.dispatchEvent(new CustomEvent("card-walked", { detail: next }));
});

document.addEventListener("card-evidence", (event) => {
  const card = current();
  if (!card) return;
  event.preventDefault();
  location.assign(`${card.querySelector("h3 a").href}#evidence`);
});
