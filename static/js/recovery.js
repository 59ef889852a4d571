/* The recovery page: its charts, read visit by visit, with mouse, finger or keys. The page's table holds the
   same data; nothing here is needed to read it. */
(function () {
  "use strict";

  const charts = window.risoriusCharts;
  if (!charts || !window.Chart) return;
  const REACH = 28;
  let live = null;

  function start(place) {
    const source = document.getElementById("recovery-data");
    const figure = document.getElementById("recovery-chart");
    if (!source || !figure) return;
    const data = JSON.parse(source.textContent);
    const view = { data: data, words: figure.dataset, span: charts.spanOf(data), colours: charts.palette(), printing: false };
    view.current = Math.max(0, Math.min(data.visits.length - 1, place === undefined ? data.visits.length - 1 : place));
    const canvas = document.getElementById("main-chart");
    const main = new window.Chart(canvas, Object.assign(charts.mainConfig(view, canvas.parentElement.clientWidth), { plugins: charts.mainPlugins(view) }));
    const smalls = Array.from(document.querySelectorAll("canvas[data-exercise]")).map(function (one) {
      const chart = new window.Chart(one, charts.smallConfig(view, one.dataset.exercise, one.dataset.side));
      opens(one, chart, view, function (visit) {
        const photo = visit.photos.find(function (photo) {
          return photo.exercise === one.dataset.exercise && photo.side === one.dataset.side;
        });
        return photo ? photo.url : "";
      });
      return chart;
    });
    live = { view: view, main: main, smalls: smalls, canvas: canvas };
    read(live);
    table();
  }

  function redraw(light) {
    if (!live) return;
    live.view.printing = light;
    live.view.colours = charts.palette(light);
    const set = function (chart, config) {
      chart.data.datasets = config.data.datasets;
      chart.options = config.options;
      chart.update("none");
    };
    set(live.main, charts.mainConfig(live.view, live.canvas.parentElement.clientWidth));
    live.smalls.forEach(function (chart) {
      set(chart, charts.smallConfig(live.view, chart.canvas.dataset.exercise, chart.canvas.dataset.side));
    });
  }

  function nearest(canvas, chart, view, event, allowed) {
    const x = event.clientX - canvas.getBoundingClientRect().left;
    let found = { index: -1, distance: Infinity };
    view.data.visits.forEach(function (visit, index) {
      if (!allowed(visit)) return;
      const distance = Math.abs(chart.scales.x.getPixelForValue(visit.day) - x);
      if (distance < found.distance) found = { index: index, distance: distance };
    });
    return found;
  }

  /* A point of a small chart opens its photo. */
  function opens(canvas, chart, view, address) {
    canvas.addEventListener("pointermove", function (event) {
      canvas.style.cursor = nearest(canvas, chart, view, event, address).distance <= 16 ? "pointer" : "default";
    });
    canvas.addEventListener("click", function (event) {
      const found = nearest(canvas, chart, view, event, address);
      if (found.distance <= 16) window.location.assign(address(view.data.visits[found.index]));
    });
  }

  /* What the page says of one visit. */
  function say(view, visit) {
    const words = view.words;
    const model = visit.model;
    const parts = [];
    charts.REGIONS.forEach(function (region) {
      const found = model[region];
      if (!found) return;
      const value = words[region].toLowerCase() + " " + found.text;
      parts.push(found.from ? charts.fill(words.from, [value, found.from]) : value);
    });
    if (!parts.length) parts.push(words.nothing);
    if (visit.clinician.grade_text) parts.push(charts.fill(words.clinician, [visit.clinician.grade_text]));
    if (visit.clinician.confirmed_grade_text) parts.push(charts.fill(words.confirmed, [visit.clinician.confirmed_grade_text]));
    if (model.grade_text) {
      const grade = charts.fill(words.model, [model.grade_text]);
      const low = charts.ROMAN[model.lowest];
      const high = charts.ROMAN[model.highest];
      const whole = low === high ? grade : charts.fill(words.range, [grade, low, high]);
      parts.push(model.reviewed ? whole : whole + ", " + words.preliminary);
    }
    return parts.join(" · ");
  }

  function read(one) {
    const view = one.view;
    const visits = view.data.visits;
    const canvas = one.canvas;
    const readout = document.getElementById("chart-readout");
    const open = document.getElementById("chart-open");
    const any = function () { return true; };

    function stand(index) {
      view.current = Math.max(0, Math.min(visits.length - 1, index));
      const visit = visits[view.current];
      const head = document.createElement("strong");
      head.textContent = visit.date_text + ", " + charts.fill(view.words.week, [visit.week]);
      readout.replaceChildren(head, document.createElement("br"), say(view, visit));
      open.href = visit.url;
      document.querySelectorAll("[data-step]").forEach(function (button) {
        const next = view.current + Number(button.dataset.step);
        button.setAttribute("aria-disabled", String(next < 0 || next >= visits.length));
      });
      one.main.draw();
    }

    canvas.addEventListener("pointermove", function (event) {
      if (event.pointerType !== "mouse") return;
      const found = nearest(canvas, one.main, view, event, any);
      canvas.style.cursor = found.distance <= REACH ? "pointer" : "default";
      if (found.distance <= REACH && found.index !== view.current) stand(found.index);
    });
    canvas.addEventListener("click", function (event) {
      const found = nearest(canvas, one.main, view, event, any);
      if (found.distance > REACH) return;
      // A finger has no hovering: its first tap reads the visit, the second opens it.
      const finger = event.pointerType && event.pointerType !== "mouse";
      if (finger && found.index !== view.current) stand(found.index);
      else window.location.assign(visits[found.index].url);
    });

    const frame = canvas.parentElement;
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-labelledby", "chart-title");
    frame.setAttribute("aria-describedby", "chart-summary");
    frame.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const steps = { ArrowLeft: view.current - 1, ArrowRight: view.current + 1, Home: 0, End: visits.length - 1 };
      if (event.key in steps) stand(steps[event.key]);
      else if (event.key === "Enter") window.location.assign(visits[view.current].url);
      else if (event.key === "t" || event.key === "T") document.querySelector(".table-toggle").click();
      else return;
      event.preventDefault();
    });
    document.querySelectorAll("[data-step]").forEach(function (button) {
      button.addEventListener("click", function () { stand(view.current + Number(button.dataset.step)); });
    });
    stand(view.current);
  }

  function table() {
    const toggle = document.querySelector(".table-toggle");
    const panel = document.getElementById("recovery-table");
    toggle.addEventListener("click", function () {
      const shown = panel.classList.toggle("is-shown");
      toggle.setAttribute("aria-expanded", String(shown));
      toggle.querySelector("span").textContent = shown ? toggle.dataset.hide : toggle.dataset.show;
      if (shown) { panel.focus({ preventScroll: true }); panel.scrollIntoView({ block: "nearest" }); }
    });
  }

  /* --- figures that arrive while the page is open --- */

  function renew() {
    const place = document.getElementById("recovery");
    if (!place || Number(place.dataset.waiting) === 0) return;
    window.fetch(window.location.href, { headers: { Accept: "text/html" } })
      .then(function (answer) { return answer.ok ? answer.text() : ""; })
      .then(function (text) {
        const fresh = new DOMParser().parseFromString(text, "text/html").getElementById("recovery");
        if (!fresh || fresh.dataset.waiting === place.dataset.waiting) return;
        const focused = document.activeElement && place.contains(document.activeElement);
        const shown = place.querySelector(".table-panel.is-shown") !== null;
        const current = live ? live.view.current : undefined;
        if (live) [live.main].concat(live.smalls).forEach(function (chart) { chart.destroy(); });
        live = null;
        place.replaceWith(fresh);
        start(current);
        if (shown && live) document.querySelector(".table-toggle").click();
        if (focused && live) live.canvas.parentElement.focus({ preventScroll: true });
      })
      .catch(function () { /* The next change of the analysis tries again. */ });
  }

  let timer = 0;
  let settled = false;
  document.body.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target.id !== "analysis-status") return;
    // The frame asks for the state once when the page opens: nothing changed by that.
    if (!settled) { settled = true; return; }
    window.clearTimeout(timer);
    timer = window.setTimeout(renew, 800);
  });

  /* --- theme, paper, width --- */

  new MutationObserver(function () { redraw(false); }).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
  window.addEventListener("beforeprint", function () { redraw(true); });
  window.addEventListener("afterprint", function () { redraw(false); });
  let width = 0;
  window.addEventListener("resize", function () {
    if (!live || width === live.canvas.parentElement.clientWidth) return;
    width = live.canvas.parentElement.clientWidth;
    redraw(live.view.printing);
  });
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.addEventListener("click", function () { window.print(); });
  });

  start();
})();
