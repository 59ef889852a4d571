// The page of a clinical scale: each answer is saved at once, a number key chooses and moves on, and what could not be
// saved stays and is sent again.
import { csrfToken } from "./page.js";
import { renew } from "./send.js";

const form = document.getElementById("scale-form");
const state = document.getElementById("scale-state");
const items = [...form.querySelectorAll("[data-item]")];
// What was answered and is not saved yet, by field.
const waiting = new Map();
let sending = false;
let timer = 0;

const nameOf = (item) => item.dataset.item;
const fieldsOf = (item) => [...item.querySelectorAll(`[name="${nameOf(item)}"]`)];

function answerOf(item) {
  const [first] = fieldsOf(item);
  if (first.type === "radio") {
    return fieldsOf(item).find((field) => field.checked)?.value ?? "";
  }
  return first.value;
}

// What is saved is the fields' own value from now on, so that nobody takes it for typed and not saved.
function settle(item) {
  fieldsOf(item).forEach((field) => {
    if (field.type === "radio") {
      field.defaultChecked = field.checked;
    } else {
      field.defaultValue = field.value;
    }
  });
}

function mark(item) {
  const answered = answerOf(item) !== "";
  item.toggleAttribute("data-answered", answered);
  item.querySelector("[data-clear]").hidden = !answered;
  if (!answered) {
    item.querySelector("[data-measures]").replaceChildren();
  }
}

function say(sentence, kind) {
  const line = document.createElement("span");
  line.className = kind;
  line.textContent = sentence;
  state.querySelector("[data-save-state]").replaceChildren(line);
}

function bodyOf(sent) {
  const body = new FormData();
  body.append("csrfmiddlewaretoken", csrfToken());
  body.append("part", "1");
  body.append("version", state.querySelector("[data-version]").value);
  sent.forEach((value, name) => {
    body.append(name, value);
  });
  return body;
}

// The answer holds the panel as it now is, and the measures beside what is answered.
function take(text) {
  const answer = new DOMParser().parseFromString(text, "text/html").body;
  if (!answer.querySelector("[data-version]")) {
    return false;
  }
  answer.querySelectorAll("[data-measured]").forEach((measured) => {
    const item = items.find((one) => nameOf(one) === `item-${measured.dataset.measured}`);
    if (answerOf(item) !== "") {
      item.querySelector("[data-measures]").replaceChildren(measured);
    }
  });
  state.replaceChildren(...answer.childNodes);
  return true;
}

function again(sentence) {
  say(sentence, "save-failed");
  clearTimeout(timer);
  timer = setTimeout(async () => {
    await renew();
    save();
  }, 5000);
}

async function save() {
  if (sending || waiting.size === 0) {
    return;
  }
  sending = true;
  const sent = new Map(waiting);
  say(form.dataset.saving, "save-running");
  let response = null;
  let text = "";
  try {
    response = await fetch(form.action, { method: "POST", body: bodyOf(sent), headers: { Accept: "text/html" } });
    text = await response.text();
  } catch {
    response = null;
  }
  sending = false;
  if (!response || response.status >= 500) {
    again(form.dataset.failed);
  } else if (response.status === 422 && take(text)) {
    // Refused: the page says why, and the answers stand as they were given until somebody looks at it again.
    clearTimeout(timer);
  } else if (!response.ok || response.redirected || !take(text)) {
    again(form.dataset.session);
  } else {
    sent.forEach((value, name) => {
      if (waiting.get(name) === value) {
        waiting.delete(name);
        settle(items.find((item) => nameOf(item) === name));
      }
    });
    save();
  }
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(save, 250);
}

function next(item) {
  const after = items.slice(items.indexOf(item) + 1).find((one) => answerOf(one) === "");
  const target = after ?? items.find((one) => answerOf(one) === "");
  if (!target) {
    document.querySelector(".scale-state button").focus();
    return;
  }
  const [first] = fieldsOf(target);
  first.focus({ preventScroll: true });
  target.scrollIntoView({ block: "center" });
}

function changed(item) {
  mark(item);
  waiting.set(nameOf(item), answerOf(item));
  soon();
}

form.addEventListener("change", (event) => {
  const item = event.target.closest("[data-item]");
  if (item && event.target.name) {
    const slider = item.querySelector("[data-slider]");
    if (slider && event.target.value !== "") {
      slider.value = event.target.value;
    }
    changed(item);
  }
});
form.addEventListener("input", (event) => {
  if (event.target.matches("[data-slider]")) {
    const item = event.target.closest("[data-item]");
    fieldsOf(item)[0].value = event.target.value;
    changed(item);
  }
});
form.addEventListener("click", (event) => {
  if (event.target.closest("[data-clear]")) {
    const item = event.target.closest("[data-item]");
    fieldsOf(item).forEach((field) => {
      if (field.type === "radio") {
        field.checked = false;
      } else {
        field.value = "";
      }
    });
    changed(item);
    fieldsOf(item)[0].focus();
  }
});
document.addEventListener("keydown", (event) => {
  const { target } = event;
  const typing = target.matches?.("input:not([type=radio]), textarea, select");
  if (typing || event.ctrlKey || event.altKey || event.metaKey || !/^[0-9]$/.test(event.key)) {
    return;
  }
  const item = target.closest?.("[data-item]") ?? items.find((one) => answerOf(one) === "");
  const choice = item?.querySelector(`[data-key="${event.key}"]`);
  if (choice) {
    event.preventDefault();
    choice.checked = true;
    changed(item);
    next(item);
  }
});
window.addEventListener("pagehide", () => {
  if (waiting.size) {
    navigator.sendBeacon(form.action, bodyOf(waiting));
  }
});
// What the form sends itself, with Finish, is on its way.
form.addEventListener("submit", () => waiting.clear());

document.querySelectorAll(".scale-layout [data-needs-script]:not([data-clear])").forEach((part) => {
  part.hidden = false;
});
items.forEach(mark);
