// The frame of every page: menus, keys, print buttons, passwords, and the CSRF header of htmx.
import { csrfToken } from "./page.js";

document.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.verb !== "get") {
    event.detail.headers["X-CSRFToken"] = csrfToken();
  }
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) {
    print();
  }
  document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
    if (!menu.contains(event.target)) {
      menu.open = false;
    }
  });
});
document.addEventListener("focusout", (event) => {
  const menu = event.target.closest("details[data-menu][open]");
  if (menu && event.relatedTarget && !menu.contains(event.relatedTarget)) {
    menu.open = false;
  }
});

function isTyping(element) {
  return element.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) {
    return;
  }
  const fields = document.querySelectorAll(`[data-focus-key="${CSS.escape(event.key)}"]`);
  const field = [...fields].find((one) => one.offsetParent !== null);
  if (field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

// On a phone the tabs may be wider than the screen: the one that is open has to be seen.
document.querySelectorAll(".nav-tabs .active").forEach((tab) => {
  const strip = tab.closest(".nav-tabs");
  strip.scrollLeft += Math.max(0, tab.getBoundingClientRect().right - strip.getBoundingClientRect().right + 48);
});

// How hard a password is to guess, 0 to 3: letters that repeat or follow each other add little.
function strengthOf(text) {
  const told = text.split("").filter((letter, at) => {
    const step = at ? letter.charCodeAt(0) - text.charCodeAt(at - 1) : 9;
    return Math.abs(step) > 1;
  });
  const worth = Math.min(told.length, new Set(told).size * 2);
  return text.trim().length < 12 ? 0 : worth < 12 ? 1 : worth < 18 ? 2 : 3;
}

document.querySelectorAll("[data-password]").forEach((aids) => {
  const field = document.getElementById(aids.dataset.password);
  const button = aids.querySelector("button");
  const strength = aids.querySelector(".password-strength");
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
  button.addEventListener("click", () => {
    show(field.type === "password");
  });
  // A browser offers to keep what it knows to be a password, and fills in no plain text.
  field.form.addEventListener("submit", () => {
    show(false);
  });
  if (strength) {
    field.addEventListener("input", () => {
      const level = strengthOf(field.value);
      const word = ["short", "weak", "fair", "good"][level];
      strength.querySelector("meter").value = level;
      strength.querySelector("[role=status]").textContent = field.value ? strength.dataset[word] : "";
    });
  }
});

// A print button is there only where a script can print.
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
});
