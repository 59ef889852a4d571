// Keys for the review: confirm, say otherwise, next, previous. They can be turned off, for those who dictate.
import { recall, remember } from "./page.js";

const STORE = "risorius-review-keys";
const place = document.querySelector("[data-keys]");
const box = place?.querySelector("input");

if (box) {
  box.checked = recall(STORE, "on") !== "off";
  place.hidden = false;
  box.addEventListener("change", () => {
    remember(STORE, box.checked ? "on" : "off");
  });
}

// The visit that the keys are about: the first, until one goes on.
function visits() {
  return [...document.querySelectorAll("[data-review]")];
}

function here() {
  return document.querySelector("[data-review].is-here") || visits()[0];
}

function go(step) {
  const all = visits();
  const next = all[Math.min(all.length - 1, Math.max(0, all.indexOf(here()) + step))];
  if (next) {
    all.forEach((one) => {
      one.classList.toggle("is-here", one === next);
    });
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "start" });
  }
}

const first = here();
if (first && box) {
  first.classList.add("is-here");
}

document.addEventListener("focusin", (event) => {
  const visit = event.target.closest("[data-review]");
  if (visit && box) {
    visits().forEach((one) => {
      one.classList.toggle("is-here", one === visit);
    });
  }
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing || (box && !box.checked)) {
    return;
  }
  const key = event.key.toLowerCase();
  if (key === "n" || key === "p") {
    event.preventDefault();
    go(key === "n" ? 1 : -1);
    return;
  }
  const visit = here();
  const target = visit?.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (target) {
    event.preventDefault();
    target.click();
    const details = target.closest("details");
    if (details?.open) {
      details.querySelector("select, input:not([type=hidden]), textarea")?.focus();
    }
  }
});
