// What is typed and not sent is kept, sealed by a key that only the same person's next login gets, in this tab alone: it
// is back when its page is, be it after a login or after another page. A tab that is closed asks.
import { each, KEPT, SENT, STORE } from "./store.js";

const SKIPPED = new Set(["hidden", "password", "file", "submit", "button", "image", "reset"]);
// What a form carries beside what is typed: which version of the record it was, and what that held.
const CARRIED = ["version", "originals"];
const store = sessionStorage;
const { dataset } = document.body;
// A record is in one clinic; a form for a new one belongs to the clinic in which it was opened.
const isOfRecord = /[0-9a-f]{8}-[0-9a-f]{4}-/.test(location.pathname);
const place = isOfRecord ? location.pathname : `${location.pathname} ${dataset.clinic ?? ""}`;
const sealer = sealing();
// Fields that a page shows again as they were sent, because they were refused: typed, and saved nowhere.
const refused = new Map();
let going = false;
let thrown = false;

// The page is left by itself: nobody is asked.
export let leaving = false;
export function leave() {
  leaving = true;
}

// The key that seals, or nothing.
function sealing() {
  if (window.crypto?.subtle) {
    const raw = Uint8Array.from(dataset.draftKey.match(/../g), (two) => Number.parseInt(two, 16));
    return crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  }
  // Over plain HTTP the browser seals nothing, so nothing is kept, and nothing else is promised.
  document.querySelector("#session-countdown [data-kept-note]").hidden = true;
  return null;
}

function isKept(field) {
  return (
    field.name &&
    !field.name.startsWith("keep-") &&
    !SKIPPED.has(field.type) &&
    !field.hasAttribute("data-secret") &&
    field.autocomplete !== "one-time-code" &&
    !field.readOnly
  );
}

// Each field with a name by which the same one is found when its page is back: [{id, field, choice, form}].
function fields() {
  const seen = new Map();
  const found = [];
  document.querySelectorAll("form").forEach((form) => {
    if (form.matches("[data-not-kept], [role=search]") || form.method !== "post") {
      return;
    }
    [...form.elements].filter(isKept).forEach((field) => {
      const choice = field.type === "checkbox" || field.type === "radio";
      const id = [form.getAttribute("action") ?? "", field.name, choice ? field.value : ""].join(" ");
      seen.set(id, (seen.get(id) ?? 0) + 1);
      found.push({ id: `${id} ${seen.get(id)}`, field, choice, form });
    });
  });
  return found;
}

function changed(one) {
  const { id, field, choice } = one;
  if (refused.has(id) && String(value(one)) === refused.get(id)) {
    return true;
  }
  if (choice) {
    return field.checked !== field.defaultChecked;
  }
  if (field.options) {
    return [...field.options].some((option) => option.selected !== option.defaultSelected);
  }
  return field.value !== field.defaultValue;
}

function value({ field, choice }) {
  if (choice) {
    return field.checked;
  }
  if (field.type === "select-multiple") {
    return [...field.selectedOptions].map((option) => option.value);
  }
  return field.value;
}

function setValue({ field, choice }, was) {
  if (choice) {
    field.checked = was;
  } else if (field.type === "select-multiple") {
    [...field.options].forEach((option) => {
      option.selected = was.includes(option.value);
    });
  } else {
    field.value = was;
  }
}

const base64 = (bytes) => btoa(Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join(""));
const bytesOf = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

async function seal(typed) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const text = new TextEncoder().encode(JSON.stringify(typed));
  return `${base64(iv)}.${base64(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await sealer, text))}`;
}

// Fails where somebody else's key sealed it.
async function open(sealed) {
  const [iv, text] = sealed.split(".").map(bytesOf);
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await sealer, text);
  return JSON.parse(new TextDecoder().decode(plain));
}

function carried({ id, form }, run) {
  CARRIED.forEach((name) => {
    const field = form.elements[name];
    if (field) {
      run(field, `${name} of ${id}`);
    }
  });
}

export async function keepDraft() {
  if (thrown) {
    return;
  }
  const typed = {};
  fields()
    .filter(changed)
    .forEach((one) => {
      typed[one.id] = value(one);
      carried(one, (field, id) => {
        typed[id] = field.value;
      });
    });
  if (!sealer || Object.keys(typed).length === 0) {
    store.removeItem(STORE + place);
    return;
  }
  try {
    store.setItem(STORE + place, await seal(typed));
  } catch {
    // Full, or forbidden: nothing is kept, nothing breaks.
  }
}

export function forgetDrafts() {
  [STORE, KEPT].forEach((prefix) => {
    each(prefix, (name) => store.removeItem(name));
  });
  store.removeItem(SENT);
}

// Puts what was typed into its fields again. True where one of them held something else.
function put(typed) {
  let isBack = false;
  fields().forEach((one) => {
    const { id, field, form } = one;
    if (!(id in typed) || String(value(one)) === String(typed[id])) {
      return;
    }
    isBack = true;
    carried(one, (version, of) => {
      if (of in typed) {
        version.value = typed[of];
      }
    });
    setValue(one, typed[id]);
    form.dispatchEvent(new CustomEvent("risorius:back", { detail: { name: field.name } }));
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.dispatchEvent(new Event("change", { bubbles: true }));
    for (let outer = field.closest("details"); outer; outer = outer.parentElement.closest("details")) {
      outer.open = true;
    }
  });
  return isBack;
}

// What became of the form that led here. A form that was taken answers with a redirect to some page; one that was
// refused is shown again, or an error is, and then what was typed is still nowhere but here.
async function afterSending() {
  const sent = store.getItem(SENT);
  store.removeItem(SENT);
  if (!sent) {
    return;
  }
  const [navigation] = performance.getEntriesByType("navigation");
  if (!navigation || navigation.redirectCount > 0 || !sealer || !store.getItem(sent)) {
    store.removeItem(sent);
    return;
  }
  let typed;
  try {
    typed = await open(store.getItem(sent));
  } catch {
    store.removeItem(sent);
    return;
  }
  if (sent !== STORE + place || navigation.type !== "navigate") {
    return;
  }
  const here = fields().filter((one) => one.id in typed);
  const again = here.filter((one) => String(value(one)) === String(typed[one.id]));
  again.forEach((one) => {
    refused.set(one.id, String(value(one)));
  });
  // The page has the form, without what was sent: it was taken.
  if (here.length && !again.length) {
    store.removeItem(sent);
  }
}

async function bringBack(prefix, name) {
  let typed;
  try {
    typed = await open(store.getItem(name));
  } catch {
    // Sealed by somebody else's key: it is not this person's to see, nor to keep here.
    store.removeItem(name);
    return;
  }
  if (name !== prefix + place) {
    return;
  }
  store.removeItem(name);
  if (put(typed)) {
    const note = document.getElementById("draft-back");
    note.querySelector("[data-after-login]").hidden = prefix !== KEPT;
    note.querySelector("[data-after-leaving]").hidden = prefix === KEPT;
    note.hidden = false;
  }
  keepDraft();
}

export const isLogout = (form) => Boolean(form.action) && new URL(form.action).pathname === dataset.sessionLogout;

// ---- Leaving. Within this tab what is typed comes back; a tab that is closed takes it along, and asks before.
window.addEventListener("pagehide", keepDraft);
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  going = Boolean(link && !link.target && !link.hasAttribute("download") && sealer);
});
window.navigation?.addEventListener("navigate", (event) => {
  going ||= Boolean(sealer) && event.navigationType === "traverse";
});
window.addEventListener("beforeunload", (event) => {
  if (going || leaving || !fields().some(changed)) {
    return;
  }
  event.preventDefault();
  event.returnValue = "";
});

let timer = 0;
document.addEventListener("input", () => {
  going = false;
  clearTimeout(timer);
  timer = setTimeout(keepDraft, 400);
});
document.addEventListener("htmx:afterSettle", keepDraft);
document.addEventListener("submit", (event) => {
  const form = event.target;
  going = !event.defaultPrevented;
  if (isLogout(form)) {
    forgetDrafts();
  } else if (!event.defaultPrevented && form.method === "post" && !form.hasAttribute("hx-post")) {
    store.setItem(SENT, STORE + place);
    keepDraft();
  }
});
document.querySelector("#draft-back button").addEventListener("click", () => {
  store.removeItem(STORE + place);
  store.removeItem(KEPT + place);
  thrown = true;
  leave();
  location.reload();
});

// Once every script of the page has seen the fields as the server filled them.
document.addEventListener("DOMContentLoaded", async () => {
  await afterSending();
  if (!sealer) {
    forgetDrafts();
  }
  [KEPT, STORE].forEach((prefix) => {
    each(prefix, (name) => bringBack(prefix, name));
  });
});
