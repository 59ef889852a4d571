// Compare: slider, flicker and mirror over the two aligned photos. Without this file they stand side by side.

const form = document.querySelector(".compare-form");

form.querySelectorAll("select").forEach((select) => {
  select.addEventListener("change", () => {
    // Another exercise has other photos: let the page choose its first and last.
    if ("restart" in select.dataset) {
      form.querySelectorAll("[name=a], [name=b]").forEach((other) => {
        other.disabled = true;
      });
    }
    form.requestSubmit();
  });
});

const stage = document.getElementById("compare");
const buttons = [...stage.querySelectorAll("button[data-mode]")];
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
  const url = new URL(location.href);
  if (value) {
    url.searchParams.set(name, value);
  } else {
    url.searchParams.delete(name);
  }
  history.replaceState(null, "", url);
  form.querySelectorAll("input[data-kept]").forEach((input) => {
    input.remove();
  });
  ["mode", "mirror"].forEach((kept) => {
    if (!url.searchParams.get(kept)) {
      return;
    }
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: kept, value: url.searchParams.get(kept) });
    input.dataset.kept = "";
    form.append(input);
  });
  document.querySelectorAll(".strip-choose a").forEach((link) => {
    const target = new URL(link.href);
    if (value) {
      target.searchParams.set(name, value);
    } else {
      target.searchParams.delete(name);
    }
    link.href = target;
  });
}

function mode(name) {
  stage.dataset.mode = name;
  buttons.forEach((button) => {
    button.setAttribute("aria-pressed", String(button.dataset.mode === name));
  });
  slide.hidden = name !== "slider";
  flick.hidden = name !== "flicker";
  stop();
  if (name === "flicker") {
    show("a");
  }
  remember("mode", name === "side" ? "" : name);
}

function slideTo(value) {
  cut.value = value;
  frame.style.setProperty("--cut", `${cut.value}%`);
}

function show(letter) {
  shown = letter;
  frame.dataset.shown = letter;
  if (!timer) {
    now.textContent = now.dataset[letter];
  }
}

function stop() {
  clearInterval(timer);
  timer = 0;
  play.setAttribute("aria-pressed", "false");
  play.querySelector("span").textContent = play.dataset.start;
}

buttons.forEach((button) => {
  button.addEventListener("click", () => {
    mode(button.dataset.mode);
  });
});
cut.addEventListener("input", () => {
  slideTo(cut.value);
});
stage.querySelector("[data-flick]").addEventListener("click", () => {
  stop();
  show(shown === "a" ? "b" : "a");
});
play.addEventListener("click", () => {
  if (timer) {
    stop();
    return;
  }
  // Under once a second: never a flash.
  timer = setInterval(() => {
    show(shown === "a" ? "b" : "a");
  }, 1100);
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
mirror.addEventListener("click", () => {
  reflect(mirror.getAttribute("aria-pressed") !== "true");
});

// The slider follows a finger or the mouse on the picture too.
function follow(event) {
  if (stage.dataset.mode !== "slider") {
    return;
  }
  const box = frame.querySelector(".compare-b .compare-frame").getBoundingClientRect();
  slideTo(Math.max(0, Math.min(100, (100 * (event.clientX - box.left)) / box.width)));
}
frame.addEventListener("pointerdown", (event) => {
  if (stage.dataset.mode !== "slider" || event.target.closest("a")) {
    return;
  }
  event.preventDefault();
  frame.setPointerCapture(event.pointerId);
  follow(event);
});
frame.addEventListener("pointermove", (event) => {
  if (frame.hasPointerCapture?.(event.pointerId)) {
    follow(event);
  }
});

// Drag a photo of the strip up to A or B.
document.querySelectorAll(".strip li").forEach((item) => {
  item.addEventListener("dragstart", (event) => {
    event.dataTransfer.setData("text/plain", item.dataset.photo);
    event.dataTransfer.effectAllowed = "link";
  });
});
stage.querySelectorAll("[data-place]").forEach((place) => {
  place.addEventListener("dragover", (event) => {
    event.preventDefault();
    place.classList.add("is-over");
  });
  place.addEventListener("dragleave", () => {
    place.classList.remove("is-over");
  });
  place.addEventListener("drop", (event) => {
    event.preventDefault();
    place.classList.remove("is-over");
    const select = form.elements[place.dataset.place];
    const photo = event.dataTransfer.getData("text/plain");
    if (![...select.options].some((option) => option.value === photo)) {
      return;
    }
    select.value = photo;
    form.requestSubmit();
  });
});
stage.querySelectorAll(".compare-photo img").forEach((image) => {
  image.draggable = false;
});

const asked = new URL(location.href).searchParams;
slideTo(50);
mode(["slider", "flicker"].includes(asked.get("mode")) ? asked.get("mode") : "side");
if (asked.get("mirror") === "1") {
  reflect(true);
}
const chosen = document.querySelector(".strip .is-chosen:last-of-type, .strip .is-chosen");
if (chosen) {
  chosen.parentElement.scrollLeft = chosen.offsetLeft - 16;
}
