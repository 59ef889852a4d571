// The impression is saved as it is typed; nothing typed is lost when the line breaks or the page closes. Only what was
// touched is sent, with the version that it started from: what another person saved meanwhile comes into the other
// fields, and where both wrote in one, nothing is saved until somebody has chosen.
import { renew } from "./send.js";

const form = document.getElementById("impression-form");
const saved = document.getElementById("saved");
let timer = null;
let sent = null;
// What each field held when it was last the same as the record, and in which version that was.
const known = {};
fields().forEach((field) => {
  known[field.name] = { value: field.value, version: Number(form.elements.version.value) };
});

function fields() {
  return [...form.elements].filter(
    ({ name, type }) => name && type !== "hidden" && type !== "submit" && !name.startsWith("keep-"),
  );
}

// What was typed on this page before is back: it started from the version that it was typed for.
form.addEventListener("risorius:back", (event) => {
  if (event.detail.name in known) {
    known[event.detail.name].version = Number(form.elements.version.value);
  }
});

// What is on file is the field's own value from now on, so that nobody takes it for typed and not saved.
function settle(field, value) {
  if (field.options) {
    [...field.options].forEach((option) => {
      option.defaultSelected = option.value === value;
    });
  } else {
    field.defaultValue = value;
  }
}

function touched() {
  return fields().filter((field) => field.value !== known[field.name].value);
}

// Fields that started from different versions go one after the other, the oldest first.
function next() {
  const waiting = touched();
  const oldest = Math.min(...waiting.map((field) => known[field.name].version));
  const values = { version: String(oldest) };
  waiting.forEach((field) => {
    if (known[field.name].version === oldest) {
      values[field.name] = field.value;
    }
  });
  return waiting.length ? values : null;
}

function undecided() {
  return form.querySelector("[data-conflict]") !== null;
}

function say(sentence, kind) {
  const line = document.createElement("span");
  line.className = kind;
  line.textContent = sentence;
  saved.replaceChildren(line);
}

function isOurs(event) {
  return event.detail?.elt === form;
}

function send() {
  window.htmx.trigger(form, "risorius:save");
}

function again() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    // A new login has a new token; without one the answer says so again.
    await renew();
    send();
  }, 5000);
}

form.addEventListener("input", (event) => {
  if (event.target.name in known) {
    say(undecided() ? form.dataset.undecided : form.dataset.saving, undecided() ? "save-conflict" : "save-running");
  }
});

document.body.addEventListener("htmx:configRequest", (event) => {
  if (!isOurs(event)) {
    return;
  }
  const values = undecided() ? null : next();
  if (values === null) {
    event.preventDefault();
    if (!undecided() && saved.querySelector(".save-running")) {
      saved.replaceChildren();
    }
    return;
  }
  sent = values;
  event.detail.parameters = { csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value, ...values };
});

// The answer names the record's version, and the fields that hold something else there than here.
function take() {
  const line = saved.querySelector("[data-version], [data-seen]");
  if (!line || !sent) {
    return;
  }
  const isSaved = line.hasAttribute("data-version");
  const version = Number(line.value);
  const others = {};
  saved.querySelectorAll("[data-field]").forEach((one) => {
    others[one.dataset.field] = one.value;
  });
  if (Object.keys(others).some((name) => !(name in known))) {
    // What this form doesn't hold, the grade, stands in the panel beside it.
    document.body.dispatchEvent(new CustomEvent("visit-changed"));
  }
  fields().forEach((field) => {
    const was = known[field.name];
    if (field.name in sent && !isSaved) {
      return;
    }
    if (field.name in sent) {
      was.value = sent[field.name];
      was.version = version;
      settle(field, was.value);
    }
    if (field.name in others) {
      if (field.value === was.value) {
        field.value = others[field.name];
        known[field.name] = { value: field.value, version };
        settle(field, field.value);
      }
    } else if (was.version !== version) {
      was.version = version;
    }
  });
  if (isSaved) {
    form.elements.version.value = String(version);
  }
}

document.body.addEventListener("htmx:afterRequest", (event) => {
  if (!isOurs(event)) {
    return;
  }
  clearTimeout(timer);
  const request = event.detail.xhr;
  if (request.status && request.getResponseHeader("HX-Redirect")) {
    say(form.dataset.session, "save-failed");
    again();
  } else if (!event.detail.successful) {
    say(form.dataset.failed, "save-failed");
    again();
  }
});
document.body.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== saved) {
    return;
  }
  take();
  sent = null;
  if (touched().length && !undecided() && saved.querySelector("[data-version]")) {
    say(form.dataset.saving, "save-running");
    send();
  }
});

// One tap: what stays goes into the field, and the field goes on from the version that was shown.
form.addEventListener("risorius:kept", (event) => {
  const { name, theirs, version } = event.detail;
  known[name] = { value: theirs, version };
  settle(form.elements[name], theirs);
  if (undecided()) {
    return;
  }
  if (touched().length) {
    say(form.dataset.saving, "save-running");
    send();
  } else {
    say(form.dataset.kept, "save-done");
  }
});

window.addEventListener("pagehide", () => {
  if (undecided()) {
    return;
  }
  for (let values = next(); values; values = next()) {
    const body = new FormData();
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    body.append("closing", "1");
    Object.entries(values).forEach(([name, value]) => {
      body.append(name, value);
      if (name in known) {
        known[name].value = value;
      }
    });
    navigator.sendBeacon(form.action, body);
  }
});
