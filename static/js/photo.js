// The photo's page: points and measure lines over the photo, zoom, and the correction form's dependent fields.
const NS = "http://www.w3.org/2000/svg";
const STEPS = [1, 1.5, 2, 3, 4];
// Points of the face mesh; right and left are the patient's own.
const POINTS = {
  forehead: 10,
  chin: 152,
  right: { iris: 468, brow: 105, upper: 159, lower: 145, outer: 33, inner: 133, mouth: 61 },
  left: { iris: 473, brow: 334, upper: 386, lower: 374, outer: 263, inner: 362, mouth: 291 },
};
let zoom = 0;
const shown = { lines: false, points: false };
const viewer = document.querySelector("[data-viewer]");
if (viewer) {
  startViewer();
}
startCorrection();
document.addEventListener("htmx:afterSwap", () => {
  if (viewer) {
    draw();
  }
  startCorrection();
});

function shape(name, attributes, parent) {
  const element = document.createElementNS(NS, name);
  Object.entries(attributes).forEach(([key, value]) => {
    element.setAttribute(key, value);
  });
  parent.appendChild(element);
  return element;
}

function data() {
  const holder = document.getElementById("overlay-data");
  return holder ? JSON.parse(holder.textContent) : null;
}

function draw() {
  const overlay = viewer.querySelector("[data-overlay]");
  const found = data();
  overlay.replaceChildren();
  viewer.querySelectorAll("[data-toggle]").forEach((button) => {
    button.disabled = !found;
  });
  if (!found) {
    return;
  }
  overlay.setAttribute("viewBox", `0 0 ${found.width} ${found.height}`);
  const at = (index) => ({ x: found.points[index][0] * found.width, y: found.points[index][1] * found.height });
  drawPoints(shape("g", { class: "overlay-points" }, overlay), found);
  drawLines(shape("g", { class: "overlay-lines" }, overlay), at, found);
  apply();
}

function drawPoints(group, found) {
  const radius = Math.max(found.width, found.height) / 480;
  found.points.forEach(([x, y]) => {
    shape("circle", { cx: x * found.width, cy: y * found.height, r: radius }, group);
  });
}

function line(group, kind, from, to) {
  shape("line", { class: "halo", x1: from.x, y1: from.y, x2: to.x, y2: to.y }, group);
  shape("line", { class: kind, x1: from.x, y1: from.y, x2: to.x, y2: to.y }, group);
}

function middle(a, b) {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
}

// The foot of the point on the line through `origin` in direction `way`.
function foot(point, origin, way) {
  const share = (point.x - origin.x) * way.x + (point.y - origin.y) * way.y;
  return { x: origin.x + share * way.x, y: origin.y + share * way.y };
}

function drawLines(group, at, found) {
  const right = middle(at(POINTS.right.outer), at(POINTS.right.inner));
  const left = middle(at(POINTS.left.outer), at(POINTS.left.inner));
  const length = Math.hypot(left.x - right.x, left.y - right.y) || 1;
  const across = { x: (left.x - right.x) / length, y: (left.y - right.y) / length };
  const down = { x: -across.y, y: across.x };
  const centre = middle(at(POINTS.right.inner), at(POINTS.left.inner));
  line(group, "midline", foot(at(POINTS.forehead), centre, down), foot(at(POINTS.chin), centre, down));
  line(group, "eyeline", right, left);
  ["right", "left"].forEach((side) => {
    const ids = POINTS[side];
    const kind = found.weak === side || found.weak === "both" ? "measure is-weak" : "measure";
    line(group, kind, at(ids.brow), foot(at(ids.brow), right, across));
    const lids = middle(at(ids.upper), at(ids.lower));
    line(group, kind, foot(at(ids.upper), lids, down), foot(at(ids.lower), lids, down));
    line(group, kind, at(ids.mouth), foot(at(ids.mouth), centre, down));
  });
}

function apply() {
  const overlay = viewer.querySelector("[data-overlay]");
  ["lines", "points"].forEach((name) => {
    overlay.classList.toggle(`shows-${name}`, shown[name]);
    const button = viewer.querySelector(`[data-toggle="${name}"]`);
    button.setAttribute("aria-pressed", String(shown[name]));
    button.classList.toggle("active", shown[name]);
  });
  viewer.querySelector("[data-zoom-value]").textContent = `${100 * STEPS[zoom]} %`;
  setDisabled("out", zoom === 0);
  setDisabled("in", zoom === STEPS.length - 1);
  setDisabled("fit", zoom === 0);
}

// A disabled button would lose the focus of somebody who zooms by keyboard.
function setDisabled(which, off) {
  viewer.querySelector(`[data-zoom="${which}"]`).setAttribute("aria-disabled", String(off));
}

// `clientX` and `clientY` are the place in the window that stays where it is; without them the middle does.
function zoomTo(step, clientX, clientY) {
  const wanted = Math.max(0, Math.min(STEPS.length - 1, step));
  if (wanted === zoom) {
    return;
  }
  const stage = viewer.querySelector("[data-stage]");
  const scroll = viewer.querySelector(".viewer-scroll");
  const frame = scroll.getBoundingClientRect();
  const x = clientX ?? frame.left + frame.width / 2;
  const y = clientY ?? frame.top + frame.height / 2;
  const before = stage.getBoundingClientRect();
  const across = (x - before.left) / (before.width || 1);
  const down = (y - before.top) / (before.height || 1);
  if (zoom === 0) {
    stage.style.setProperty("--fitted", `${before.width}px`);
    scroll.style.height = `${frame.height}px`;
  }
  zoom = wanted;
  viewer.classList.toggle("is-zoomed", zoom > 0);
  stage.style.setProperty("--zoom", String(STEPS[zoom]));
  if (zoom === 0) {
    scroll.style.removeProperty("height");
  }
  const after = stage.getBoundingClientRect();
  scroll.scrollLeft += after.left + across * after.width - x;
  scroll.scrollTop += after.top + down * after.height - y;
  apply();
}

function startViewer() {
  viewer.querySelector("[data-tools]").hidden = false;
  viewer.addEventListener("click", (event) => {
    const toggle = event.target.closest("[data-toggle]");
    const step = event.target.closest("[data-zoom]");
    if (toggle) {
      shown[toggle.dataset.toggle] = !shown[toggle.dataset.toggle];
      apply();
    } else if (step) {
      zoomTo(step.dataset.zoom === "fit" ? 0 : zoom + (step.dataset.zoom === "in" ? 1 : -1));
    }
  });
  startMoving(viewer.querySelector(".viewer-scroll"));
  draw();
  apply();
}

function startMoving(scroll) {
  let from = null;
  scroll.addEventListener("dblclick", (event) => {
    zoomTo(zoom === STEPS.length - 1 ? 0 : zoom + 1, event.clientX, event.clientY);
  });
  scroll.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "-" || event.key === "0") {
      event.preventDefault();
      zoomTo(event.key === "0" ? 0 : zoom + (event.key === "+" ? 1 : -1));
    }
  });
  scroll.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0 && zoom > 0) {
      from = { x: event.clientX, y: event.clientY, left: scroll.scrollLeft, top: scroll.scrollTop };
      scroll.setPointerCapture(event.pointerId);
      viewer.classList.add("is-dragged");
    }
  });
  scroll.addEventListener("pointermove", (event) => {
    if (from) {
      scroll.scrollLeft = from.left + from.x - event.clientX;
      scroll.scrollTop = from.top + from.y - event.clientY;
    }
  });
  ["pointerup", "pointercancel"].forEach((name) => {
    scroll.addEventListener(name, () => {
      from = null;
      viewer.classList.remove("is-dragged");
    });
  });
  scroll.querySelector("img").addEventListener("dragstart", (event) => {
    event.preventDefault();
  });
}

// Without palsy there is no side and no grade to give.
function startCorrection() {
  document.querySelectorAll(".correct-form").forEach((form) => {
    const dependent = form.querySelector("[data-with-palsy]");
    const follow = () => {
      const chosen = form.querySelector('[name="palsy"]:checked');
      dependent.hidden = chosen?.value === "no";
    };
    form.addEventListener("change", follow);
    follow();
  });
}
