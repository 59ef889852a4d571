// The frame of every page: theme button, menus, keys, and the CSRF header of htmx.
(function () {
  "use strict";
  var root = document.documentElement;

  function csrfToken() {
    var meta = document.querySelector('meta[name="csrf-token"]');
    return meta ? meta.content : "";
  }

  document.addEventListener("htmx:configRequest", function (event) {
    if (event.detail.verb !== "get") {
      event.detail.headers["X-CSRFToken"] = csrfToken();
    }
  });

  function labelThemeButtons() {
    var isDark = root.getAttribute("data-bs-theme") === "dark";
    document.querySelectorAll("[data-theme-toggle]").forEach(function (button) {
      var label = isDark ? button.dataset.labelLight : button.dataset.labelDark;
      button.setAttribute("aria-label", label);
      button.title = label;
      button.hidden = false;
    });
  }

  document.addEventListener("click", function (event) {
    if (event.target.closest("[data-theme-toggle]")) {
      window.risoriusTheme.toggle();
    }
    document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
      if (!menu.contains(event.target)) {
        menu.open = false;
      }
    });
  });
  document.addEventListener("risorius:theme", labelThemeButtons);

  document.addEventListener("focusout", function (event) {
    var menu = event.target.closest("details[data-menu][open]");
    if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) {
      menu.open = false;
    }
  });

  function isTyping(element) {
    return element.closest("input, textarea, select, [contenteditable]") !== null;
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      document.querySelectorAll("details[data-menu][open]").forEach(function (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      });
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
      return;
    }
    var fields = document.querySelectorAll('[data-focus-key="' + CSS.escape(event.key) + '"]');
    var field = Array.prototype.find.call(fields, function (one) { return one.offsetParent !== null; });
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  });

  // On a phone the tabs may be wider than the screen: the one that is open has to be seen.
  document.querySelectorAll(".nav-tabs .active").forEach(function (tab) {
    var strip = tab.closest(".nav-tabs");
    strip.scrollLeft += Math.max(0, tab.getBoundingClientRect().right - strip.getBoundingClientRect().right + 48);
  });

  // How hard a password is to guess, 0 to 3: letters that repeat or follow each other add little.
  function strengthOf(text) {
    var told = Array.prototype.filter.call(text, function (letter, at) {
      var step = at ? letter.charCodeAt(0) - text.charCodeAt(at - 1) : 9;
      return Math.abs(step) > 1;
    });
    var worth = Math.min(told.length, new Set(told).size * 2);
    return text.trim().length < 12 ? 0 : worth < 12 ? 1 : worth < 18 ? 2 : 3;
  }

  document.querySelectorAll("[data-password]").forEach(function (aids) {
    var field = document.getElementById(aids.dataset.password);
    var button = aids.querySelector("button");
    var strength = aids.querySelector(".password-strength");
    if (!field) {
      return;
    }
    aids.hidden = false;
    // What is shown is a password still: nothing keeps what was typed (session.js).
    field.setAttribute("data-secret", "");
    function show(open) {
      field.type = open ? "text" : "password";
      button.setAttribute("aria-pressed", String(open));
      button.textContent = open ? button.dataset.hide : button.dataset.show;
    }
    button.addEventListener("click", function () {
      show(field.type === "password");
    });
    // A browser offers to keep what it knows to be a password, and fills in no plain text.
    field.form.addEventListener("submit", function () {
      show(false);
    });
    if (strength) {
      field.addEventListener("input", function () {
        var level = strengthOf(field.value);
        var word = ["short", "weak", "fair", "good"][level];
        strength.querySelector("meter").value = level;
        strength.querySelector("[role=status]").textContent = field.value ? strength.dataset[word] : "";
      });
    }
  });

  labelThemeButtons();
})();
