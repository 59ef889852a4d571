// The photo's page: points and measure lines over the photo, zoom, and the correction form's dependent fields.
(function () {
  "use strict";
  var NS = "http://www.w3.org/2000/svg";
  var STEPS = [1, 1.5, 2, 3, 4];
  // Points of the face mesh; right and left are the patient's own.
  var P = {
    forehead: 10, chin: 152,
    right: { iris: 468, brow: 105, upper: 159, lower: 145, outer: 33, inner: 133, mouth: 61 },
    left: { iris: 473, brow: 334, upper: 386, lower: 374, outer: 263, inner: 362, mouth: 291 }
  };
  var zoom = 0;
  var shown = { lines: false, points: false };
  var viewer = document.querySelector("[data-viewer]");
  if (viewer) {
    startViewer();
  }
  startCorrection();
  document.addEventListener("htmx:afterSwap", function () {
    if (viewer) {
      draw();
    }
    startCorrection();
  });

  function shape(name, attributes, parent) {
    var element = document.createElementNS(NS, name);
    Object.keys(attributes).forEach(function (key) {
      element.setAttribute(key, attributes[key]);
    });
    parent.appendChild(element);
    return element;
  }

  function data() {
    var holder = document.getElementById("overlay-data");
    return holder ? JSON.parse(holder.textContent) : null;
  }

  function draw() {
    var overlay = viewer.querySelector("[data-overlay]");
    var found = data();
    overlay.replaceChildren();
    viewer.querySelectorAll("[data-toggle]").forEach(function (button) {
      button.disabled = !found;
    });
    if (!found) {
      return;
    }
    overlay.setAttribute("viewBox", "0 0 " + found.width + " " + found.height);
    var at = function (index) {
      return { x: found.points[index][0] * found.width, y: found.points[index][1] * found.height };
    };
    drawPoints(shape("g", { "class": "overlay-points" }, overlay), found);
    drawLines(shape("g", { "class": "overlay-lines" }, overlay), at, found);
    apply();
  }

  function drawPoints(group, found) {
    var radius = Math.max(found.width, found.height) / 480;
    found.points.forEach(function (point) {
      shape("circle", { cx: point[0] * found.width, cy: point[1] * found.height, r: radius }, group);
    });
  }

  function line(group, kind, from, to) {
    shape("line", { "class": "halo", x1: from.x, y1: from.y, x2: to.x, y2: to.y }, group);
    shape("line", { "class": kind, x1: from.x, y1: from.y, x2: to.x, y2: to.y }, group);
  }

  function middle(a, b) {
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  }

  // The foot of the point on the line through `origin` in direction `way`.
  function foot(point, origin, way) {
    var share = (point.x - origin.x) * way.x + (point.y - origin.y) * way.y;
    return { x: origin.x + share * way.x, y: origin.y + share * way.y };
  }

  function drawLines(group, at, found) {
    var right = middle(at(P.right.outer), at(P.right.inner));
    var left = middle(at(P.left.outer), at(P.left.inner));
    var length = Math.hypot(left.x - right.x, left.y - right.y) || 1;
    var across = { x: (left.x - right.x) / length, y: (left.y - right.y) / length };
    var down = { x: -across.y, y: across.x };
    var centre = middle(at(P.right.inner), at(P.left.inner));
    line(group, "midline", foot(at(P.forehead), centre, down), foot(at(P.chin), centre, down));
    line(group, "eyeline", right, left);
    ["right", "left"].forEach(function (side) {
      var ids = P[side];
      var kind = found.weak === side || found.weak === "both" ? "measure is-weak" : "measure";
      line(group, kind, at(ids.brow), foot(at(ids.brow), right, across));
      var lids = middle(at(ids.upper), at(ids.lower));
      line(group, kind, foot(at(ids.upper), lids, down), foot(at(ids.lower), lids, down));
      line(group, kind, at(ids.mouth), foot(at(ids.mouth), centre, down));
    });
  }

  function apply() {
    var overlay = viewer.querySelector("[data-overlay]");
    ["lines", "points"].forEach(function (name) {
      overlay.classList.toggle("shows-" + name, shown[name]);
      var button = viewer.querySelector('[data-toggle="' + name + '"]');
      button.setAttribute("aria-pressed", String(shown[name]));
      button.classList.toggle("active", shown[name]);
    });
    viewer.querySelector("[data-zoom-value]").textContent = 100 * STEPS[zoom] + " %";
    setDisabled("out", zoom === 0);
    setDisabled("in", zoom === STEPS.length - 1);
    setDisabled("fit", zoom === 0);
  }

  // A disabled button would lose the focus of somebody who zooms by keyboard.
  function setDisabled(which, off) {
    viewer.querySelector('[data-zoom="' + which + '"]').setAttribute("aria-disabled", String(off));
  }

  // `x` and `y` are the place in the window that stays where it is; without them the middle does.
  function zoomTo(step, x, y) {
    var wanted = Math.max(0, Math.min(STEPS.length - 1, step));
    if (wanted === zoom) {
      return;
    }
    var stage = viewer.querySelector("[data-stage]");
    var scroll = viewer.querySelector(".viewer-scroll");
    var frame = scroll.getBoundingClientRect();
    x = x === undefined ? frame.left + frame.width / 2 : x;
    y = y === undefined ? frame.top + frame.height / 2 : y;
    var before = stage.getBoundingClientRect();
    var across = (x - before.left) / (before.width || 1);
    var down = (y - before.top) / (before.height || 1);
    if (zoom === 0) {
      stage.style.setProperty("--fitted", before.width + "px");
      scroll.style.height = frame.height + "px";
    }
    zoom = wanted;
    viewer.classList.toggle("is-zoomed", zoom > 0);
    stage.style.setProperty("--zoom", String(STEPS[zoom]));
    if (zoom === 0) {
      scroll.style.removeProperty("height");
    }
    var after = stage.getBoundingClientRect();
    scroll.scrollLeft += after.left + across * after.width - x;
    scroll.scrollTop += after.top + down * after.height - y;
    apply();
  }

  function startViewer() {
    viewer.querySelector("[data-tools]").hidden = false;
    viewer.addEventListener("click", function (event) {
      var toggle = event.target.closest("[data-toggle]");
      var step = event.target.closest("[data-zoom]");
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
    var from = null;
    scroll.addEventListener("dblclick", function (event) {
      zoomTo(zoom === STEPS.length - 1 ? 0 : zoom + 1, event.clientX, event.clientY);
    });
    scroll.addEventListener("keydown", function (event) {
      if (event.key === "+" || event.key === "-" || event.key === "0") {
        event.preventDefault();
        zoomTo(event.key === "0" ? 0 : zoom + (event.key === "+" ? 1 : -1));
      }
    });
    scroll.addEventListener("pointerdown", function (event) {
      if (event.pointerType === "mouse" && event.button === 0 && zoom > 0) {
        from = { x: event.clientX, y: event.clientY, left: scroll.scrollLeft, top: scroll.scrollTop };
        scroll.setPointerCapture(event.pointerId);
        viewer.classList.add("is-dragged");
      }
    });
    scroll.addEventListener("pointermove", function (event) {
      if (from) {
        scroll.scrollLeft = from.left + from.x - event.clientX;
        scroll.scrollTop = from.top + from.y - event.clientY;
      }
    });
    ["pointerup", "pointercancel"].forEach(function (name) {
      scroll.addEventListener(name, function () {
        from = null;
        viewer.classList.remove("is-dragged");
      });
    });
    scroll.querySelector("img").addEventListener("dragstart", function (event) { event.preventDefault(); });
  }

  // Without palsy there is no side and no grade to give.
  function startCorrection() {
    document.querySelectorAll(".correct-form").forEach(function (form) {
      var dependent = form.querySelector("[data-with-palsy]");
      var follow = function () {
        var chosen = form.querySelector('[name="palsy"]:checked');
        dependent.hidden = Boolean(chosen) && chosen.value === "no";
      };
      form.addEventListener("change", follow);
      follow();
    });
  }
})();
