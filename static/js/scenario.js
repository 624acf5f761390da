/* A sheet of cells: walked like a spreadsheet, saved cell by cell. The server reads what was typed
   and answers with the row; only the cell is put in place, so that typing elsewhere is not disturbed. */

const CELL = ".cell__field";
const say = (text) => {
  document.getElementById("announcer").textContent = text;
};

/* --- walking ------------------------------------------------------------------------------------- */

function neighbour(field, down, right) {
  const cell = field.closest("td");
  const row = cell.parentElement;
  if (right) {
    const fields = [...row.querySelectorAll(CELL)];
    return fields[fields.indexOf(field) + right];
  }
  const same = `${CELL}[data-kind="${field.dataset.kind}"][data-part="${field.dataset.part}"]`;
  const rows = [...row.parentElement.querySelectorAll(same)];
  return rows[rows.indexOf(field) + down];
}

const isAllChosen = (field) => field.selectionStart === 0 && field.selectionEnd === field.value.length;

/* Left and right walk on where the caret could go no further, or while the whole cell is chosen. */
function stepOf(event) {
  const field = event.target;
  if (event.key === "Enter") return [event.shiftKey ? -1 : 1, 0];
  if (field.matches("select")) return null;
  if (event.key === "ArrowDown") return [1, 0];
  if (event.key === "ArrowUp") return [-1, 0];
  const all = isAllChosen(field);
  if (event.key === "ArrowRight" && (all || field.selectionStart === field.value.length)) return [0, 1];
  if (event.key === "ArrowLeft" && (all || field.selectionEnd === 0)) return [0, -1];
  return null;
}

document.addEventListener("keydown", (event) => {
  const field = event.target;
  if (!(field instanceof Element) || !field.matches(CELL)) return;
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (event.key === "Escape" && field.dataset.stood !== undefined) {
    field.value = field.dataset.stood;
    field.select?.();
    event.preventDefault();
    return;
  }
  const step = stepOf(event);
  if (!step) return;
  event.preventDefault();
  const next = neighbour(field, ...step);
  if (next) next.focus();
  else if (event.key === "Enter") saveIfTyped(field);
});

document.addEventListener("focusin", (event) => {
  if (!event.target.matches?.(CELL)) return;
  event.target.dataset.stood ??= event.target.value;
  if (event.target.matches("input")) event.target.select();
});

/* --- saving ----------------------------------------------------------------------------------------- */

const waiting = new Map(); /* cell id → what is to be sent once the answer before it is there */

async function save(field) {
  const cell = field.closest("td");
  if (waiting.has(cell.id)) {
    waiting.set(cell.id, field.value);
    return;
  }
  waiting.set(cell.id, null);
  const sheet = field.closest("[data-sheet]");
  const { kind, target, part } = field.dataset;
  const values = { kind, target, part, value: field.value, sheet: sheet.dataset.sheet };
  const select = `#${CSS.escape(cell.id)}`;
  try {
    await htmx.ajax("POST", sheet.dataset.cellUrl, { source: field, target: cell, swap: "outerHTML", select, values });
  } finally {
    const next = waiting.get(cell.id);
    waiting.delete(cell.id);
    const fresh = document.getElementById(cell.id)?.querySelector(CELL);
    if (fresh && next !== null && next !== fresh.value) {
      fresh.value = next;
      save(fresh);
    } else if (fresh) told(fresh);
  }
}

function told(field) {
  const cell = field.closest("td");
  if (cell.querySelector(".wrong")) return; /* an alert: it is read out by itself */
  say(`${field.getAttribute("aria-label")}: ${field.value || "none"}, saved`);
  catchUpWithoutLine();
}

function saveIfTyped(field) {
  if (field.dataset.stood !== undefined && field.value !== field.dataset.stood) save(field);
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.(CELL)) save(event.target);
});

/* A cell whose answer never came keeps what was typed, and says so. */
for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, (event) => {
    const field = event.detail.elt;
    if (!field?.matches?.(CELL)) return;
    const cell = field.closest("td");
    let line = cell.querySelector(".wrong");
    if (!line) {
      line = document.createElement("p");
      line.className = "wrong";
      line.setAttribute("role", "alert");
      cell.append(line);
    }
    line.textContent = "Not saved: the server was not reached. Change it again to try once more.";
    field.dataset.stood = "";
  });
}

/* While the live line is down, what follows the scenario is fetched after each saved cell. */
function catchUpWithoutLine() {
  if (document.querySelector("[data-live-status]")?.dataset.state === "live") return;
  for (const id of ["scenario-head", "scenario-details"]) {
    const node = document.getElementById(id);
    if (node) htmx.ajax("GET", node.dataset.liveSrc, { source: node, target: node, swap: "outerHTML" });
  }
}

/* --- the answer, in the grid ------------------------------------------------------------------------- */

function showResults() {
  const details = document.getElementById("scenario-details");
  if (!details) return;
  const settled = details.dataset.settled === "yes";
  for (const place of document.querySelectorAll("td[data-result]")) {
    const row = details.querySelector(`tr[data-bet="${CSS.escape(place.dataset.result)}"]`);
    const after = row?.querySelector("[data-after]");
    place.replaceChildren(...(after ? [...after.childNodes].map((node) => node.cloneNode(true)) : []));
    if (!after && settled) place.textContent = "as today";
    place.classList.toggle("is-old", !settled);
    place.classList.toggle("strong", Boolean(after));
    place.classList.toggle("faint", !after);
  }
}
showResults();
document.addEventListener("htmx:afterSettle", showResults);

/* --- undoing brings back what the grid shows; the link is copied --------------------------------------- */

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form[data-undo]")) return;
  const sheet = document.querySelector("[data-sheet]");
  if (sheet) event.target.elements.sheet.value = sheet.dataset.sheet;
});

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-copy]");
  if (!button) return;
  const field = document.getElementById(button.dataset.copy);
  field.select();
  try {
    await navigator.clipboard.writeText(field.value);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Press Ctrl+C";
  }
});
