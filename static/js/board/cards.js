/* The board as the other modules see it.

   Column: [data-stage] with one [data-cards] inside. Card: [data-card] with data-version, and with
   data-move-url if it may be moved. docs/design-system.md has the whole. */

export const cards = () => [...document.querySelectorAll("[data-card]")];
export const cardOf = (id) => document.querySelector(`[data-card="${CSS.escape(id)}"]`);
export const columnOf = (card) => card.closest("[data-stage]");
export const columnAt = (x, y) => document.elementFromPoint(x, y)?.closest("[data-stage]") ?? null;
export const focusedCard = () => document.activeElement?.closest?.("[data-card]") ?? null;
export const titleOf = (card) => card.getAttribute("aria-label");
export const addressOf = (card) => card.querySelector("h3 a").href;
export const stageName = (column) => column.dataset.stageName || column.querySelector("h2")?.textContent.trim();

/* Read out, and seen by nobody. */
export function say(text) {
  document.getElementById("announcer").textContent = text;
}

export function toast(text) {
  document.dispatchEvent(new CustomEvent("toast", { detail: text }));
}

export function headers() {
  const given = JSON.parse(document.body.getAttribute("hx-headers") || "{}");
  return { ...given, "HX-Request": "true", "HX-Current-URL": location.href };
}

export function isTyping(target) {
  return target instanceof Element && Boolean(target.closest("input:not([type=checkbox]), textarea, select"));
}

/* Cards come and go with what the live channel brings: marks that only this page knows are put on
   them again. */
export function whenCardsChange(mark) {
  let due = false;
  const soon = () => {
    if (due) return;
    due = true;
    requestAnimationFrame(() => {
      due = false;
      mark();
    });
  };
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true });
}
