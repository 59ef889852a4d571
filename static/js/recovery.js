/* The recovery charts: symmetry and grade against days since onset. The page's table holds the same data;
   nothing here is needed to read it. */
(function () {
  "use strict";

  const source = document.getElementById("recovery-data");
  const figure = document.getElementById("recovery-chart");
  if (!source || !figure || !window.Chart) return;
  const data = JSON.parse(source.textContent);
  const words = figure.dataset;
  const REGIONS = ["mouth", "eye", "brow"];
  const POINTS = { mouth: "circle", eye: "rect", brow: "triangle" };
  const DASHES = { mouth: [], eye: [9, 4], brow: [2, 3] };
  const ROMAN = ["", "I", "II", "III", "IV", "V", "VI"];
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const exerciseNames = {};
  data.exercises.forEach(function (one) { exerciseNames[one.exercise] = exerciseNames[one.exercise] || one.name; });

  let current = data.visits.length - 1;
  let colours = palette();

  function palette(light) {
    // A print is on white paper whatever the screen shows.
    const probe = document.createElement("span");
    if (light) probe.dataset.bsTheme = "light";
    probe.hidden = true;
    document.body.append(probe);
    const style = window.getComputedStyle(probe);
    const read = function (name) { return style.getPropertyValue("--chart-" + name).trim(); };
    const found = {};
    ["mouth", "eye", "brow", "text", "muted", "line", "surface", "clinician", "model", "accent"].forEach(function (name) {
      found[name] = read(name);
    });
    probe.remove();
    return found;
  }

  function fill(pattern, values) {
    let place = 0;
    return pattern.replace(/%s/g, function () { return values[place++]; });
  }

  function two(value) {
    return value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
  }

  /* Points of one line; a point without a value between two others breaks the line. */
  function line(read) {
    const points = [];
    let before = null;
    data.visits.forEach(function (visit, index) {
      const found = read(visit);
      if (!found || found.value === null) {
        points.push({ x: visit.day, y: null });
        before = null;
        return;
      }
      if (before && (before.release !== found.release || before.exercise !== found.exercise)) {
        points.push({ x: visit.day, y: null });
      }
      points.push({ x: visit.day, y: found.value, visit: index, exercise: found.exercise });
      before = found;
    });
    return points;
  }

  function lineSet(region, points, small) {
    return {
      type: "line",
      label: words[region],
      region: region,
      data: points,
      yAxisID: "symmetry",
      spanGaps: false,
      borderWidth: small ? 2 : 2.5,
      borderDash: DASHES[region],
      pointStyle: POINTS[region],
      pointRadius: small ? 3.5 : 5.5,
      pointHoverRadius: small ? 3.5 : 5.5,
      pointHitRadius: 0,
      tension: 0,
    };
  }

  function paintLine(set) {
    set.borderColor = colours[set.region];
    set.pointBackgroundColor = colours[set.region];
    set.pointBorderColor = colours.surface;
    set.pointBorderWidth = 1;
    set.pointHoverBackgroundColor = colours[set.region];
    set.pointHoverBorderColor = colours.surface;
  }

  function gradeSet(kind, read, style, radius) {
    const points = [];
    data.visits.forEach(function (visit, index) {
      const grade = read(visit);
      if (grade) points.push({ x: visit.day, y: grade, visit: index });
    });
    return {
      type: "line",
      kind: kind,
      label: kind,
      data: points,
      yAxisID: "grade",
      showLine: false,
      pointStyle: style,
      pointRadius: radius,
      pointHoverRadius: radius,
      pointHitRadius: 0,
    };
  }

  function paintGrade(set) {
    const own = set.kind !== "model";
    const colour = own ? colours.clinician : colours.model;
    const filled = set.kind === "clinician" ? colour : "transparent";
    set.pointBackgroundColor = set.pointHoverBackgroundColor = filled;
    set.pointBorderColor = set.pointHoverBorderColor = colour;
    set.pointBorderWidth = set.pointHoverBorderWidth = 2;
    set.order = own ? 1 : 2;
  }

  const lastDay = data.visits[data.visits.length - 1].day;
  const days = data.visits.map(function (visit) { return visit.day; })
    .concat(data.treatments.map(function (one) { return one.day; }));
  const firstDay = Math.min.apply(null, days.concat([0]));
  const finalDay = Math.max.apply(null, days.concat([7]));
  const span = { min: Math.floor(firstDay / 7) * 7, max: Math.max(finalDay, 7) + Math.max(2, (finalDay - firstDay) * 0.02) };

  function weekTicks(axis, wanted) {
    const weeks = (span.max - span.min) / 7;
    const step = [1, 2, 4, 8, 13, 26, 52, 104].find(function (one) { return weeks / one <= wanted; }) || 208;
    axis.ticks = [];
    for (let day = Math.ceil(span.min / 7 / step) * step * 7; day <= span.max; day += step * 7) {
      axis.ticks.push({ value: day });
    }
  }

  function font(chart, size, weight) {
    return (weight || 400) + " " + size + "px " + window.getComputedStyle(document.body).fontFamily;
  }

  /* The lines' names at their ends, pushed apart where they would touch. */
  const endLabels = {
    id: "endLabels",
    afterDatasetsDraw: function (chart) {
      const area = chart.chartArea;
      const labels = [];
      chart.data.datasets.forEach(function (set, index) {
        if (!set.region) return;
        let last = null;
        set.data.forEach(function (point, place) { if (point.y !== null) last = place; });
        if (last === null) return;
        const element = chart.getDatasetMeta(index).data[last];
        labels.push({ y: element.y, at: element.y, x: element.x, text: set.label + " " + two(set.data[last].y), colour: colours[set.region] });
      });
      labels.sort(function (a, b) { return a.y - b.y; });
      const gap = 18;
      for (let turn = 0; turn < 10; turn++) {
        for (let i = 1; i < labels.length; i++) {
          const short = gap - (labels[i].at - labels[i - 1].at);
          if (short > 0) { labels[i].at += short / 2; labels[i - 1].at -= short / 2; }
        }
      }
      const bottom = chart.scales.symmetry.bottom - 6;
      for (let i = labels.length - 1, limit = bottom; i >= 0; i--) {
        labels[i].at = Math.min(labels[i].at, limit);
        limit = labels[i].at - gap;
      }
      const ctx = chart.ctx;
      ctx.save();
      ctx.font = font(chart, 14, 600);
      ctx.textBaseline = "middle";
      labels.forEach(function (label) {
        ctx.fillStyle = label.colour;
        ctx.fillText(label.text, area.right + 10, label.at);
      });
      ctx.restore();
    },
  };

  /* The range of the photos behind each of the model's grades. */
  const ranges = {
    id: "ranges",
    beforeDatasetsDraw: function (chart) {
      const ctx = chart.ctx;
      ctx.save();
      ctx.strokeStyle = colours.model;
      ctx.lineWidth = 2;
      data.visits.forEach(function (visit) {
        const model = visit.model;
        if (!model.grade || model.lowest === model.highest) return;
        const x = chart.scales.x.getPixelForValue(visit.day);
        const top = chart.scales.grade.getPixelForValue(model.lowest);
        const bottom = chart.scales.grade.getPixelForValue(model.highest);
        ctx.beginPath();
        ctx.moveTo(x - 4, top); ctx.lineTo(x + 4, top);
        ctx.moveTo(x, top); ctx.lineTo(x, bottom);
        ctx.moveTo(x - 4, bottom); ctx.lineTo(x + 4, bottom);
        ctx.stroke();
      });
      ctx.restore();
    },
  };

  /* The visit that the reader stands on. */
  const cursor = {
    id: "cursor",
    beforeDatasetsDraw: function (chart) {
      const visit = data.visits[current];
      if (!visit || chart.printing) return;
      const x = chart.scales.x.getPixelForValue(visit.day);
      const ctx = chart.ctx;
      ctx.save();
      ctx.strokeStyle = colours.accent;
      ctx.globalAlpha = 0.35;
      ctx.lineWidth = 7;
      ctx.beginPath();
      ctx.moveTo(x, chart.chartArea.top);
      ctx.lineTo(x, chart.chartArea.bottom);
      ctx.stroke();
      ctx.restore();
    },
  };

  /* Treatments, model changes and visits as flags; labels that would touch go to another row. */
  function flags() {
    const found = data.treatments.map(function (one) { return { day: one.day, text: one.label, dash: [] }; });
    data.model_changes.forEach(function (one) {
      found.push({ day: one.day, text: fill(words.modelChange, [one.after.join(", ")]), dash: [6, 4] });
    });
    found.push({ day: 0, text: words.onset, dash: [2, 3] });
    return found.sort(function (a, b) { return a.day - b.day; });
  }

  function annotations(width) {
    const room = Math.max(120, width - 170);
    const perDay = room / (span.max - span.min);
    const ends = [];
    const lines = {};
    flags().forEach(function (flag, index) {
      const half = flag.text.length * 3.6 + 8;
      let at = (flag.day - span.min) * perDay;
      const shift = Math.max(0, half - at) - Math.max(0, at + half - room - 90);
      at += shift;
      let row = ends.findIndex(function (end) { return end <= at - half; });
      if (row < 0) row = ends.length;
      ends[row] = at + half + 4;
      lines["flag" + index] = {
        type: "line",
        scaleID: "x",
        value: flag.day,
        borderColor: colours.muted,
        borderWidth: 1.5,
        borderDash: flag.dash,
        drawTime: "beforeDatasetsDraw",
        label: {
          display: true,
          content: flag.text,
          position: "start",
          xAdjust: shift,
          yAdjust: -22 - 22 * row,
          backgroundColor: colours.surface,
          borderColor: colours.line,
          borderWidth: 1,
          borderRadius: 4,
          color: colours.text,
          font: { size: 13, weight: "500" },
          padding: { x: 6, y: 2 },
        },
      };
    });
    return { lines: lines, rows: ends.length };
  }

  function baseOptions() {
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: still ? false : { duration: 250 },
      events: [],
      layout: { padding: { right: 96 } },
      plugins: { legend: { display: false }, tooltip: { enabled: false }, annotation: { annotations: {}, clip: false } },
    };
  }

  function axis(extra) {
    return Object.assign({ grid: { color: colours.line }, border: { color: colours.muted }, ticks: { color: colours.muted } }, extra);
  }

  function mainOptions(canvas) {
    const options = baseOptions();
    const flagged = annotations(canvas.parentElement.clientWidth);
    options.layout.padding.top = 10 + 22 * flagged.rows;
    options.plugins.annotation.annotations = flagged.lines;
    options.scales = {
      x: axis({
        type: "linear", min: span.min, max: span.max,
        title: { display: true, text: words.weeks, color: colours.muted, font: { size: 14 } },
        afterBuildTicks: function (one) { weekTicks(one, canvas.parentElement.clientWidth < 500 ? 6 : 14); },
        ticks: { color: colours.muted, font: { size: 14 }, callback: function (value) { return Math.round(value / 7); }, autoSkip: false, maxRotation: 0 },
      }),
      symmetry: axis({
        type: "linear", min: 0, max: 1, stack: "one", stackWeight: 3, weight: 1, offset: false,
        title: { display: true, text: words.symmetry, color: colours.muted, font: { size: 14 } },
        ticks: { color: colours.muted, font: { size: 14 }, stepSize: 0.2, callback: function (value) { return value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1 }); } },
      }),
      grade: axis({
        type: "linear", min: 0.5, max: 6.5, reverse: true, stack: "one", stackWeight: 2, offset: false,
        title: { display: true, text: words.grade, color: colours.muted, font: { size: 14 } },
        afterBuildTicks: function (one) { one.ticks = [1, 2, 3, 4, 5, 6].map(function (value) { return { value: value }; }); },
        ticks: { color: colours.muted, font: { size: 14 }, callback: function (value) { return ROMAN[value]; }, autoSkip: false },
      }),
    };
    return options;
  }

  function smallOptions() {
    const options = baseOptions();
    options.layout.padding.right = 6;
    options.scales = {
      x: axis({
        type: "linear", min: span.min, max: span.max,
        afterBuildTicks: function (one) { weekTicks(one, 5); },
        ticks: { color: colours.muted, font: { size: 13 }, autoSkip: false, maxRotation: 0, callback: function (value) { return Math.round(value / 7); } },
      }),
      symmetry: axis({
        type: "linear", min: 0, max: 1,
        ticks: { color: colours.muted, font: { size: 13 }, stepSize: 0.5, callback: function (value) { return value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1 }); } },
      }),
    };
    return options;
  }

  function paint(chart) {
    chart.data.datasets.forEach(function (set) { (set.region ? paintLine : paintGrade)(set); });
  }

  const mainCanvas = document.getElementById("main-chart");
  const sets = REGIONS.map(function (region) {
    return lineSet(region, line(function (visit) { return visit.model[region]; }), false);
  });
  sets.push(gradeSet("model", function (visit) { return visit.model.grade; }, "circle", 7));
  sets.push(gradeSet("confirmed", function (visit) { return visit.clinician.confirmed_grade; }, "rectRot", 8));
  sets.push(gradeSet("clinician", function (visit) { return visit.clinician.grade; }, "rectRot", 6));
  const config = { data: { datasets: sets }, options: mainOptions(mainCanvas), plugins: [ranges, cursor, endLabels] };
  paint({ data: config.data });
  const main = new window.Chart(mainCanvas, config);

  const smalls = Array.from(document.querySelectorAll("canvas[data-exercise]")).map(function (canvas) {
    const photoOf = function (visit) {
      return visit.photos.find(function (photo) {
        return photo.exercise === canvas.dataset.exercise && photo.side === canvas.dataset.side;
      });
    };
    const small = {
      datasets: REGIONS.map(function (region) {
        return lineSet(region, line(function (visit) {
          const photo = photoOf(visit);
          return photo ? { value: photo[region], release: photo.release, exercise: photo.exercise } : null;
        }), true);
      }),
    };
    paint({ data: small });
    return new window.Chart(canvas, { data: small, options: smallOptions() });
  });

  function repaint(light) {
    colours = palette(light);
    [main].concat(smalls).forEach(function (chart) {
      chart.printing = light;
      paint(chart);
      chart.options = chart === main ? mainOptions(mainCanvas) : smallOptions();
      chart.update("none");
    });
  }

  new MutationObserver(function () { repaint(false); }).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  window.addEventListener("beforeprint", function () { repaint(true); });
  window.addEventListener("afterprint", function () { repaint(false); });
  let width = mainCanvas.parentElement.clientWidth;
  window.addEventListener("resize", function () {
    if (width === mainCanvas.parentElement.clientWidth) return;
    width = mainCanvas.parentElement.clientWidth;
    repaint(false);
  });

  /* --- reading visit by visit --- */

  const readout = document.getElementById("chart-readout");
  const open = document.getElementById("chart-open");

  function say(visit) {
    const parts = [];
    const model = visit.model;
    REGIONS.forEach(function (region) {
      const found = model[region];
      if (!found) return;
      const stand = region === "mouth" && found.exercise !== "smile";
      const value = words[region].toLowerCase() + " " + two(found.value);
      parts.push(stand ? fill(words.from, [value, exerciseNames[found.exercise] || found.exercise]) : value);
    });
    if (!parts.length) parts.push(words.nothing);
    if (visit.clinician.grade_text) parts.push(fill(words.clinician, [visit.clinician.grade_text]));
    if (visit.clinician.confirmed_grade_text) parts.push(fill(words.confirmed, [visit.clinician.confirmed_grade_text]));
    if (model.grade_text) {
      const grade = fill(words.model, [model.grade_text]);
      parts.push(model.lowest === model.highest ? grade : fill(words.range, [grade, ROMAN[model.lowest], ROMAN[model.highest]]));
    }
    return parts.join(" · ");
  }

  function stand(index) {
    current = Math.max(0, Math.min(data.visits.length - 1, index));
    const visit = data.visits[current];
    readout.replaceChildren();
    const head = document.createElement("strong");
    head.textContent = visit.date_text + ", " + fill(words.week, [visit.week]);
    readout.append(head, document.createElement("br"), say(visit));
    open.href = visit.url;
    document.querySelectorAll("[data-step]").forEach(function (button) {
      const next = current + Number(button.dataset.step);
      button.setAttribute("aria-disabled", String(next < 0 || next >= data.visits.length));
    });
    main.draw();
  }

  function nearest(event) {
    const x = event.clientX - mainCanvas.getBoundingClientRect().left;
    let best = current;
    let distance = Infinity;
    data.visits.forEach(function (visit, index) {
      const gap = Math.abs(main.scales.x.getPixelForValue(visit.day) - x);
      if (gap < distance) { best = index; distance = gap; }
    });
    return { index: best, distance: distance };
  }

  mainCanvas.addEventListener("pointermove", function (event) {
    if (event.pointerType !== "mouse") return;
    const found = nearest(event);
    mainCanvas.style.cursor = found.distance <= 24 ? "pointer" : "default";
    if (found.distance <= 24 && found.index !== current) stand(found.index);
  });
  mainCanvas.addEventListener("click", function (event) {
    const found = nearest(event);
    if (found.distance > 28) return;
    // A finger has no hovering: its first tap reads the visit, the second opens it.
    const finger = event.pointerType && event.pointerType !== "mouse";
    if (finger && found.index !== current) stand(found.index);
    else window.location.assign(data.visits[found.index].url);
  });

  const frame = mainCanvas.parentElement;
  frame.tabIndex = 0;
  frame.setAttribute("role", "group");
  frame.setAttribute("aria-labelledby", "chart-title");
  frame.setAttribute("aria-describedby", "chart-summary");
  frame.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: data.visits.length - 1 };
    if (event.key in steps) stand(steps[event.key]);
    else if (event.key === "Enter") window.location.assign(data.visits[current].url);
    else if (event.key === "t" || event.key === "T") toggle.click();
    else return;
    event.preventDefault();
  });
  document.querySelectorAll("[data-step]").forEach(function (button) {
    button.addEventListener("click", function () { stand(current + Number(button.dataset.step)); });
  });

  /* --- table and print --- */

  const toggle = document.querySelector(".table-toggle");
  const table = document.getElementById("recovery-table");
  toggle.addEventListener("click", function () {
    const shown = table.classList.toggle("is-shown");
    toggle.setAttribute("aria-expanded", String(shown));
    toggle.querySelector("span").textContent = shown ? toggle.dataset.hide : toggle.dataset.show;
    if (shown) { table.focus({ preventScroll: true }); table.scrollIntoView({ block: "nearest" }); }
  });
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.addEventListener("click", function () { window.print(); });
  });

  stand(current);
})();
