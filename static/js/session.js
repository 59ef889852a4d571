// The end of a session, announced: a countdown in the last two minutes, in every tab at once. When it ends the page goes
// away; what is typed stays in the tab (drafts.js).
import { forgetDrafts, isLogout, keepDraft, leave, leaving } from "./drafts.js";
import { csrfToken } from "./page.js";

const WARN = 120; // seconds, as the next two
const PING_EVERY = 60;
const HERE_FOR = 60;
const { dataset } = document.body;
const channel = "BroadcastChannel" in window ? new BroadcastChannel("risorius.session") : null;
const bar = document.getElementById("session-countdown");
const clock = bar.querySelector("[data-clock]");
const stayButton = bar.querySelector("[data-stay]");
const idleText = bar.querySelector("[data-idle]");
const absoluteText = bar.querySelector("[data-absolute]");
let idleEnd;
let absoluteEnd;
let asking = false;
let asked = false;
let shown = false;
let lastInput = 0;
let lastPing = Date.now();

// `left` holds the seconds until nobody was there for too long, and until the session is too old.
function take(left) {
  idleEnd = Date.now() + left.idle * 1000;
  absoluteEnd = Date.now() + left.absolute * 1000;
  show();
}

function takeAndTell(left) {
  take(left);
  channel?.postMessage({ left });
}

const secondsLeft = () => Math.ceil((Math.min(idleEnd, absoluteEnd) - Date.now()) / 1000);

async function lock() {
  if (leaving) {
    return;
  }
  leave();
  // A face must not stay on the screen while the next page loads.
  document.getElementById("main").hidden = true;
  await keepDraft();
  channel?.postMessage({ ended: true });
  const next = encodeURIComponent(location.pathname + location.search);
  location.replace(`${dataset.sessionLocked}?next=${next}`);
}

async function secondsFrom(address, options) {
  const response = await fetch(address, options);
  if (response.status === 401) {
    lock();
  }
  return response.ok ? response.json() : null;
}

async function ask() {
  if (asking) {
    return;
  }
  asking = true;
  try {
    const left = await secondsFrom(dataset.sessionLeft, { headers: { Accept: "application/json" } });
    if (left) {
      take(left);
    }
  } catch {
    // The network is away: the clock goes on.
  } finally {
    asking = false;
  }
}

async function stay() {
  lastPing = Date.now();
  try {
    const left = await secondsFrom(dataset.sessionStay, {
      method: "POST",
      headers: { "X-CSRFToken": csrfToken(), "X-Person": "here", Accept: "application/json" },
    });
    if (left) {
      takeAndTell(left);
    }
  } catch {
    lastPing = 0;
  }
}

function show() {
  const left = secondsLeft();
  if (left <= 0) {
    lock();
    return;
  }
  const wanted = left <= WARN;
  // Another tab, or this one's own requests, may have moved the end.
  if (wanted && !asked) {
    ask();
  }
  asked = wanted;
  if (wanted) {
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    const final = absoluteEnd <= idleEnd;
    idleText.hidden = final;
    absoluteText.hidden = !final;
    stayButton.hidden = final;
  }
  if (wanted !== shown) {
    shown = wanted;
    bar.hidden = !wanted;
    // Said once, and not with every second.
    document.getElementById("session-said").textContent = wanted ? bar.querySelector("p").textContent : "";
  }
}

stayButton.addEventListener("click", stay);
channel?.addEventListener("message", ({ data }) => {
  if (data.left) {
    take(data.left);
  } else if (data.ended) {
    ask();
  } else if (data.logout) {
    forgetDrafts();
    ask();
  }
});
document.addEventListener("submit", (event) => {
  if (isLogout(event.target)) {
    channel?.postMessage({ logout: true });
  }
});

function here() {
  lastInput = Date.now();
  if (lastInput - lastPing > PING_EVERY * 1000) {
    stay();
  }
}
["keydown", "pointerdown", "wheel", "touchmove", "input"].forEach((name) => {
  document.addEventListener(name, here, { passive: true, capture: true });
});

// htmx says whether anybody is there; what a page asks by itself keeps no session alive.
document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-Person"] = Date.now() - lastInput < HERE_FOR * 1000 ? "here" : "away";
});
// A session that ended elsewhere: htmx would follow before the fields are kept.
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect")?.startsWith(dataset.sessionLogin)) {
    event.preventDefault();
    lock();
  }
});

takeAndTell({ idle: Number(dataset.sessionIdle), absolute: Number(dataset.sessionAbsolute) });
if (document.referrer.includes(dataset.sessionLogin)) {
  channel?.postMessage({ login: true });
}
setInterval(show, 1000);
document.addEventListener("visibilitychange", show);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    ask();
  }
});
