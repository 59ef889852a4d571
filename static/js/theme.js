// Loaded before the first paint, so that a page never flashes in the other theme.
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");

  function chosen() {
    try {
      return localStorage.getItem("risorius-theme");
    } catch (error) {
      return null;
    }
  }

  function apply() {
    var own = chosen();
    var theme = own === "dark" || own === "light" ? own : dark.matches ? "dark" : "light";
    if (root.getAttribute("data-bs-theme") !== theme) {
      root.setAttribute("data-bs-theme", theme);
      document.dispatchEvent(new CustomEvent("risorius:theme", { detail: theme }));
    }
  }

  window.risoriusTheme = {
    toggle: function () {
      var next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
      try {
        localStorage.setItem("risorius-theme", next);
      } catch (error) {
        // A browser that keeps nothing still shows the theme until the next page.
      }
      root.setAttribute("data-bs-theme", next);
      document.dispatchEvent(new CustomEvent("risorius:theme", { detail: next }));
    },
  };
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  apply();
})();
