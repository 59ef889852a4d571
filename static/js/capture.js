// The camera: a live picture to fill, a countdown, keep or again, and the next exercise by itself.
import { canOpen, closeCamera, openCamera, shoot } from "./camera.js";
import { consentGiven } from "./consent.js";
import { recall, remember, wait } from "./page.js";
import { plainName, send as sendPhoto } from "./send.js";

const root = document.getElementById("capture");
const COUNT = 3;
const READING_TIME = 2000;
const LOOKING_TIME = 3000;
// How long the next exercise waits for the word on this one, and how often it asks. A queue that was slow twice is
// not waited for again: its word comes when it comes.
const CHECK_TIME = 2500;
const CHECK_EVERY = 250;
const LATE_EVERY = 2000;
const LATE_TIME = 60000;
const REPEATS = 2;
const RATIO = 4 / 5;
const text = root.dataset;
const find = (selector) => root.querySelector(selector);
const stage = find("[data-stage]");
const video = find("[data-video]");
const shotImage = find("[data-shot]");
const counter = find("[data-count-down]");
const status = find("[data-status]");
const live = find("[data-live]");
// A patient at home leaves an exercise out without a reason.
const skipPanel = find("[data-skip-panel]");
const decide = find("[data-decide]");
const steps = [...root.querySelectorAll(".capture-step")];
let here = -1;
let stream = null;
let shot = null;
let timer = null;
let pause = null;
const unsent = [];
let noCamera = false;
let judged = null;
let slow = 0;
let repeats = 0;
let facing = text.facing || (matchMedia("(pointer: coarse)").matches ? "environment" : "user");
let mirrored = recall("risorius-mirror", text.mirrored || (facing === "user" ? "on" : "off")) === "on";
let handsFree = recall("risorius-hands-free", "off") === "on";
let ghosted = recall("risorius-ghost", "off") === "on";

// ---- What is shown.

function show(state) {
  stage.dataset.state = state;
  stage.setAttribute("aria-busy", String(state === "checking"));
  live.hidden = state !== "live" && state !== "counting";
  decide.hidden = state !== "shot";
  find("[data-judged]").hidden = state !== "judged";
  shotImage.hidden = !["shot", "checking", "judged"].includes(state);
  showGhost(state);
  find("[data-trouble]").hidden = state !== "trouble";
  find("[data-done-panel]").hidden = state !== "done";
  if (skipPanel) {
    skipPanel.hidden = state !== "skip";
  }
  root.classList.toggle("is-counting", state === "counting");
  const shutter = find("[data-shutter]");
  shutter.setAttribute("aria-label", state === "counting" ? text.stop : text.take);
}

function say(sentence, how) {
  status.textContent = sentence;
  status.classList.toggle("is-bad", how === "bad");
  status.classList.toggle("is-good", how === "good");
}

// The last visit's face, faintly over the live one; asked for only while somebody wants to see it.
function showGhost(state) {
  const image = find("[data-ghost-image]");
  const address = here > -1 ? steps[here].dataset.ghost : "";
  const wanted = ghosted && Boolean(address) && (state === "live" || state === "counting");
  if (wanted && image.getAttribute("src") !== address) {
    image.src = address;
  }
  image.hidden = !wanted;
  image.classList.toggle("is-mirrored", mirrored);
  find("[data-ghost-toggle]").hidden = !steps.some((step) => step.dataset.ghost);
}

function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
  button.classList.toggle("active", on);
}

function applyMirror() {
  video.classList.toggle("is-mirrored", mirrored);
  press(find("[data-mirror]"), mirrored);
  find("[data-mirror-hint]").hidden = !mirrored;
  find("[data-ghost-image]").classList.toggle("is-mirrored", mirrored);
  flipDrawing();
}

// The drawing faces the reader as the live picture does: side by side with it, and mirrored with it.
function flipDrawing() {
  const right = here > -1 && steps[here].dataset.side === "right";
  find("[data-drawing]").classList.toggle("is-flipped", right !== mirrored);
}

function go(index) {
  stopCount();
  here = index;
  const step = steps[index].dataset;
  find("[data-name]").textContent = step.name;
  find("[data-place]").textContent = placeOf(steps[index]);
  find("[data-instruction]").textContent = step.instruction;
  const drawing = find("[data-drawing]");
  drawing.src = step.drawing;
  drawing.hidden = false;
  flipDrawing();
  steps.forEach((button, place) => {
    if (place === index) {
      button.setAttribute("aria-current", "step");
      bringIntoRow(button);
    } else {
      button.removeAttribute("aria-current");
    }
  });
  dropShot();
  if (steps[index].classList.contains("is-skipped")) {
    say(`${step.name}: ${fill(text.notTaken, step)}`);
  }
  show(stream ? "live" : noCamera ? "trouble" : "start");
}

// “7 of 10” of what the series asks for; what is taken besides has no number.
function placeOf(step) {
  const asked = steps.filter(isAsked);
  const number = asked.indexOf(step) + 1;
  return number ? fill(text.place, { number, all: asked.length }) : text.besides;
}

function fill(sentence, words) {
  return sentence.replace(/\{(\w+)\}/g, (_all, name) => words[name]);
}

function isAsked(step) {
  return step.dataset.asked !== undefined;
}

function isOpen(step) {
  return !step.classList.contains("is-taken") && !step.classList.contains("is-skipped");
}

// Not scrollIntoView, which would scroll the whole page too.
function bringIntoRow(button) {
  const row = button.closest("ol");
  row.scrollLeft = button.offsetLeft - (row.clientWidth - button.offsetWidth) / 2;
}

function nextOpen(from) {
  for (let i = 1; i <= steps.length; i += 1) {
    const index = (from + i) % steps.length;
    if (isAsked(steps[index]) && isOpen(steps[index])) {
      return index;
    }
  }
  return -1;
}

function advance() {
  const next = nextOpen(here);
  if (next === -1) {
    find("[data-name]").textContent = "";
    find("[data-place]").textContent = "";
    find("[data-instruction]").textContent = text.allDone;
    find("[data-drawing]").hidden = true;
    steps.forEach((button) => {
      button.removeAttribute("aria-current");
    });
    show("done");
    find("[data-done-panel] a").focus();
    return;
  }
  go(next);
  getReady();
}

// The hand is on the shutter; without hands the count starts once the exercise is read.
function getReady() {
  if (!stream) {
    return;
  }
  find("[data-shutter]").focus({ preventScroll: true });
  if (handsFree) {
    later(count, READING_TIME);
  }
}

// ---- The camera.

const TROUBLES = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "none",
  OverconstrainedError: "none",
  NotReadableError: "busy",
  AbortError: "busy",
};

function fail(code) {
  noCamera = true;
  const words = find("template[data-troubles]").content.querySelector(`[data-code="${code}"]`);
  find("[data-trouble-title]").textContent = words.dataset.title;
  find("[data-trouble-text]").textContent = words.textContent;
  show("trouble");
}

function stopStream() {
  closeCamera(stream);
  stream = null;
}

async function open() {
  if (!canOpen()) {
    fail("insecure");
    return;
  }
  stopStream();
  show("start");
  try {
    stream = await openCamera({ facingMode: facing, width: { ideal: 2560 }, height: { ideal: 1920 } });
    noCamera = false;
    video.srcObject = stream;
    watchFor(stream);
    applyMirror();
    show("live");
    const devices = await navigator.mediaDevices.enumerateDevices();
    find("[data-flip]").hidden = devices.filter((device) => device.kind === "videoinput").length < 2;
  } catch (error) {
    fail(TROUBLES[error.name] ?? "other");
  }
}

// A camera that is pulled out or taken away must not leave a frozen picture.
function watchFor(opened) {
  opened.getVideoTracks()[0].addEventListener("ended", () => {
    if (stream === opened) {
      stream = null;
      stopCount();
      fail("none");
    }
  });
}

// ---- The shot.

function later(act, delay) {
  clearTimeout(pause);
  root.classList.add("is-waiting");
  pause = setTimeout(() => {
    root.classList.remove("is-waiting");
    act();
  }, delay);
}

function stopCount() {
  clearInterval(timer);
  clearTimeout(pause);
  root.classList.remove("is-waiting");
  timer = null;
  counter.textContent = "";
}

function count() {
  if (timer) {
    stopCount();
    show("live");
    return;
  }
  stopCount();
  let left = COUNT;
  counter.textContent = String(left);
  show("counting");
  timer = setInterval(() => {
    left -= 1;
    if (left > 0) {
      counter.textContent = String(left);
    } else {
      stopCount();
      take();
    }
  }, 1000);
}

// What is seen is what is stored: the upright middle of the picture.
async function take() {
  const width = Math.min(video.videoWidth, Math.round(video.videoHeight * RATIO));
  const height = Math.min(video.videoHeight, Math.round(width / RATIO));
  if (!width || !height) {
    show("live");
    return;
  }
  const blob = await shoot(video, width, height);
  dropShot();
  shot = blob;
  shotImage.src = URL.createObjectURL(blob);
  show("shot");
  say("");
  find("[data-keep]").focus({ preventScroll: true });
  if (handsFree) {
    later(keepShot, LOOKING_TIME);
  }
}

function dropShot() {
  if (shotImage.src) {
    URL.revokeObjectURL(shotImage.src);
    shotImage.removeAttribute("src");
  }
  shot = null;
}

// Who has to be asked first, is; the photo stays on the page meanwhile.
async function keepShot() {
  stopCount();
  if (shot) {
    const job = { blob: shot, index: here, name: "photo.jpg" };
    if ((await consentGiven()) && shot) {
      keep(job);
    }
  }
}

// The photo goes into the visit, and the next exercise waits until it is known whether it is any good.
async function keep(job) {
  job.replaces = steps[job.index].dataset.replaces || "";
  if (slow >= REPEATS) {
    sendAndWatch(job);
    advance();
    return;
  }
  show("checking");
  const answer = await send(job);
  if (answer?.check) {
    say(text.checking);
    judge(job, answer, await ask(answer.check, CHECK_TIME, CHECK_EVERY));
  } else if (answer) {
    advance();
  }
}

async function sendAndWatch(job) {
  watch(job, await send(job));
}

function judge(job, answer, check) {
  const step = steps[job.index];
  if (check.state === "waiting") {
    slow += 1;
    say(text.late);
    watch(job, answer);
    advance();
    return;
  }
  slow = 0;
  if (!check.again) {
    accept(step, check);
    advance();
    return;
  }
  judged = { step, id: answer.id };
  say(`${step.dataset.name}: ${check.sentence}`, "bad");
  show("judged");
  find("[data-take-again]").focus({ preventScroll: true });
  if (handsFree && repeats < REPEATS) {
    repeats += 1;
    later(takeAgain, LOOKING_TIME);
  }
}

function accept(step, check) {
  repeats = 0;
  delete step.dataset.replaces;
  step.classList.remove("is-bad");
  say(check.sentence, check.state === "good" ? "good" : check.state === "failed" ? "bad" : "");
}

// The word that comes after the next exercise was begun: it is said, and a bad photo's exercise is open again.
async function watch(job, answer) {
  if (!answer?.check) {
    return;
  }
  const check = await ask(answer.check, LATE_TIME, LATE_EVERY);
  const step = steps[job.index];
  if (check.again) {
    step.classList.remove("is-taken");
    step.classList.add("is-bad");
    step.dataset.replaces = answer.id;
    say(`${step.dataset.name}: ${check.sentence}`, "bad");
  } else if (check.state !== "waiting") {
    slow = 0;
    accept(step, check);
  }
}

// What is known of a photo once it is known, or at the end of `time`; both in milliseconds.
async function ask(address, time, every) {
  const end = Date.now() + time;
  for (;;) {
    const check = await checkOf(address);
    if (check.state !== "waiting" || Date.now() + every > end) {
      return check;
    }
    await wait(every);
  }
}

async function checkOf(address) {
  try {
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    return response.ok && !response.redirected ? await response.json() : { state: "waiting" };
  } catch {
    return { state: "waiting" };
  }
}

function takeAgain() {
  stopCount();
  const step = judged.step;
  step.classList.remove("is-taken");
  step.dataset.replaces = judged.id;
  judged = null;
  go(steps.indexOf(step));
  getReady();
}

function goOn() {
  stopCount();
  judged = null;
  repeats = 0;
  say("");
  advance();
}

// ---- Into the visit.

// Resolves to what the server answered, or to nothing where the photo was refused and its exercise is shown again.
async function send(job) {
  const step = steps[job.index];
  const body = new FormData();
  body.append("photo", job.blob, job.name);
  body.append("exercise", step.dataset.step);
  if (job.replaces) {
    body.append("replaces", job.replaces);
  }
  say(text.keeping);
  step.classList.remove("is-skipped");
  step.classList.add("is-taken", "is-sending");
  const answer = await sendPhoto(text.upload, body);
  step.classList.remove("is-sending");
  if (answer.kind === "refused") {
    refuse(step, answer.detail);
    return null;
  }
  if (answer.kind === "stored") {
    say(`${text.stored}: ${step.dataset.name}`);
  } else {
    hold(job, answer.kind === "unstored" ? answer.detail : text[answer.kind] || text.offline);
  }
  return answer;
}

function refuse(step, sentence) {
  step.classList.remove("is-taken");
  go(steps.indexOf(step));
  say(`${step.dataset.name}: ${sentence}`, "bad");
}

// The photo itself is kept on the page until it is stored.
function hold(job, sentence) {
  unsent.push(job);
  say(sentence, "bad");
  showUnsent();
}

function showUnsent() {
  find("[data-resend]").hidden = unsent.length === 0;
}

function resend() {
  unsent.splice(0).forEach(sendAndWatchAgain);
  showUnsent();
}

async function sendAndWatchAgain(job) {
  await watch(job, await send(job));
}

// ---- Left out, and why.

// Only what a visit's series asks for needs a reason.
function askWhy() {
  stopCount();
  if (!skipPanel || !isAsked(steps[here]) || !isOpen(steps[here])) {
    go((here + 1) % steps.length);
    return;
  }
  show("skip");
  find("[data-reason]:not(.capture-step)").focus({ preventScroll: true });
}

async function skip(reason, note) {
  const step = steps[here];
  const body = new FormData();
  body.append("exercise", step.dataset.exercise);
  body.append("reason", reason);
  body.append("note", note);
  const answer = await sendPhoto(text.skipAddress, body);
  if (answer.kind !== "stored") {
    say(answer.detail || text[answer.kind] || text.notNoted, "bad");
    return;
  }
  const same = steps.filter((one) => one.dataset.exercise === step.dataset.exercise);
  for (const one of same.filter((each) => !each.classList.contains("is-taken"))) {
    one.classList.add("is-skipped");
    one.dataset.reason = answer.reason;
  }
  say(`${step.dataset.name}: ${fill(text.notTaken, answer)}`);
  find("#skip-note").value = "";
  advance();
}

// ---- Hands.

find("[data-shutter]").addEventListener("click", count);
find("[data-again]").addEventListener("click", () => {
  stopCount();
  dropShot();
  show("live");
  find("[data-shutter]").focus({ preventScroll: true });
});
find("[data-keep]").addEventListener("click", keepShot);
find("[data-take-again]").addEventListener("click", takeAgain);
find("[data-go-on]").addEventListener("click", goOn);
find("[data-ghost-toggle]").addEventListener("click", () => {
  ghosted = !ghosted;
  remember("risorius-ghost", ghosted ? "on" : "off");
  press(find("[data-ghost-toggle]"), ghosted);
  showGhost(stage.dataset.state);
});
find("[data-skip]").addEventListener("click", askWhy);
if (skipPanel) {
  find("[data-later]").addEventListener("click", () => {
    go((here + 1) % steps.length);
  });
  find("[data-skip-not]").addEventListener("click", () => {
    go(here);
  });
  for (const button of root.querySelectorAll(".skip-reasons [data-reason]")) {
    button.addEventListener("click", () => {
      skip(button.dataset.reason, "");
    });
  }
  find("[data-other]").addEventListener("submit", (event) => {
    event.preventDefault();
    skip("other", find("#skip-note").value);
  });
}
find("[data-mirror]").addEventListener("click", () => {
  mirrored = !mirrored;
  remember("risorius-mirror", mirrored ? "on" : "off");
  applyMirror();
});
find("[data-hands-free]").addEventListener("click", () => {
  handsFree = !handsFree;
  remember("risorius-hands-free", handsFree ? "on" : "off");
  press(find("[data-hands-free]"), handsFree);
  if (!handsFree) {
    stopCount();
    show("live");
  }
});
find("[data-flip]").addEventListener("click", () => {
  stopCount();
  facing = facing === "user" ? "environment" : "user";
  mirrored = facing === "user";
  open();
});
find("[data-again-camera]").addEventListener("click", open);
find("[data-resend]").addEventListener("click", resend);
window.addEventListener("online", resend);
find("[data-file]").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  if (!file) {
    return;
  }
  dropShot();
  shotImage.src = URL.createObjectURL(file);
  event.target.value = "";
  const job = { blob: file, index: here, name: plainName(file) };
  if (await consentGiven()) {
    keep(job);
  }
});
steps.forEach((button, index) => {
  button.addEventListener("click", () => {
    go(index);
  });
});
window.addEventListener("beforeunload", (event) => {
  if (unsent.length || root.querySelector(".is-sending")) {
    event.preventDefault();
  }
});
window.addEventListener("pagehide", stopStream);

function first() {
  const ofExercise = steps.filter((button) => button.dataset.exercise === text.start);
  const open = ofExercise.filter((button) => !button.classList.contains("is-taken"));
  const wanted = steps.indexOf(open[0] || ofExercise[0]);
  return wanted > -1 ? wanted : Math.max(0, nextOpen(steps.length - 1));
}

// Begun before, on this device or another one: it says where it goes on.
function sayWhere() {
  const asked = steps.filter(isAsked);
  const done = asked.filter((step) => !isOpen(step)).length;
  if (done && done < asked.length) {
    say(fill(text.goesOn, { done, all: asked.length, exercise: steps[here].dataset.name }));
  }
}

press(find("[data-hands-free]"), handsFree);
press(find("[data-ghost-toggle]"), ghosted);
go(first());
sayWhere();
open();
