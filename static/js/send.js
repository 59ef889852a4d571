// Sends one photo into a visit, or why there is none, and tells how far it is. A token that a new login has replaced is fetched once more.
import { csrfToken, freshPage, takeCsrfToken, wait } from "./page.js";

// Where many photos come in at once, the answer says when there is room again: the same one is sent once more then.
const PATIENCE = 8;
const LONGEST_WAIT = 15;
const KINDS = {
  201: "stored",
  401: "session",
  403: "forbidden",
  413: "large",
  422: "refused",
  429: "unstored",
  503: "unstored",
  507: "unstored",
};
const ENDINGS = { "image/png": "png", "image/webp": "webp", "image/heic": "heic", "image/heif": "heif" };

// fetch() tells nothing of how much of a body is sent.
function post(url, body, progress) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrfToken());
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) {
        progress?.(Math.round((100 * event.loaded) / event.total));
      }
    });
    request.addEventListener("loadend", () => resolve(request));
    request.send(body);
  });
}

function secondsToWait(request) {
  return request.status === 503 || request.status === 429 ? Number(request.getResponseHeader("Retry-After")) : 0;
}

async function patiently(url, body, progress) {
  for (let tries = 0; ; tries += 1) {
    const request = await post(url, body, progress);
    const seconds = secondsToWait(request);
    if (!seconds || seconds > LONGEST_WAIT || tries >= PATIENCE) {
      return answer(request);
    }
    await wait(1000 * seconds * (0.7 + 0.6 * Math.random()));
  }
}

function said(request) {
  try {
    return JSON.parse(request.responseText);
  } catch {
    return {};
  }
}

function answer(request) {
  const { code, detail, id, check, reason } = said(request);
  // A page in place of the answer is the login's.
  const kind = KINDS[request.status] ?? (request.status === 200 ? "session" : "offline");
  return { kind, code, detail, id, check, reason };
}

// True where somebody is logged in; the page's token is then the one of that login.
export async function renew() {
  try {
    const token = (await freshPage())?.querySelector('meta[name="csrf-token"]');
    if (token) {
      takeCsrfToken(token.content);
    }
    return Boolean(token);
  } catch {
    return false;
  }
}

// Only the ending of a file's name is sent: the rest may be a patient's name.
export function plainName(file) {
  const given = file.name.includes(".") ? file.name.split(".").pop() : "";
  return `photo.${given || ENDINGS[file.type] || "jpg"}`;
}

// Resolves to {kind, code, detail, id, check, reason}; kind is stored, refused, unstored (not the photo's fault), large, session,
// forbidden or offline.
export async function send(url, body, progress) {
  const first = await patiently(url, body, progress);
  if (first.kind !== "forbidden" && first.kind !== "session") {
    return first;
  }
  return (await renew()) ? patiently(url, body, progress) : { kind: "session" };
}

// A look in the background that finds nobody logged in would take the page away, and what waits on it.
const UNSAVED = ".upload-row, .is-sending, [data-resend]:not([hidden]), .save-running, .save-failed";
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.getResponseHeader("HX-Redirect") && document.querySelector(UNSAVED)) {
    event.preventDefault();
  }
});
