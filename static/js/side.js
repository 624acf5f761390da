/* The side panel: it opens with what htmx puts into its body, and gives the focus back. */

const cameFrom = new WeakMap();

function openSide(side) {
  const titled = side.querySelector(".side__body [data-side-title]");
  if (titled) side.querySelector("[data-side-name]").textContent = titled.dataset.sideTitle;
  if (!side.hidden) return;
  cameFrom.set(side, document.activeElement);
  side.hidden = false;
  side.focus();
}

function closeSide(side) {
  if (!side || side.hidden) return;
  side.hidden = true;
  const before = cameFrom.get(side);
  if (before?.isConnected) before.focus();
  side.dispatchEvent(new CustomEvent("side-closed", { bubbles: true }));
}

document.addEventListener("htmx:afterSwap", (event) => {
  const side = event.detail.target?.closest?.("[data-side]");
  if (side) openSide(side);
});
document.addEventListener("click", (event) => {
  const close = event.target instanceof Element && event.target.closest("[data-close]");
  if (close) closeSide(close.closest("[data-side]"));
});
/* Escape in an open menu closes the menu alone: page.js has taken it then. */
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !(event.target instanceof Element)) return;
  if (!document.querySelector("dialog[open]")) closeSide(event.target.closest("[data-side]"));
});
/* HX-Trigger: {"close-side": ""} */
document.addEventListener("close-side", () => closeSide(document.querySelector("[data-side]:not([hidden])")));
