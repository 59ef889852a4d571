/* Compare: slider, flicker and mirror over the two aligned photos. Without this file they stand side by side. */
(function () {
  "use strict";

  const form = document.querySelector(".compare-form");
  if (!form) return;

  form.querySelectorAll("select").forEach(function (select) {
    select.addEventListener("change", function () {
      // Another exercise has other photos: let the page choose its first and last.
      if ("restart" in select.dataset) {
        form.querySelectorAll("[name=a], [name=b]").forEach(function (other) { other.disabled = true; });
      }
      form.requestSubmit();
    });
  });

  const stage = document.getElementById("compare");
  const buttons = Array.from(stage.querySelectorAll("button[data-mode]"));
  const slide = stage.querySelector(".compare-slide");
  const flick = stage.querySelector(".compare-flick");
  const cut = document.getElementById("compare-cut");
  const now = stage.querySelector(".compare-now");
  const play = stage.querySelector("[data-play]");
  const mirror = stage.querySelector("[data-mirror]");
  const mirrored = stage.querySelector(".compare-mirrored");
  const frame = stage.querySelector(".compare-stage");
  let timer = 0;
  let shown = "a";

  function remember(name, value) {
    const url = new URL(window.location.href);
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
    window.history.replaceState(null, "", url);
    form.querySelectorAll("input[data-kept]").forEach(function (input) { input.remove(); });
    ["mode", "mirror"].forEach(function (kept) {
      if (!url.searchParams.get(kept)) return;
      const input = document.createElement("input");
      Object.assign(input, { type: "hidden", name: kept, value: url.searchParams.get(kept) });
      input.dataset.kept = "";
      form.append(input);
    });
    document.querySelectorAll(".strip-choose a").forEach(function (link) {
      const target = new URL(link.href);
      if (value) target.searchParams.set(name, value);
      else target.searchParams.delete(name);
      link.href = target;
    });
  }

  function mode(name) {
    stage.dataset.mode = name;
    buttons.forEach(function (button) { button.setAttribute("aria-pressed", String(button.dataset.mode === name)); });
    slide.hidden = name !== "slider";
    flick.hidden = name !== "flicker";
    stop();
    if (name === "flicker") show("a");
    remember("mode", name === "side" ? "" : name);
  }

  function slideTo(value) {
    cut.value = value;
    frame.style.setProperty("--cut", cut.value + "%");
  }

  function show(letter) {
    shown = letter;
    frame.dataset.shown = letter;
    if (!timer) now.textContent = now.dataset[letter];
  }

  function stop() {
    window.clearInterval(timer);
    timer = 0;
    play.setAttribute("aria-pressed", "false");
    play.querySelector("span").textContent = play.dataset.start;
  }

  buttons.forEach(function (button) {
    button.addEventListener("click", function () { mode(button.dataset.mode); });
  });
  cut.addEventListener("input", function () { slideTo(cut.value); });
  stage.querySelector("[data-flick]").addEventListener("click", function () { stop(); show(shown === "a" ? "b" : "a"); });
  play.addEventListener("click", function () {
    if (timer) { stop(); return; }
    // Under once a second: never a flash.
    timer = window.setInterval(function () { show(shown === "a" ? "b" : "a"); }, 1100);
    now.textContent = "";
    play.setAttribute("aria-pressed", "true");
    play.querySelector("span").textContent = play.dataset.stop;
  });

  function reflect(on) {
    mirror.setAttribute("aria-pressed", String(on));
    stage.classList.toggle("is-mirrored", on);
    mirrored.textContent = on ? mirrored.dataset.on : mirrored.dataset.off;
    remember("mirror", on ? "1" : "");
  }
  mirror.addEventListener("click", function () { reflect(mirror.getAttribute("aria-pressed") !== "true"); });

  /* The slider follows a finger or the mouse on the picture too. */
  function follow(event) {
    if (stage.dataset.mode !== "slider") return;
    const box = frame.querySelector(".compare-b .compare-frame").getBoundingClientRect();
    slideTo(Math.max(0, Math.min(100, 100 * (event.clientX - box.left) / box.width)));
  }
  frame.addEventListener("pointerdown", function (event) {
    if (stage.dataset.mode !== "slider" || event.target.closest("a")) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    follow(event);
  });
  frame.addEventListener("pointermove", function (event) {
    if (frame.hasPointerCapture && frame.hasPointerCapture(event.pointerId)) follow(event);
  });

  /* Drag a photo of the strip up to A or B. */
  document.querySelectorAll(".strip li").forEach(function (item) {
    item.addEventListener("dragstart", function (event) {
      event.dataTransfer.setData("text/plain", item.dataset.photo);
      event.dataTransfer.effectAllowed = "link";
    });
  });
  stage.querySelectorAll("[data-place]").forEach(function (place) {
    place.addEventListener("dragover", function (event) { event.preventDefault(); place.classList.add("is-over"); });
    place.addEventListener("dragleave", function () { place.classList.remove("is-over"); });
    place.addEventListener("drop", function (event) {
      event.preventDefault();
      place.classList.remove("is-over");
      const select = form.elements[place.dataset.place];
      const photo = event.dataTransfer.getData("text/plain");
      if (!Array.from(select.options).some(function (option) { return option.value === photo; })) return;
      select.value = photo;
      form.requestSubmit();
    });
  });
  stage.querySelectorAll(".compare-photo img").forEach(function (image) { image.draggable = false; });

  const asked = new URL(window.location.href).searchParams;
  slideTo(50);
  mode(["slider", "flicker"].includes(asked.get("mode")) ? asked.get("mode") : "side");
  if (asked.get("mirror") === "1") reflect(true);
  const chosen = document.querySelector(".strip .is-chosen:last-of-type, .strip .is-chosen");
  if (chosen) chosen.parentElement.scrollLeft = chosen.offsetLeft - 16;
})();
