// The theme of the page. The one script that is no module: it is loaded before the first paint, so that a page never
// flashes in the other theme, and modules come after it.
(() => {
  const STORE = "risorius-theme";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem(STORE);
    } catch {
      return null;
    }
  }

  function choose(theme) {
    try {
      localStorage.setItem(STORE, theme);
    } catch {
      // A browser that keeps nothing still shows the theme until the next page.
    }
    show(theme);
  }

  function show(theme) {
    if (root.dataset.bsTheme === theme) {
      return;
    }
    root.dataset.bsTheme = theme;
    labelButtons();
    document.dispatchEvent(new CustomEvent("risorius:theme", { detail: theme }));
  }

  function apply() {
    const own = chosen();
    show(own === "dark" || own === "light" ? own : dark.matches ? "dark" : "light");
  }

  function labelButtons() {
    document.querySelectorAll("[data-theme-toggle]").forEach((button) => {
      const label = root.dataset.bsTheme === "dark" ? button.dataset.labelLight : button.dataset.labelDark;
      button.setAttribute("aria-label", label);
      button.title = label;
      button.hidden = false;
    });
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) {
      choose(root.dataset.bsTheme === "dark" ? "light" : "dark");
    }
  });
  document.addEventListener("DOMContentLoaded", labelButtons);
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  apply();
})();
