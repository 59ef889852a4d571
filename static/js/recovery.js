// The recovery page: the table at a button, arrow keys between the points of a chart, and figures that arrive while the
// page is open. Nothing here is needed to read it.
import { freshPage } from "./page.js";

function table() {
  const toggle = document.querySelector(".table-toggle");
  const panel = document.getElementById("recovery-table");
  if (!toggle || !panel) {
    return;
  }
  toggle.addEventListener("click", () => {
    const shown = panel.classList.toggle("is-shown");
    toggle.setAttribute("aria-expanded", String(shown));
    toggle.querySelector("span").textContent = shown ? toggle.dataset.hide : toggle.dataset.show;
    if (shown) {
      panel.focus({ preventScroll: true });
      panel.scrollIntoView({ block: "nearest" });
    }
  });
}

// Left and right walk along a chart's points, as Tab does through all of them.
document.addEventListener("keydown", (event) => {
  const point = event.target instanceof Element ? event.target.closest(".chart-point") : null;
  if (!point || event.ctrlKey || event.metaKey || event.altKey) {
    return;
  }
  const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!step) {
    return;
  }
  const points = [...point.closest("svg").querySelectorAll(".chart-point")];
  const next = points[points.indexOf(point) + step];
  if (next) {
    next.focus();
    event.preventDefault();
  }
});

// ---- Figures that arrive while the page is open.

async function renew() {
  const place = document.getElementById("recovery");
  if (!place || Number(place.dataset.waiting) === 0) {
    return;
  }
  let fresh;
  try {
    fresh = (await freshPage())?.getElementById("recovery");
  } catch {
    // The next change of the analysis tries again.
  }
  if (!fresh || fresh.dataset.waiting === place.dataset.waiting) {
    return;
  }
  const shown = place.querySelector(".table-panel.is-shown") !== null;
  place.replaceWith(fresh);
  table();
  if (shown) {
    document.querySelector(".table-toggle").click();
  }
}

let timer = 0;
let settled = false;
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "analysis-status") {
    return;
  }
  // The frame asks for the state once when the page opens: nothing changed by that.
  if (!settled) {
    settled = true;
    return;
  }
  clearTimeout(timer);
  timer = setTimeout(renew, 800);
});

table();
