// Passkeys: asks the browser, puts its answer into the form, sends the form. And the button that prints codes.
(function () {
  "use strict";
  var json = window.webauthnJSON;
  // A passkey belongs to a name: to a bare address no browser gives one.
  var nameless = /^[\d.]+$|:/.test(location.hostname);

  function options(form) {
    if (form.dataset.passkey !== "login") {
      return Promise.resolve(JSON.parse(form.dataset.options));
    }
    return fetch(form.action, { headers: { Accept: "application/json" } }).then(function (answer) {
      if (!answer.ok) {
        throw new Error("no options");
      }
      return answer.json();
    });
  }

  function ask(form, given) {
    if (form.dataset.passkey !== "create") {
      return json.get(given.request_options);
    }
    var wanted = given.creation_options;
    var alone = form.elements.passwordless.checked;
    wanted.publicKey.authenticatorSelection.residentKey = alone ? "required" : "discouraged";
    wanted.publicKey.authenticatorSelection.requireResidentKey = alone;
    if (alone) {
      wanted.publicKey.authenticatorSelection.userVerification = "required";
    }
    return json.create(wanted);
  }

  document.querySelectorAll("form[data-passkey]").forEach(function (form) {
    var failed = form.querySelector(".passkey-failed");
    if (!json || !window.PublicKeyCredential || nameless) {
      // A form that stands there anyway says why nothing will come of it.
      failed.textContent = form.dataset.nameless || failed.textContent;
      failed.hidden = false;
      form.addEventListener("submit", function (event) { event.preventDefault(); });
      return;
    }
    form.hidden = false;
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      failed.hidden = true;
      options(form).then(function (given) {
        return ask(form, given);
      }).then(function (credential) {
        form.elements.credential.value = JSON.stringify(credential);
        form.submit();
      }).catch(function () {
        failed.hidden = false;
      });
    });
  });

  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
})();
