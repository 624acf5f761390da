/* The tour: marks what its step points at, brings it into view, and leaves on Escape. The step
   itself is on the page without this. */

const tour = document.getElementById("tour");
const MARK = "tour-target";
const SETTLING_MS = 4000;
let mayScroll = true;

/* The selectors stand in the order in which they are wanted; panels bring theirs later. */
function wanted() {
  const found = tour.dataset.tour.split(", ").map((selector) => document.querySelector(selector));
  return found.find((element) => element !== null);
}

function point() {
  const target = wanted();
  if (!target) return;
  for (const other of document.querySelectorAll(`.${MARK}`)) {
    if (other !== target) other.classList.remove(MARK);
  }
  target.classList.add(MARK);
  if (!mayScroll) return;
  target.scrollIntoView({ block: "start" });
  showWhole();
}

/* What the bar at the top would cut in two comes out from under it. */
function showWhole() {
  const edge = document.querySelector(".bar").getBoundingClientRect().bottom;
  const boxes = [...document.querySelectorAll("main :is(a, button, input, select, summary)")].map((each) => each.getBoundingClientRect());
  const cut = boxes.filter((box) => box.height && box.top < edge && box.bottom > edge);
  if (cut.length) scrollBy(0, Math.min(...cut.map((box) => box.top)) - edge - 4);
}

/* While panels come in the target moves; whoever scrolls or types is left where they are. */
for (const own of ["wheel", "touchmove", "keydown", "pointerdown"]) {
  addEventListener(own, () => (mayScroll = false), { passive: true });
}
setTimeout(() => (mayScroll = false), SETTLING_MS);
for (const change of ["htmx:afterSwap", "htmx:afterSettle"]) document.addEventListener(change, point);
document.addEventListener("keydown", (event) => {
  const elsewhere = document.querySelector("dialog[open], details[data-menu][open]");
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select");
  if (event.key === "Escape" && !elsewhere && !typing) document.getElementById("tour-leave").click();
});
/* Once more when all is there: what a page does while it loads must not take the focus away. */
const take = () => tour.focus({ preventScroll: true });
addEventListener("load", () => {
  if (document.activeElement === document.body) take();
});
point();
take();
