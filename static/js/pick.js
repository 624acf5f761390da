/* A list to pick from: arrows walk between the search field and what was found, Enter takes the
   first, once the list is that of what was typed. */

let takesFirst = false;

function isOfWhatWasTyped(list) {
  return list.querySelector("[data-found-for]").dataset.foundFor === list.querySelector("input").value;
}

function takeFirst(list) {
  takesFirst = !isOfWhatWasTyped(list);
  const first = takesFirst ? null : list.querySelector("[data-found-for] a");
  if (!first) return;
  // What has only just come may not be one of htmx's links yet, and would lead off the page.
  htmx.process(first);
  first.click();
}

// Who types before htmx knows the field of a dialog that has only just come is not heard by it.
function ask(list) {
  htmx.process(list);
  htmx.trigger(list.querySelector("form"), "search");
}

document.addEventListener("keydown", (event) => {
  const list = event.target.closest?.("[data-pick-list]");
  if (!list || event.isComposing) return;
  const stops = [list.querySelector("input"), ...list.querySelectorAll("a")];
  const at = stops.indexOf(event.target);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && at >= 0) stops[Math.min(Math.max(at + step, 0), stops.length - 1)].focus();
  else if (event.key === "Enter" && at === 0) {
    takeFirst(list);
    if (takesFirst) ask(list);
  }
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
