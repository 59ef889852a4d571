/* Draws the recovery charts: symmetry and grades against the days since onset. Knows nothing of the page
   around them; recovery.js does. */
(function () {
  "use strict";

  const REGIONS = ["mouth", "eye", "brow"];
  const POINTS = { mouth: "circle", eye: "rect", brow: "triangle" };
  const RADII = { mouth: 5, eye: 5, brow: 6 };
  const DASHES = { mouth: [], eye: [9, 4], brow: [2, 3] };
  const ROMAN = ["", "I", "II", "III", "IV", "V", "VI"];
  const NARROW = 520;
  // Clinician, clinician on photos, model: side by side, so that equal grades don't hide each other.
  const ASIDE = { clinician: 0, confirmed: -9, model: 9 };

  function fill(pattern, values) {
    let place = 0;
    return pattern.replace(/%s/g, function () { return values[place++]; });
  }

  function family() { return window.getComputedStyle(document.body).fontFamily; }

  function palette(light) {
    // A print is on white paper whatever the screen shows.
    const probe = document.createElement("span");
    if (light) probe.dataset.bsTheme = "light";
    probe.hidden = true;
    document.body.append(probe);
    const style = window.getComputedStyle(probe);
    const found = {};
    ["mouth", "eye", "brow", "text", "muted", "line", "surface", "clinician", "model", "accent"].forEach(function (name) {
      found[name] = style.getPropertyValue("--chart-" + name).trim();
    });
    probe.remove();
    return found;
  }

  /* The days that all charts of the page share, with room for the marks of the first and last visit. */
  function spanOf(data) {
    const days = data.visits.map(function (visit) { return visit.day; })
      .concat(data.events.map(function (one) { return one.day; }));
    const first = Math.min.apply(null, days.concat([0]));
    const last = Math.max.apply(null, days.concat([7]));
    const room = Math.max(1, (last - first) * 0.03);
    return { first: first, last: last, min: first - room, max: last + room };
  }

  /* Points of one line; a point without a value between two others breaks the line. */
  function points(data, read) {
    const found = [];
    let before = null;
    data.visits.forEach(function (visit, index) {
      const now = read(visit);
      if (!now || now.value === null) {
        found.push({ x: visit.day, y: null });
        before = null;
        return;
      }
      if (before && (before.release !== now.release || before.exercise !== now.exercise)) {
        found.push({ x: visit.day, y: null });
      }
      found.push({ x: visit.day, y: now.value, visit: index, text: now.text, reviewed: now.reviewed });
      before = now;
    });
    return found;
  }

  function lineSet(name, region, data, read, colours, small) {
    const found = points(data, read);
    const inside = found.map(function (point) { return point.reviewed ? colours[region] : colours.surface; });
    return {
      type: "line",
      label: name,
      region: region,
      data: found,
      yAxisID: "symmetry",
      spanGaps: false,
      clip: 12,
      borderWidth: small ? 2 : 2.5,
      borderDash: DASHES[region],
      borderColor: colours[region],
      pointStyle: POINTS[region],
      pointRadius: small ? RADII[region] - 2 : RADII[region],
      pointBackgroundColor: inside,
      pointBorderColor: colours[region],
      pointBorderWidth: small ? 1.5 : 2,
      pointHitRadius: 0,
      tension: 0,
    };
  }

  function gradeSet(kind, data, read, colours, narrow) {
    const found = [];
    data.visits.forEach(function (visit, index) {
      const grade = read(visit);
      if (grade) found.push({ x: visit.day, y: grade, visit: index, reviewed: visit.model.reviewed });
    });
    const model = kind === "model";
    const colour = model ? colours.model : colours.clinician;
    return {
      type: "line",
      kind: kind,
      label: kind,
      data: found,
      yAxisID: "grade",
      showLine: false,
      clip: 12,
      pointStyle: { clinician: "rectRot", confirmed: "rect", model: "circle" }[kind],
      pointRadius: (narrow ? { clinician: 6, confirmed: 4, model: 4.5 } : { clinician: 8, confirmed: 5, model: 6 })[kind],
      pointBackgroundColor: found.map(function (one) { return !model || one.reviewed ? colour : colours.surface; }),
      pointBorderColor: colour,
      pointBorderWidth: 2,
      pointHitRadius: 0,
    };
  }

  function weekTicks(axis, span, wanted) {
    const weeks = (span.last - span.first) / 7;
    const step = [1, 2, 4, 8, 12, 26, 52, 104].find(function (one) { return weeks / one <= wanted; }) || 208;
    axis.ticks = [];
    for (let day = Math.ceil(span.min / 7 / step) * step * 7; day <= span.max; day += step * 7) {
      axis.ticks.push({ value: day });
    }
  }

  function steps(axis, values) { axis.ticks = values.map(function (value) { return { value: value }; }); }

  function axis(colours, extra) {
    return Object.assign({ grid: { color: colours.line, tickColor: colours.line }, border: { color: colours.muted } }, extra);
  }

  function decimal(value) {
    return value.toLocaleString(document.documentElement.lang, { minimumFractionDigits: 1 });
  }

  function ticks(colours, size, callback) {
    return { color: colours.muted, font: { size: size, family: family() }, autoSkip: false, maxRotation: 0, callback: callback };
  }

  function title(colours, text) {
    return { display: true, text: text, color: colours.muted, font: { size: 14, family: family() } };
  }

  function baseOptions() {
    return {
      responsive: true,
      maintainAspectRatio: false,
      animation: false,
      events: [],
      layout: { padding: {} },
      plugins: { legend: { display: false }, tooltip: { enabled: false }, annotation: { annotations: {}, clip: false } },
    };
  }

  /* --- marks that Chart.js doesn't know --- */

  /* Equal grades of clinician and model stand side by side. */
  const aside = {
    id: "aside",
    afterUpdate: function (chart) {
      const share = chart.width < NARROW ? 0.7 : 1;
      chart.data.datasets.forEach(function (set, index) {
        if (!set.kind || !ASIDE[set.kind]) return;
        chart.getDatasetMeta(index).data.forEach(function (point) { point.x += ASIDE[set.kind] * share; });
      });
    },
  };

  /* The gap between both scales, the visit that the reader stands on, and a mark for each visit. */
  function ground(view) {
    return {
      id: "ground",
      beforeDatasetsDraw: function (chart) {
        const area = chart.chartArea;
        const ctx = chart.ctx;
        const x = chart.scales.x;
        ctx.save();
        const visit = view.data.visits[view.current];
        if (visit && !view.printing) {
          ctx.fillStyle = view.colours.accent;
          ctx.globalAlpha = 0.16;
          const reach = chart.width < NARROW ? 9 : 15;
          const middle = x.getPixelForValue(visit.day);
          ctx.fillRect(middle - reach, area.top, 2 * reach, area.height);
          ctx.globalAlpha = 1;
        }
        if (chart.scales.grade) {
          ctx.fillStyle = view.colours.surface;
          ctx.fillRect(area.left - 1, chart.scales.symmetry.bottom - 5, area.width + 2, 10);
        }
        ctx.fillStyle = view.colours.muted;
        view.data.visits.forEach(function (one, index) {
          const at = x.getPixelForValue(one.day);
          const size = index === view.current && !view.printing ? 6 : 4;
          ctx.beginPath();
          ctx.moveTo(at - size, area.bottom + size + 2);
          ctx.lineTo(at + size, area.bottom + size + 2);
          ctx.lineTo(at, area.bottom + 1);
          ctx.fill();
        });
        ctx.restore();
      },
    };
  }

  /* What repeated photos of an unmoved face differ by: a change within the band, from the figure that the page's
     sentence starts at, can't be told from none. */
  function noise(view) {
    return {
      id: "noise",
      beforeDatasetsDraw: function (chart) {
        const course = view.data.course;
        const start = view.data.visits.find(function (visit) { return visit.date === course.since; });
        if (!course.measurement_error || course.change === null || !start) return;
        const axis = chart.scales.symmetry;
        const before = course.value - course.change;
        const top = axis.getPixelForValue(Math.min(1, before + course.measurement_error));
        const bottom = axis.getPixelForValue(Math.max(0, before - course.measurement_error));
        const left = chart.scales.x.getPixelForValue(start.day);
        const ctx = chart.ctx;
        ctx.save();
        ctx.fillStyle = view.colours[course.region];
        ctx.globalAlpha = 0.12;
        ctx.fillRect(left, top, chart.chartArea.right - left, bottom - top);
        ctx.restore();
      },
    };
  }

  /* The range of the photos behind each of the model's grades. */
  const ranges = function (view) {
    return {
      id: "ranges",
      beforeDatasetsDraw: function (chart) {
        const index = chart.data.datasets.findIndex(function (set) { return set.kind === "model"; });
        const ctx = chart.ctx;
        ctx.save();
        ctx.strokeStyle = view.colours.model;
        ctx.lineWidth = 1.5;
        chart.getDatasetMeta(index).data.forEach(function (point, place) {
          const model = view.data.visits[chart.data.datasets[index].data[place].visit].model;
          if (model.lowest === model.highest) return;
          const top = chart.scales.grade.getPixelForValue(model.lowest);
          const bottom = chart.scales.grade.getPixelForValue(model.highest);
          ctx.beginPath();
          ctx.moveTo(point.x - 3, top); ctx.lineTo(point.x + 3, top);
          ctx.moveTo(point.x, top); ctx.lineTo(point.x, bottom);
          ctx.moveTo(point.x - 3, bottom); ctx.lineTo(point.x + 3, bottom);
          ctx.stroke();
        });
        ctx.restore();
      },
    };
  };

  function endText(set) {
    const known = set.data.filter(function (point) { return point.y !== null; });
    return known.length ? set.label + " " + known[known.length - 1].text : "";
  }

  /* The lines' names at their ends, pushed apart where they would touch. */
  const endLabels = {
    id: "endLabels",
    afterDatasetsDraw: function (chart) {
      const labels = [];
      chart.data.datasets.forEach(function (set, index) {
        if (!set.region || !endText(set)) return;
        let last = 0;
        set.data.forEach(function (point, place) { if (point.y !== null) last = place; });
        labels.push({ at: chart.getDatasetMeta(index).data[last].y, text: endText(set), colour: set.borderColor });
      });
      labels.sort(function (a, b) { return a.at - b.at; });
      const gap = 19;
      for (let turn = 0; turn < 12; turn++) {
        for (let i = 1; i < labels.length; i++) {
          const short = gap - (labels[i].at - labels[i - 1].at);
          if (short > 0) { labels[i].at += short / 2; labels[i - 1].at -= short / 2; }
        }
      }
      const bottom = chart.scales.symmetry.bottom - 12;
      for (let i = labels.length - 1, limit = bottom; i >= 0; i--) {
        labels[i].at = Math.min(labels[i].at, limit);
        limit = labels[i].at - gap;
      }
      for (let i = 0, limit = 12; i < labels.length; i++) {
        labels[i].at = Math.max(labels[i].at, limit);
        limit = labels[i].at + gap;
      }
      const ctx = chart.ctx;
      ctx.save();
      ctx.font = endFont(chart.width);
      ctx.textBaseline = "middle";
      labels.forEach(function (label) {
        ctx.fillStyle = label.colour;
        ctx.fillText(label.text, chart.chartArea.right + 8, label.at);
      });
      ctx.restore();
    },
  };

  function endFont(width) { return "600 " + (width < NARROW ? 13 : 14) + "px " + family(); }

  function widest(sets, width) {
    const ctx = document.createElement("canvas").getContext("2d");
    ctx.font = endFont(width);
    return Math.max.apply(null, sets.map(function (set) { return set.region ? ctx.measureText(endText(set)).width : 0; }));
  }

  /* --- treatments and changes of the model, by name where there is room, else by number --- */

  function named(events, place, room, right) {
    const ends = [];
    const labels = events.map(function (event) {
      const half = event.title.length * 3.7 + 9;
      const at = place(event.day);
      const shift = Math.max(0, half - at - 40) - Math.max(0, at + half - room - right);
      let row = ends.findIndex(function (end) { return end <= at + shift - half; });
      if (row < 0) row = ends.length;
      ends[row] = at + shift + half + 4;
      return { event: event, text: event.title, shift: shift, row: row };
    });
    return { labels: labels, rows: ends.length };
  }

  function numbered(events, place) {
    const groups = [];
    events.forEach(function (event) {
      const group = groups[groups.length - 1];
      if (group && place(event.day) - place(group[0].day) < 30) group.push(event);
      else groups.push([event]);
    });
    const labels = [];
    groups.forEach(function (group) {
      const last = group[group.length - 1].number;
      group.forEach(function (event, index) {
        const text = group.length > 1 ? event.number + "–" + last : String(event.number);
        labels.push({ event: event, text: index ? "" : text, shift: 0, row: 0 });
      });
    });
    return { labels: labels, rows: groups.length ? 1 : 0 };
  }

  function flags(view, width, right) {
    const events = view.data.events;
    const room = Math.max(120, width - 66 - right);
    const place = function (day) { return (day - view.span.min) * room / (view.span.max - view.span.min); };
    let found = named(events, place, room, right);
    if (found.rows > 2 || width < NARROW) found = numbered(events, place);
    const lines = {};
    found.labels.forEach(function (label) {
      lines["event" + label.event.number] = {
        type: "line",
        scaleID: "x",
        value: label.event.day,
        borderColor: view.colours.muted,
        borderWidth: 1,
        borderDash: label.event.change ? [6, 4] : [],
        drawTime: "beforeDatasetsDraw",
        label: {
          display: Boolean(label.text),
          content: label.text,
          position: "start",
          xAdjust: label.shift,
          yAdjust: -24 - 25 * label.row,
          backgroundColor: view.colours.surface,
          borderColor: view.colours.muted,
          borderWidth: 1,
          borderRadius: 4,
          color: view.colours.text,
          font: { size: 13, weight: "500", family: family() },
          padding: { x: 6, y: 3 },
        },
      };
    });
    if (view.span.first < 0) {
      lines.onset = { type: "line", scaleID: "x", value: 0, borderColor: view.colours.muted, borderWidth: 1, borderDash: [2, 3], drawTime: "beforeDatasetsDraw" };
    }
    return { lines: lines, rows: found.rows };
  }

  /* --- the charts --- */

  function mainConfig(view, width) {
    const words = view.words;
    const colours = view.colours;
    const narrow = width < NARROW;
    const sets = REGIONS.map(function (region) {
      return lineSet(words[region], region, view.data, function (visit) { return visit.model[region]; }, colours, false);
    });
    sets.push(gradeSet("model", view.data, function (visit) { return visit.model.grade; }, colours, narrow));
    // On photos only where it says something else than the visit's own grade.
    sets.push(gradeSet("confirmed", view.data, function (visit) {
      return visit.clinician.confirmed_grade !== visit.clinician.grade ? visit.clinician.confirmed_grade : null;
    }, colours, narrow));
    sets.push(gradeSet("clinician", view.data, function (visit) { return visit.clinician.grade; }, colours, narrow));
    const right = Math.ceil(widest(sets, width)) + 12;
    const flagged = flags(view, width, right);
    const options = baseOptions();
    options.layout.padding = { right: right, top: 10 + 25 * flagged.rows };
    options.plugins.annotation.annotations = flagged.lines;
    options.scales = {
      x: axis(colours, {
        type: "linear", min: view.span.min, max: view.span.max,
        title: title(colours, words.weeks),
        afterBuildTicks: function (one) { weekTicks(one, view.span, narrow ? 7 : 14); },
        ticks: Object.assign(ticks(colours, 14, function (value) { return Math.round(value / 7); }), { padding: 6 }),
      }),
      symmetry: axis(colours, {
        type: "linear", min: -0.07, max: 1.03, stack: "one", stackWeight: 3, weight: 1,
        title: title(colours, narrow ? words.symmetryShort : words.symmetry),
        afterBuildTicks: function (one) { steps(one, [0, 0.2, 0.4, 0.6, 0.8, 1]); },
        ticks: ticks(colours, 14, decimal),
      }),
      grade: axis(colours, {
        type: "linear", min: 0.3, max: 6.6, reverse: true, stack: "one", stackWeight: 2,
        title: title(colours, narrow ? words.gradeShort : words.grade),
        afterBuildTicks: function (one) { steps(one, [1, 2, 3, 4, 5, 6]); },
        ticks: ticks(colours, 14, function (value) { return ROMAN[value]; }),
      }),
    };
    return { data: { datasets: sets }, options: options };
  }

  function smallConfig(view, exercise, side) {
    const colours = view.colours;
    const photoOf = function (visit) {
      return visit.photos.find(function (photo) { return photo.exercise === exercise && photo.side === side; });
    };
    const sets = REGIONS.map(function (region) {
      return lineSet(view.words[region], region, view.data, function (visit) {
        const photo = photoOf(visit);
        return photo ? { value: photo[region], release: photo.release, exercise: exercise, reviewed: photo.reviewed } : null;
      }, colours, true);
    });
    const options = baseOptions();
    options.layout.padding = { right: 4, top: 4 };
    options.scales = {
      x: axis(colours, {
        type: "linear", min: view.span.min, max: view.span.max,
        afterBuildTicks: function (one) { weekTicks(one, view.span, 5); },
        ticks: ticks(colours, 13, function (value) { return Math.round(value / 7); }),
      }),
      symmetry: axis(colours, {
        type: "linear", min: 0, max: 1,
        afterBuildTicks: function (one) { steps(one, [0, 0.5, 1]); },
        ticks: ticks(colours, 13, decimal),
      }),
    };
    return { data: { datasets: sets }, options: options };
  }

  window.risoriusCharts = {
    REGIONS: REGIONS,
    ROMAN: ROMAN,
    fill: fill,
    palette: palette,
    spanOf: spanOf,
    mainConfig: mainConfig,
    smallConfig: smallConfig,
    mainPlugins: function (view) { return [aside, ground(view), noise(view), ranges(view), endLabels]; },
  };
})();
