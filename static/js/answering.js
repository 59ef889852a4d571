// What a patient answers: each answer is sent as it is tapped, so that none is lost, and a link's secret is taken out of the
// address. Without this script the code is typed, and answers are kept when they are sent.

const secretForm = document.querySelector("[data-secret-form]");
if (secretForm && location.hash.length > 1) {
  const secret = decodeURIComponent(location.hash.slice(1));
  // Neither the history nor the next page's referrer is to hold it.
  history.replaceState(null, "", location.pathname);
  secretForm.elements.secret.value = secret;
  secretForm.submit();
}

const form = document.querySelector("[data-questions]");
const state = form?.querySelector("[data-state]");
let waiting = false;
let sending = false;
let leaving = false;

async function send() {
  if (sending) {
    waiting = true;
    return;
  }
  sending = true;
  waiting = false;
  const body = new FormData(form);
  body.set("part", "1");
  try {
    const answer = await fetch(location.href, { method: "POST", body, redirect: "manual" });
    if (answer.status !== 204) {
      throw new Error(String(answer.status));
    }
    state.textContent = form.dataset.saved;
  } catch {
    if (!leaving) {
      state.textContent = form.dataset.failed;
      waiting = true;
      setTimeout(() => waiting && !sending && send(), 3000);
    }
    sending = false;
    return;
  }
  sending = false;
  if (waiting) {
    send();
  }
}

form?.addEventListener("change", send);
form?.addEventListener("submit", () => {
  leaving = true;
});
document.querySelector(".is-left-out input")?.focus();
