/* A list to pick from: arrows walk between the search field and what was found, Enter takes the
   first, once the list is that of what was typed. */

let takesFirst = false;

function takeFirst(list) {
  const found = list.querySelector("[data-found-for]");
  takesFirst = found.dataset.foundFor !== list.querySelector("input").value;
  const first = takesFirst ? null : found.querySelector("a");
  if (!first) return;
  // What has only just come may not be one of htmx's links yet, and would lead off the page.
  htmx.process(first);
  first.click();
}

document.addEventListener("keydown", (event) => {
  const list = event.target.closest?.("[data-pick-list]");
  if (!list || event.isComposing) return;
  const stops = [list.querySelector("input"), ...list.querySelectorAll("a")];
  const at = stops.indexOf(event.target);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && at >= 0) stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
  else if (event.key === "Enter" && at === 0) takeFirst(list);
  else return;
  event.preventDefault();
});
document.addEventListener("input", () => {
  takesFirst = false;
});
document.addEventListener("htmx:afterSettle", () => {
  const list = document.querySelector("[data-pick-list]");
  if (takesFirst && list) takeFirst(list);
});
