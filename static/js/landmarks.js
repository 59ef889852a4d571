// Points of a face, put right by hand: dragged by mouse or finger, or moved by keys; the server measures after each move.
import { csrfToken } from "./page.js";

const NS = "http://www.w3.org/2000/svg";
// A finger's or pointer's reach, and the least and most that is seen of the photo around a part, in pixels on screen.
const REACH = 24;
const LOUPE_FACTOR = 4;
const MOST_STEPS = 200;
// Key presses on one point within this time are one step to undo.
const ONE_STEP = 900;
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const root = document.querySelector("[data-placing]");
const data = JSON.parse(document.getElementById("placing-data").textContent);
const photo = root.querySelector("[data-photo]");
const layer = root.querySelector("[data-points]");
const traces = root.querySelector("[data-traces]");
const loupe = root.querySelector("[data-loupe]");
const stage = root.querySelector("[data-stage]");
const form = root.querySelector("[data-save]");
const points = new Map(data.points.map((point) => [point.index, point]));
let moved = copy(data.moved);
let part = root.querySelector("[data-part]").dataset.part;
let chosen = null;
let undone = [];
let done = [];
let drag = null;
let lastKey = { index: null, at: 0 };
let asking = null;
let saving = false;

function copy(places) {
  return Object.fromEntries(Object.entries(places).map(([index, place]) => [index, [...place]]));
}

const same = (one, other) => JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
const sorted = (places) => Object.entries(places).sort(([one], [other]) => Number(one) - Number(other));
const placeOf = (index) => moved[index] ?? points.get(index).model;
const pixels = ([x, y]) => ({ x: x * data.width, y: y * data.height });
const round = (share) => Math.round(share * 1e5) / 1e5;
const within = (share) => Math.min(1, Math.max(0, share));

function shape(name, attributes, parent) {
  const element = document.createElementNS(NS, name);
  Object.entries(attributes).forEach(([key, value]) => {
    element.setAttribute(key, value);
  });
  parent.appendChild(element);
  return element;
}

// --- what is seen ---

function inPart() {
  return data.points.filter((point) => point.group === part);
}

// The part of the face with room about it, as wide and high as the stage.
function frame() {
  const places = inPart().map((point) => pixels(point.model));
  const [xs, ys] = [places.map((place) => place.x), places.map((place) => place.y)];
  const box = { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
  const { width, height } = stage.getBoundingClientRect();
  const span = Math.max(1.5 * (box.right - box.left), (2.2 * (box.bottom - box.top) * width) / (height || 1), 24);
  const tall = (span * height) / (width || 1);
  const middle = { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 };
  photo.setAttribute("viewBox", `${middle.x - span / 2} ${middle.y - tall / 2} ${span} ${tall}`);
}

// Photo pixels for one pixel on screen.
function scale() {
  const matrix = photo.getScreenCTM();
  return matrix ? 1 / matrix.a : 1;
}

function inPhoto(event) {
  const matrix = photo.getScreenCTM();
  return new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
}

function build() {
  frame();
  layer.replaceChildren();
  inPart().forEach((point) => {
    const group = shape(
      "g",
      { class: "placing-point", tabindex: "0", role: "button", "data-index": point.index },
      layer,
    );
    shape("circle", { class: "placing-halo" }, group);
    shape("circle", { class: "placing-dot" }, group);
    group.addEventListener("focus", () => choose(point.index));
  });
  if (chosen !== null && points.get(chosen).group !== part) {
    chosen = null;
  }
  draw();
}

function draw() {
  const unit = scale();
  traces.replaceChildren();
  layer.querySelectorAll("[data-index]").forEach((group) => {
    const index = Number(group.dataset.index);
    const at = pixels(placeOf(index));
    const isChosen = index === chosen;
    group.classList.toggle("is-chosen", isChosen);
    group.classList.toggle("is-moved", index in moved);
    group.setAttribute("aria-pressed", String(isChosen));
    group.setAttribute("aria-label", `${points.get(index).name}, ${whereabouts(index)}`);
    [...group.children].forEach((circle, place) => {
      circle.setAttribute("cx", at.x);
      circle.setAttribute("cy", at.y);
      circle.setAttribute("r", (place === 0 ? 9 : isChosen ? 5 : 4) * unit);
    });
    if (index in moved) {
      const from = pixels(points.get(index).model);
      shape("line", { x1: from.x, y1: from.y, x2: at.x, y2: at.y, class: "placing-trace" }, traces);
    }
  });
  const name = root.querySelector("[data-chosen]");
  if (chosen !== null) {
    name.textContent = `${points.get(chosen).name}: ${whereabouts(chosen)}`;
  }
  setTools();
}

function whereabouts(index) {
  if (!(index in moved)) {
    return root.dataset.atModel;
  }
  const [from, to] = [pixels(points.get(index).model), pixels(moved[index])];
  const signed = (value) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(Math.round(value * 10) / 10)}`;
  return root.dataset.away.replace("{across}", signed(to.x - from.x)).replace("{down}", signed(to.y - from.y));
}

function setTools() {
  const off = {
    undo: done.length === 0,
    redo: undone.length === 0,
    reset: chosen === null || !(chosen in moved),
    "reset-all": Object.keys(moved).length === 0,
  };
  Object.entries(off).forEach(([name, isOff]) => {
    root.querySelector(`[data-do="${name}"]`).setAttribute("aria-disabled", String(isOff));
  });
  root.querySelector("[data-state]").textContent = same(moved, data.kept) ? root.dataset.saved : root.dataset.unsaved;
  form.elements.points.value = JSON.stringify(moved);
}

// Beside the finger, in the corner that lies farther from the point.
function showLoupe(index) {
  const at = pixels(placeOf(index));
  const span = ((loupe.clientWidth || 132) * scale()) / LOUPE_FACTOR;
  const box = photo.viewBox.baseVal;
  const onLeft = at.x < box.x + box.width / 2;
  loupe.removeAttribute("hidden"); // an SVG has no such property
  loupe.classList.toggle("is-right", onLeft);
  loupe.setAttribute("viewBox", `${at.x - span / 2} ${at.y - span / 2} ${span} ${span}`);
  const cross = loupe.querySelector("[data-cross]");
  cross.replaceChildren();
  [
    [-0.5, 0, -0.06, 0],
    [0.06, 0, 0.5, 0],
    [0, -0.5, 0, -0.06],
    [0, 0.06, 0, 0.5],
  ].forEach(([x1, y1, x2, y2]) => {
    const ends = { x1: at.x + x1 * span, y1: at.y + y1 * span, x2: at.x + x2 * span, y2: at.y + y2 * span };
    shape("line", { ...ends, class: "placing-halo-line" }, cross);
    shape("line", { ...ends, class: "placing-cross" }, cross);
  });
}

function hideLoupe() {
  loupe.setAttribute("hidden", "");
}

// --- what is done ---

function choose(index) {
  chosen = index;
  draw();
}

function show(key) {
  part = key;
  root.querySelectorAll("[data-part]").forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.part === key));
  });
  hideLoupe();
  build();
}

function remember(before) {
  done.push(before);
  done = done.slice(-MOST_STEPS);
  undone = [];
}

// The point and what goes along with it, by so many pixels of the photo from where `from` has them.
function move(index, across, down, from) {
  [index, ...points.get(index).along].forEach((one) => {
    const [x, y] = from[one] ?? points.get(one).model;
    const place = [round(within(x + across / data.width)), round(within(y + down / data.height))];
    const model = points.get(one).model.map(round);
    if (place[0] === model[0] && place[1] === model[1]) {
      delete moved[one];
    } else {
      moved[one] = place;
    }
  });
  draw();
}

function turnBack(from, onto) {
  if (from.length) {
    onto.push(copy(moved));
    moved = from.pop();
    hideLoupe();
    draw();
    measure();
  }
}

function reset(indexes) {
  const before = copy(moved);
  indexes.forEach((index) => {
    delete moved[index];
  });
  if (!same(before, moved)) {
    remember(before);
    draw();
    measure();
  }
}

const actions = {
  undo: () => turnBack(done, undone),
  redo: () => turnBack(undone, done),
  reset: () => chosen !== null && reset([chosen, ...points.get(chosen).along]),
  "reset-all": () => reset(Object.keys(moved)),
  earlier: (button) => {
    remember(copy(moved));
    moved = { ...moved, ...copy(data.earlier[Number(button.dataset.number)]) };
    draw();
    measure();
  },
};

// The newest question alone is answered.
async function measure() {
  asking?.abort();
  const mine = new AbortController();
  asking = mine;
  const body = new FormData(form);
  const panel = root.querySelector("[data-measures]");
  try {
    const response = await fetch(root.dataset.measure, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": csrfToken() },
      signal: mine.signal,
    });
    const text = await response.text();
    if (response.ok && !response.redirected) {
      panel.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
    } else {
      panel.textContent = response.status === 422 ? text : root.dataset.failed;
    }
  } catch (error) {
    if (error.name !== "AbortError") {
      panel.textContent = root.dataset.failed;
    }
  }
}

// --- pointer ---

function nearest(at) {
  const reach = REACH * scale();
  const found = inPart()
    .map((point) => {
      const place = pixels(placeOf(point.index));
      return { index: point.index, away: Math.hypot(place.x - at.x, place.y - at.y) };
    })
    .sort((one, other) => one.away - other.away)[0];
  return found && found.away <= reach ? found.index : null;
}

photo.addEventListener("pointerdown", (event) => {
  if (drag || (event.pointerType === "mouse" && event.button !== 0)) {
    return;
  }
  const at = inPhoto(event);
  const index = nearest(at) ?? chosen;
  if (index === null) {
    return;
  }
  event.preventDefault();
  choose(index);
  layer.querySelector(`[data-index="${index}"]`)?.focus({ preventScroll: true });
  drag = { pointer: event.pointerId, index, at, from: copy(moved), moves: false };
  photo.setPointerCapture(event.pointerId);
  showLoupe(index);
});
photo.addEventListener("pointermove", (event) => {
  if (drag?.pointer !== event.pointerId) {
    return;
  }
  const at = inPhoto(event);
  const [across, down] = [at.x - drag.at.x, at.y - drag.at.y];
  if (!drag.moves && Math.hypot(across, down) < 2 * scale()) {
    return;
  }
  drag.moves = true;
  move(drag.index, across, down, drag.from);
  showLoupe(drag.index);
});

function drop(event, keep) {
  if (drag?.pointer !== event.pointerId) {
    return;
  }
  const { from, moves } = drag;
  drag = null;
  hideLoupe();
  if (!keep) {
    moved = from;
    draw();
  } else if (moves && !same(from, moved)) {
    remember(from);
    measure();
  }
}

photo.addEventListener("pointerup", (event) => drop(event, true));
photo.addEventListener("pointercancel", (event) => drop(event, false));

// --- keys ---

layer.addEventListener("keydown", (event) => {
  const index = Number(event.target.closest("[data-index]").dataset.index);
  const way = WAYS[event.key];
  if (way && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    const step = event.shiftKey ? 10 : 1;
    const now = Date.now();
    if (lastKey.index !== index || now - lastKey.at > ONE_STEP) {
      remember(copy(moved));
    }
    lastKey = { index, at: now };
    move(index, step * way[0], step * way[1], copy(moved));
    showLoupe(index);
    measure();
  } else if (event.key === "Delete" || event.key === "Backspace") {
    event.preventDefault();
    reset([index, ...points.get(index).along]);
  } else if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    choose(index);
  }
});
layer.addEventListener("focusout", hideLoupe);
root.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y")) {
    event.preventDefault();
    lastKey = { index: null, at: 0 };
    actions[key === "y" || event.shiftKey ? "redo" : "undo"]();
  }
});

root.addEventListener("click", (event) => {
  const button = event.target.closest("[data-part], [data-do]");
  if (!button) {
    return;
  }
  lastKey = { index: null, at: 0 };
  if (button.dataset.part) {
    show(button.dataset.part);
  } else {
    actions[button.dataset.do](button);
  }
});

form.addEventListener("submit", () => {
  saving = true;
});
window.addEventListener("beforeunload", (event) => {
  if (!saving && !same(moved, data.kept)) {
    event.preventDefault();
  }
});
new ResizeObserver(() => {
  frame();
  draw();
}).observe(stage);
build();
