// Asks for the consent to the clinical record before the first photo of a page is sent. What was chosen waits.
import { csrfToken } from "./page.js";

const dialog = document.getElementById("consent-dialog");
let settled = !dialog;
let asking = null;

if (dialog) {
  dialog.close();
  dialog.querySelectorAll("[hidden]").forEach((element) => {
    element.hidden = !element.matches("button");
  });
}

// The head of the page says what is on record; it would go on saying that nothing is.
function show(consents) {
  document.querySelectorAll(".banner-consents").forEach((element) => {
    element.replaceWith(new DOMParser().parseFromString(consents, "text/html").querySelector(".banner-consents"));
  });
}

// Resolves to the sentence that says why the consent is not on record, or to nothing.
async function record(form) {
  try {
    const response = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": csrfToken() },
      body: new FormData(form),
    });
    if (response.redirected) {
      return dialog.dataset.offline;
    }
    const said = await response.json();
    if (response.status !== 201) {
      return said.detail || dialog.dataset.offline;
    }
    show(said.consents);
    return "";
  } catch {
    return dialog.dataset.offline;
  }
}

function ask() {
  const form = dialog.querySelector("form");
  const error = dialog.querySelector("[data-consent-error]");
  const goOn = dialog.querySelector("[data-consent-go-on]");
  const later = dialog.querySelector("[data-consent-later]");
  return new Promise((resolve) => {
    let answered = false;

    function end(allowed) {
      answered = true;
      settled = allowed;
      asking = null;
      dialog.close();
      resolve(allowed);
    }
    form.onsubmit = async (event) => {
      event.preventDefault();
      const sentence = await record(form);
      error.textContent = sentence;
      error.hidden = !sentence;
      if (!sentence) {
        end(true);
      }
    };
    if (goOn) {
      goOn.onclick = () => end(true);
    }
    later.onclick = () => end(false);
    dialog.onclose = () => {
      if (!answered) {
        end(false);
      }
    };
    dialog.showModal();
  });
}

// Resolves to true where photos may be sent: at once where the consent is on record or was answered before.
export function consentGiven() {
  if (settled) {
    return Promise.resolve(true);
  }
  asking ??= ask();
  return asking;
}
