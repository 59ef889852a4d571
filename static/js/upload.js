// Photos into a visit: dropped, chosen or from the phone's camera; each on its own, two at a time.
import { consentGiven } from "./consent.js";
import { plainName, send as sendPhoto } from "./send.js";

const form = document.getElementById("upload-form");
const PARALLEL = 2;
const text = form.dataset;
const list = form.querySelector("[data-uploads]");
const announce = form.querySelector("[data-announce]");
const veil = document.querySelector("[data-veil]");
const rowTemplate = form.querySelector("template[data-row]");
const selectTemplate = form.querySelector("template[data-select]");
const waiting = [];
let running = 0;
let claimed = [];
let stored = 0;

// What a file's name often says; it is looked at here and never sent (clinic/visits/names.py).
const NAMES = JSON.parse(text.names);
const MOST_FILES = 200;
const PHOTO_ENDING = /\.(jpe?g|jpe|jfif|png|webp|hei[cf]|hif|avif)$/i;

function reveal() {
  form.querySelector("[data-plain]").remove();
  form.querySelector("[data-zone]").hidden = false;
  revealInside(document);
}

function revealInside(root) {
  root.querySelectorAll("[data-needs-script]").forEach((element) => {
    element.hidden = false;
  });
}

function missing() {
  const board = document.getElementById("visit-board");
  const codes = board?.dataset.missing ? board.dataset.missing.split(" ") : [];
  return codes.filter((code) => {
    const smiled = /smile/.test(code) && claimed.includes("smile");
    return code && !claimed.includes(code) && !smiled;
  });
}

function wordsOf(name) {
  return name
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
}

function hint(name) {
  const words = wordsOf(name);
  const says = (any) => words.some((word) => any.includes(word));
  const line = NAMES.lines.find(([any, also]) => says(any) && (!also.length || says(also)));
  const exercise = line?.[2] ?? "";
  if (exercise !== "sneer") {
    return exercise;
  }
  const side = Object.keys(NAMES.sides).find((side) => says(NAMES.sides[side]));
  return side ? `sneer:${side}` : "sneer";
}

function claim(value) {
  if (value) {
    claimed.push(value.split(":")[0]);
  }
  return value;
}

// What a name says goes first; the rest are filed by their place in the list until their pictures are looked at.
function addFiles(files, exercise) {
  const jobs = [...files].map((file) => {
    const problem = unfit(file);
    return { file, problem, exercise: problem ? "" : claim(exercise || hint(file.name)) };
  });
  jobs.forEach((job) => {
    if (!job.exercise && !job.problem) {
      job.exercise = claim(missing()[0] || "");
      job.byPlace = Boolean(job.exercise);
    }
    addRow(job);
  });
  pump();
}

// Files as they are; a folder's photos, and those of the folders in it.
async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) {
    addFiles(transfer.files, "");
    return;
  }
  let files;
  try {
    files = (await Promise.all(entries.map(filesOf))).flat();
  } catch {
    tell(text.unreadable);
    return;
  }
  const photos = files.filter(
    ({ name, type }) => !name.startsWith(".") && (type.startsWith("image/") || PHOTO_ENDING.test(name)),
  );
  photos.sort((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
  addFiles(photos.slice(0, MOST_FILES), "");
  if (!photos.length) {
    tell(text.noPhotos);
  } else if (photos.length > MOST_FILES) {
    tell(text.tooMany);
  }
}

async function filesOf(entry) {
  if (entry.isFile) {
    return [await new Promise((resolve, fail) => entry.file(resolve, fail))];
  }
  const reader = entry.createReader();
  const found = [];
  // A browser hands out a folder's entries by the hundred, and at the end none.
  for (;;) {
    const some = await new Promise((resolve, fail) => reader.readEntries(resolve, fail));
    if (!some.length) {
      return (await Promise.all(found.map(filesOf))).flat();
    }
    found.push(...some);
  }
}

// A sentence about what was dropped as a whole, with a way to put it away.
function tell(sentence) {
  const row = rowTemplate.content.firstElementChild.cloneNode(true);
  row.classList.add("is-refused");
  row.querySelector("progress").hidden = true;
  row.querySelector(".upload-thumb").classList.add("is-empty");
  row.querySelector(".upload-state").textContent = sentence;
  row.querySelector(".upload-act").replaceChildren(
    button(text.dismiss, () => {
      row.remove();
    }),
  );
  list.appendChild(row);
  announce.textContent = sentence;
}

function addRow(job) {
  job.row = rowTemplate.content.firstElementChild.cloneNode(true);
  job.bar = job.row.querySelector("progress");
  job.state = job.row.querySelector(".upload-state");
  job.act = job.row.querySelector(".upload-act");
  job.row.querySelector(".upload-name").textContent = job.file.name;
  job.bar.setAttribute("aria-label", job.file.name);
  const thumb = job.row.querySelector(".upload-thumb");
  job.url = URL.createObjectURL(job.file);
  thumb.addEventListener("error", () => {
    thumb.classList.add("is-empty");
  });
  thumb.src = job.url;
  list.appendChild(job.row);
  if (job.problem) {
    refuse(job, job.problem, false);
  } else if (job.exercise) {
    queue(job);
  } else {
    ask(job);
  }
}

function unfit(file) {
  if (file.size === 0) {
    return text.empty;
  }
  // A name's ending may lie, and the server looks; but what even the browser knows for no picture asks for no exercise.
  if (file.type && !file.type.startsWith("image/") && file.type !== "application/octet-stream") {
    return text.unsupported;
  }
  return file.size > Number(text.maxBytes) ? text.tooLarge : "";
}

function queue(job) {
  job.row.className = "upload-row";
  progress(job, text.waiting);
  job.act.replaceChildren();
  waiting.push(job);
}

function progress(job, state) {
  job.state.textContent = `${nameOf(job.exercise)} · ${state}`;
}

function nameOf(value) {
  if (value === "smile") {
    return text.smile;
  }
  const option = selectTemplate.content.querySelector(`option[value^="${CSS.escape(value)}"]`);
  return option ? option.textContent.split(",")[0] : "";
}

function ask(job) {
  const select = selectTemplate.content.firstElementChild.cloneNode(true);
  job.state.textContent = text.choose;
  job.row.classList.add("is-asking");
  select.addEventListener("change", () => {
    if (select.value) {
      job.exercise = select.value;
      queue(job);
      pump();
    }
  });
  job.act.replaceChildren(select);
}

// Nothing is sent before the consent is on record, or somebody goes on without; the rows wait.
async function pump() {
  if (!waiting.length) {
    return;
  }
  if (await consentGiven()) {
    sendWaiting();
  } else {
    waiting.splice(0).forEach((job) => {
      refuse(job, text.consent, true);
    });
  }
}

function sendWaiting() {
  while (running < PARALLEL && waiting.length) {
    send(waiting.shift());
  }
}

async function send(job) {
  running += 1;
  const body = new FormData();
  body.append("photo", job.file, plainName(job.file));
  body.append("exercise", job.exercise);
  if (job.byPlace) {
    body.append("by_place", "1");
  }
  if (job.anyway) {
    body.append("anyway", "1");
  }
  progress(job, text.uploading);
  const answer = await sendPhoto(form.action, body, (percent) => {
    job.bar.value = percent;
    progress(job, percent < 100 ? `${text.uploading} ${percent} %` : text.checking);
  });
  running -= 1;
  finish(job, answer);
  pump();
}

function finish(job, answer) {
  if (answer.kind === "stored") {
    job.row.remove();
    URL.revokeObjectURL(job.url);
    stored += 1;
    announce.textContent = `${text.done}: ${stored}`;
    window.htmx.trigger(document.body, "board-changed");
  } else if (answer.kind === "refused" && answer.code === "same_elsewhere") {
    job.anyway = true;
    refuse(job, answer.detail, true, text.anyway);
  } else if (answer.kind === "refused") {
    refuse(job, answer.detail, false);
  } else if (answer.kind === "large") {
    refuse(job, text.tooLarge, false);
  } else if (answer.kind === "unstored") {
    refuse(job, answer.detail, true);
  } else {
    refuse(job, text[answer.kind] || text.offline, true);
  }
}

function refuse(job, sentence, again, label) {
  release(job);
  job.row.classList.add("is-refused");
  job.bar.hidden = true;
  job.state.textContent = sentence;
  announce.textContent = `${job.file.name}: ${sentence}`;
  const buttons = [];
  if (again) {
    buttons.push(
      button(label || text.retry, () => {
        job.bar.hidden = false;
        job.bar.value = 0;
        queue(job);
        pump();
      }),
    );
  }
  buttons.push(
    button(text.dismiss, () => {
      job.row.remove();
      URL.revokeObjectURL(job.url);
    }),
  );
  job.act.replaceChildren(...buttons);
}

// Its place among the missing exercises is free again.
function release(job) {
  const place = claimed.indexOf((job.exercise || "").split(":")[0]);
  if (place > -1) {
    claimed.splice(place, 1);
  }
}

function button(label, act) {
  const element = document.createElement("button");
  element.type = "button";
  element.className = "btn btn-outline-secondary btn-sm";
  element.textContent = label;
  element.addEventListener("click", act);
  return element;
}

function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

document.addEventListener("change", (event) => {
  const input = event.target.closest("[data-upload-input]");
  if (input?.files.length) {
    addFiles(input.files, input.dataset.exercise || "");
    input.value = "";
  }
});
document.addEventListener("dragover", (event) => {
  if (carriesFiles(event)) {
    event.preventDefault();
    veil.hidden = false;
  }
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) {
    veil.hidden = true;
  }
});
document.addEventListener("drop", (event) => {
  veil.hidden = true;
  if (carriesFiles(event)) {
    event.preventDefault();
    dropped(event.dataTransfer);
  }
});
document.addEventListener("htmx:afterSwap", () => {
  revealInside(document);
  // The board now tells what is missing; what was claimed and stored is in it.
  if (!running && !waiting.length) {
    claimed = [];
  }
});
window.addEventListener("beforeunload", (event) => {
  if (running || waiting.length) {
    event.preventDefault();
  }
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
});

reveal();
