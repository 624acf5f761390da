/* Open pages follow the portfolio. The stream names what changed (["bet:17", "proposal:5"], or
   ["all"]); whatever on the page says data-live="bet:17 …" is fetched anew from its data-live-src,
   unless the server says that it is as it was. The board hears of it as the event "changed" and
   follows by itself (follow.js). Nothing is touched while someone types into it, drags it or has its
   menu open. */

const COALESCE_MS = 100;
const SILENT_SECONDS = 40; /* the server says something every 15 */
const BACKOFF_SECONDS = [1, 2, 5, 10, 20, 30];

const portfolio = document.body.dataset.portfolio;
const waiting = new Set(); /* keys of elements to fetch as soon as they are at rest */
const underway = new Map(); /* key → whether it has to be fetched once more */
const versions = new WeakMap(); /* element → the version (ETag) of what it shows */
let named = new Set();
let timer = null;
let source = null;
let failures = 0;
let interrupted = false;
let silence = null;
let reconnection = null;

/* --- what must not be disturbed ------------------------------------------------------------------ */

const formTags = "input, textarea, select";

document.addEventListener("input", (event) => {
  const form = event.target.form; /* which may stand elsewhere */
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

export function isBusy(node) {
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
    const known = versions.get(node);
    const headers = known ? { "If-None-Match": known } : {};
    const version = versionPutInto(node);
    await htmx.ajax("GET", node.dataset.liveSrc, { source: node, target: node, swap: "outerHTML", headers });
    const fresh = liveNodes().find((candidate) => keyOf(candidate) === key);
    const put = version();
    if (fresh && put) versions.set(fresh, put);
  } catch {
    waiting.add(key); /* the stream breaks as well, and catching up fetches it */
  }
  for (const [id, left, top] of scrolled) document.getElementById(id)?.scrollTo(left, top);
  giveFocusBack(focused);
  const again = underway.get(key);
  underway.delete(key);
  if (again) fetchAll(liveNodes().filter((candidate) => keyOf(candidate) === key));
}

/* The version of what comes, once it is in; what has come into use meanwhile is left for later. */
function versionPutInto(node) {
  let version = null;
  const look = (event) => {
    if (event.target !== node) return; /* something inside it, such as what a tick means */
    if (event.detail.shouldSwap && isBusy(node)) {
      event.detail.shouldSwap = false;
      waiting.add(keyOf(node));
    } else {
      version = event.detail.xhr.getResponseHeader("ETag");
    }
  };
  node.addEventListener("htmx:beforeSwap", look);
  return () => {
    node.removeEventListener("htmx:beforeSwap", look);
    return version;
  };
}

/* A part of it that was swapped by a form or a button makes it something else. */
document.addEventListener("htmx:afterSwap", (event) => {
  const inside = event.target instanceof Element && event.target.closest("[data-live]");
  if (inside) versions.delete(inside);
});

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
    document.dispatchEvent(new Event("at-rest"));
    const due = liveNodes().filter((node) => waiting.has(keyOf(node)) && !isBusy(node));
    for (const node of due) waiting.delete(keyOf(node));
    fetchAll(due);
  }, 0);
}
for (const end of ["focusout", "toggle", "close", "dragged"]) {
  document.addEventListener(end, settle, true);
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
  document.dispatchEvent(new CustomEvent("changed", { detail: [...names] }));
  const all = names.has("all");
  fetchAll(liveNodes().filter((node) => all || node.dataset.live.split(/\s+/).some((n) => names.has(n))));
}

/* --- the stream -------------------------------------------------------------------------------------- */

function show(state, text) {
  const line = document.querySelector("[data-live-status]");
  if (!line || line.dataset.state === state) return;
  line.dataset.state = state;
  line.querySelector("[data-live-text]").textContent = text;
}

function connect() {
  source?.close();
  /* What was said between the rendering of this page and now is heard as well. */
  const since = interrupted ? "" : `&since=${document.body.dataset.rendered}`;
  const place = document.querySelector("[data-place]")?.dataset.place;
  const at = place ? `&at=${place}` : "";
  source = new EventSource(`/live?portfolio=${encodeURIComponent(portfolio)}${since}${at}`);
  source.onopen = () => {
    failures = 0;
    show("live", "Live");
    if (interrupted) hear(["all"]); /* nobody knows what was missed */
    interrupted = false;
  };
  source.onmessage = (event) => {
    try {
      hear(JSON.parse(event.data));
    } catch {
      /* not a list of names: nothing to do */
    }
  };
  source.onerror = lose;
  for (const name of ["hello", "beat", "message", "open"]) source.addEventListener(name, listenOn);
  listenOn();
}

function lose() {
  interrupted = true;
  show("interrupted", "Live updates interrupted, reconnecting…");
  if (source.readyState === EventSource.CLOSED) connectLater();
}

/* A line may die without a word: then nothing is heard on it, not even that it is still there. */
function listenOn() {
  clearTimeout(silence);
  silence = setTimeout(() => {
    source.close();
    lose();
  }, SILENT_SECONDS * 1000);
}

/* The browser reconnects by itself after a dropped line, but not after an answer such as 502. */
function connectLater() {
  const seconds = BACKOFF_SECONDS[Math.min(failures, BACKOFF_SECONDS.length - 1)];
  failures += 1;
  clearTimeout(reconnection);
  reconnection = setTimeout(connect, seconds * 1000);
}

if (portfolio) {
  connect();
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    interrupted = true;
    connect();
  });
  window.addEventListener("offline", () => {
    source.close();
    lose();
  });
  window.addEventListener("online", () => {
    clearTimeout(reconnection);
    connect();
  });
}
