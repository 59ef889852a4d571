// Passkeys: asks the browser, puts its answer into the form, sends the form.
const json = window.webauthnJSON;
// A passkey belongs to a name: to a bare address no browser gives one.
const nameless = /^[\d.]+$|:/.test(location.hostname);

async function options(form) {
  if (form.dataset.passkey !== "login") {
    return JSON.parse(form.dataset.options);
  }
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    throw new Error("no options");
  }
  return answer.json();
}

function ask(form, given) {
  if (form.dataset.passkey !== "create") {
    return json.get(given.request_options);
  }
  const wanted = given.creation_options;
  const selection = wanted.publicKey.authenticatorSelection;
  const alone = form.elements.passwordless.checked;
  selection.residentKey = alone ? "required" : "discouraged";
  selection.requireResidentKey = alone;
  if (alone) {
    selection.userVerification = "required";
  }
  return json.create(wanted);
}

document.querySelectorAll("form[data-passkey]").forEach((form) => {
  const failed = form.querySelector(".passkey-failed");
  if (!json || !window.PublicKeyCredential || nameless) {
    // A form that stands there anyway says why nothing will come of it.
    failed.textContent = form.dataset.nameless || failed.textContent;
    failed.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
    });
    return;
  }
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    try {
      form.elements.credential.value = JSON.stringify(await ask(form, await options(form)));
      form.submit();
    } catch {
      failed.hidden = false;
    }
  });
});
