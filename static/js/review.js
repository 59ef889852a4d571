// Keys for the review: confirm, say otherwise, next, previous. They can be turned off, for those who dictate.
(function () {
  "use strict";
  var STORE = "risorius-review-keys";
  var place = document.querySelector("[data-keys]");
  var box = place ? place.querySelector("input") : null;

  function remembered() {
    try {
      return window.localStorage.getItem(STORE) !== "off";
    } catch (error) {
      return true;
    }
  }

  if (box) {
    box.checked = remembered();
    place.hidden = false;
    box.addEventListener("change", function () {
      try {
        window.localStorage.setItem(STORE, box.checked ? "on" : "off");
      } catch (error) {
        // Without a store the choice holds for this page.
      }
    });
  }

  // The visit that the keys are about: the first, until one goes on.
  function visits() {
    return Array.prototype.slice.call(document.querySelectorAll("[data-review]"));
  }

  function here() {
    return document.querySelector("[data-review].is-here") || visits()[0];
  }

  function go(step) {
    var all = visits();
    var next = all[Math.min(all.length - 1, Math.max(0, all.indexOf(here()) + step))];
    if (next) {
      all.forEach(function (one) { one.classList.toggle("is-here", one === next); });
      next.focus({ preventScroll: true });
      next.scrollIntoView({ block: "start" });
    }
  }

  var first = here();
  if (first && box) {
    first.classList.add("is-here");
  }

  document.addEventListener("focusin", function (event) {
    var visit = event.target.closest("[data-review]");
    if (visit && box) {
      visits().forEach(function (one) { one.classList.toggle("is-here", one === visit); });
    }
  });

  document.addEventListener("keydown", function (event) {
    var typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing || (box && !box.checked)) {
      return;
    }
    var key = event.key.toLowerCase();
    if (key === "n" || key === "p") {
      event.preventDefault();
      go(key === "n" ? 1 : -1);
      return;
    }
    var visit = here();
    var target = visit && visit.querySelector('[data-key="' + CSS.escape(key) + '"]');
    if (target) {
      event.preventDefault();
      target.click();
      var details = target.closest("details");
      if (details && details.open) {
        var field = details.querySelector("select, input:not([type=hidden]), textarea");
        if (field) {
          field.focus();
        }
      }
    }
  });
})();
