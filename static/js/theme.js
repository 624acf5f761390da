/* Runs before the first paint: the reader's own choice of light or dark, if there is one. */
(() => {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    /* storage is forbidden: the system's wish holds */
  }
})();
