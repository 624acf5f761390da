/* A list to pick from: arrows walk between the search field and what was found, Enter takes the
   first, once the list is that of what was typed. */

/* The list whose first is taken once it is that of what was typed; null for none. */
let takesFirst = null;

const typed = (list) => list.querySelector("input").value;
const isOfWhatWasTyped = (list) => list.querySelector("[data-found-for]").dataset.foundFor === typed(list);

function takeFirst(list) {
  takesFirst = isOfWhatWasTyped(list) ? null : list;
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

/* What a key does whose target is the search field, or something that was found. */
export function press(key, target) {
  const list = target.closest("[data-pick-list]");
  if (!list) return;
  const stops = [list.querySelector("input"), ...list.querySelectorAll("a")];
  const step = { ArrowDown: 1, ArrowUp: -1 }[key];
  if (step) stops[Math.min(Math.max(stops.indexOf(target) + step, 0), stops.length - 1)].focus();
  else {
    takeFirst(list);
    if (takesFirst) ask(list);
  }
}

document.addEventListener("input", () => {
  takesFirst = null;
});
document.addEventListener("htmx:afterSettle", () => {
  if (takesFirst?.isConnected && isOfWhatWasTyped(takesFirst)) takeFirst(takesFirst);
});
