/* Open pages follow the portfolio. The stream names what changed (["bet:17", "proposal:5"], or
   ["all"]); whatever on the page says data-live="bet:17 …" is fetched anew from its data-live-src.
   Nothing is touched while someone types into it, drags it or has its menu open. */

const COALESCE_MS = 150;
const MANY = 50;
const BACKOFF_SECONDS = [1, 2, 5, 10, 20, 30];

const portfolio = document.body.dataset.portfolio;
const waiting = new Set(); /* keys of elements to fetch as soon as they are at rest */
const underway = new Map(); /* key → whether it has to be fetched once more */
let named = new Set();
let timer = null;
let source = null;
let failures = 0;
let interrupted = false;

/* --- what must not be disturbed ------------------------------------------------------------------ */

const formTags = "input, textarea, select";

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form");
  if (form && event.target.matches(formTags)) form.dataset.dirty = "";
});
function clean(event) {
  if (!(event.target instanceof Element)) return;
  const form = event.target.closest("form");
  if (form) delete form.dataset.dirty;
  settle();
}
document.addEventListener("reset", clean);
document.addEventListener("submit", clean);

function isBusy(node) {
  if (node.querySelector("form[data-dirty], .field--wrong") || node.matches("form[data-dirty]")) return true;
  const typing = document.activeElement;
  if (node.contains(typing) && typing.matches(formTags) && typing.type !== "checkbox") return true;
  if (node.querySelector("details[data-menu][open], dialog[open]")) return true;
  return node.matches(".is-dragged") || node.querySelector(".is-dragged") !== null;
}

/* --- fetching ------------------------------------------------------------------------------------- */

const liveNodes = () => [...document.querySelectorAll("[data-live][data-live-src]")];

function outermost(nodes) {
  return nodes.filter((node) => !nodes.some((other) => other !== node && other.contains(node)));
}

function scrolledParts(node) {
  const parts = [node, ...node.querySelectorAll("[id]")];
  return parts
    .filter((part) => part.id && (part.scrollTop || part.scrollLeft))
    .map((part) => [part.id, part.scrollLeft, part.scrollTop]);
}

/* An element is known by this across swaps, so ids are stable and used once. */
const keyOf = (node) => `${node.id} ${node.dataset.liveSrc}`;

async function fetchAnew(node) {
  const key = keyOf(node);
  if (underway.has(key)) {
    underway.set(key, true);
    return;
  }
  if (isBusy(node)) {
    waiting.add(key);
    return;
  }
  underway.set(key, false);
  const scrolled = scrolledParts(node);
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  try {
    await htmx.ajax("GET", node.dataset.liveSrc, { source: node, target: node, swap: "outerHTML" });
  } catch {
    waiting.add(key); /* the stream breaks as well, and catching up fetches it */
  }
  for (const [id, left, top] of scrolled) document.getElementById(id)?.scrollTo(left, top);
  giveFocusBack(focused);
  const again = underway.get(key);
  underway.delete(key);
  if (again) fetchAll(liveNodes().filter((candidate) => keyOf(candidate) === key));
}

/* htmx keeps the focus of what has an id; a link or card without one is found by its address. */
function giveFocusBack(focused) {
  if (!focused || focused.isConnected || document.activeElement !== document.body) return;
  const href = focused.getAttribute("href");
  const same = focused.id
    ? document.getElementById(focused.id)
    : href && document.querySelector(`a[href="${CSS.escape(href)}"]`);
  same?.focus({ preventScroll: true });
}

function fetchAll(nodes) {
  for (const node of outermost(nodes)) fetchAnew(node);
}

function settle() {
  setTimeout(() => {
    const due = liveNodes().filter((node) => waiting.has(keyOf(node)) && !isBusy(node));
    for (const node of due) waiting.delete(keyOf(node));
    fetchAll(due);
  }, 0);
}
for (const end of ["focusout", "toggle", "close", "dragged"]) {
  document.addEventListener(end, () => waiting.size && settle(), true);
}

/* --- what changed ---------------------------------------------------------------------------------- */

function hear(names) {
  if (!Array.isArray(names)) return;
  for (const name of names) named.add(name);
  timer ??= setTimeout(refreshNamed, COALESCE_MS);
}

function refreshNamed() {
  const names = named;
  named = new Set();
  timer = null;
  if (names.has("all")) {
    catchUp();
    return;
  }
  fetchAll(liveNodes().filter((node) => node.dataset.live.split(/\s+/).some((n) => names.has(n))));
}

/* After a break nobody knows what was missed: everything is fetched, in one go if it is much. */
function catchUp() {
  const nodes = outermost(liveNodes());
  const main = document.getElementById("main");
  if (nodes.length <= MANY || isBusy(main)) {
    fetchAll(nodes);
    return;
  }
  const scrolled = [window.scrollX, window.scrollY];
  const parts = scrolledParts(main);
  htmx
    .ajax("GET", location.href, { source: main, target: main, select: "#main", swap: "outerHTML" })
    .then(() => {
      window.scrollTo(...scrolled);
      for (const [id, left, top] of parts) document.getElementById(id)?.scrollTo(left, top);
    });
}

/* --- the stream -------------------------------------------------------------------------------------- */

function show(state, text) {
  const line = document.querySelector("[data-live-status]");
  if (!line || line.dataset.state === state) return;
  line.dataset.state = state;
  line.querySelector("[data-live-text]").textContent = text;
}

function connect() {
  /* What was said between the rendering of this page and now is heard as well. */
  const since = interrupted ? "" : `&since=${document.body.dataset.rendered}`;
  source = new EventSource(`/live?portfolio=${encodeURIComponent(portfolio)}${since}`);
  source.onopen = () => {
    failures = 0;
    show("live", "Live");
    if (interrupted) catchUp();
    interrupted = false;
  };
  source.onmessage = (event) => {
    try {
      hear(JSON.parse(event.data));
    } catch {
      /* not a list of names: nothing to do */
    }
  };
  source.onerror = () => {
    interrupted = true;
    show("interrupted", "Live updates interrupted, reconnecting…");
    if (source.readyState === EventSource.CLOSED) connectLater();
  };
}

/* The browser reconnects by itself after a dropped line, but not after an answer such as 502. */
function connectLater() {
  const seconds = BACKOFF_SECONDS[Math.min(failures, BACKOFF_SECONDS.length - 1)];
  failures += 1;
  setTimeout(connect, seconds * 1000);
}

if (portfolio) {
  connect();
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    interrupted = true;
    connect();
  });
}
