// The form of a treatment: what is told of the chosen kind alone, and the drawing of the injections as they are typed.

const form = document.querySelector("form [name='kind']")?.form;
const parts = [...(form?.querySelectorAll("[data-kinds]") ?? [])];
const cells = [...(form?.querySelectorAll("[data-fills]") ?? [])];
const total = form?.querySelector("[data-total]");
const written = new Intl.NumberFormat(document.documentElement.lang || "en", { maximumFractionDigits: 3 });

// What is hidden is not sent: it belongs to another kind. It comes back with that kind as it was typed.
function showKind() {
  const kind = form.querySelector("[name='kind']:checked")?.value ?? "";
  parts.forEach((part) => {
    const belongs = part.dataset.kinds.split(" ").includes(kind);
    part.hidden = !belongs;
    part.querySelectorAll("input, select, textarea").forEach((control) => {
      const inner = control.closest("[data-kinds]");
      control.disabled = !inner.dataset.kinds.split(" ").includes(kind);
    });
  });
}

function unitsOf(cell) {
  const units = Number.parseFloat(cell.value.replace(",", "."));
  return Number.isFinite(units) && units > 0 ? units : 0;
}

function draw(cell) {
  const point = form.querySelector(`[data-point="${cell.dataset.fills}"]`);
  const units = unitsOf(cell);
  point.classList.toggle("is-given", units > 0);
  point.querySelector("circle").setAttribute("r", units > 0 ? "9.5" : "3");
  point.querySelector("text").textContent = units > 0 ? written.format(units) : "";
}

function add() {
  const units = cells.reduce((sum, cell) => sum + unitsOf(cell), 0);
  total.textContent = units > 0 ? `${written.format(units)}\u00a0${total.dataset.unit}` : "–";
}

if (form) {
  form.addEventListener("change", (event) => {
    if (event.target.name === "kind") {
      showKind();
    }
  });
  cells.forEach((cell) => {
    cell.addEventListener("input", () => {
      draw(cell);
      add();
    });
    cell.addEventListener("focus", () => {
      form.querySelector(`[data-point="${cell.dataset.fills}"]`).classList.add("is-here");
    });
    cell.addEventListener("blur", () => {
      form.querySelector(`[data-point="${cell.dataset.fills}"]`).classList.remove("is-here");
    });
  });
  showKind();
  // What a browser or a draft brought back is drawn too.
  cells.forEach(draw);
  add();
}
