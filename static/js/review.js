// Three keys for the review: confirm, correct, next. They can be turned off, for those who dictate.
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

  document.addEventListener("keydown", function (event) {
    var typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing || (box && !box.checked)) {
      return;
    }
    var target = document.querySelector('[data-key="' + CSS.escape(event.key.toLowerCase()) + '"]');
    if (target) {
      event.preventDefault();
      target.click();
      var details = target.closest("details");
      if (details && details.open) {
        var first = details.querySelector("select, input:not([type=hidden]), textarea");
        if (first) {
          first.focus();
        }
      }
    }
  });
})();
