// Asks for the consent to the clinical record before the first photo of a page is sent. What was chosen waits.
(function () {
  "use strict";
  var dialog = document.getElementById("consent-dialog");
  var settled = !dialog;
  var asking = null;

  if (dialog) {
    dialog.close();
    dialog.querySelectorAll("[hidden]").forEach(function (element) {
      element.hidden = !element.matches("button");
    });
  }

  // The head of the page says what is on record; it would go on saying that nothing is.
  function show(said) {
    document.querySelectorAll(".banner-consents").forEach(function (element) {
      element.replaceWith(new DOMParser().parseFromString(said.consents, "text/html").querySelector(".banner-consents"));
    });
    return "";
  }

  function record(form) {
    return window.fetch(form.action, {
      method: "POST",
      headers: { "Accept": "application/json", "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content },
      body: new FormData(form)
    }).then(function (response) {
      if (response.status === 201) {
        return response.json().then(show);
      }
      return response.redirected ? dialog.dataset.offline : response.json().then(function (said) {
        return said.detail || dialog.dataset.offline;
      });
    }).catch(function () {
      return dialog.dataset.offline;
    });
  }

  // Resolves to true where photos may be sent: at once where the consent is on record or was answered before.
  window.risoriusConsent = function () {
    if (settled) {
      return Promise.resolve(true);
    }
    asking = asking || new Promise(function (resolve) {
      var form = dialog.querySelector("form");
      var error = dialog.querySelector("[data-consent-error]");
      var goOn = dialog.querySelector("[data-consent-go-on]");
      var later = dialog.querySelector("[data-consent-later]");
      var answered = false;

      function end(allowed) {
        answered = true;
        settled = allowed;
        asking = null;
        dialog.close();
        resolve(allowed);
      }
      form.onsubmit = function (event) {
        event.preventDefault();
        record(form).then(function (sentence) {
          error.textContent = sentence;
          error.hidden = !sentence;
          if (!sentence) {
            end(true);
          }
        });
      };
      if (goOn) {
        goOn.onclick = function () { end(true); };
      }
      later.onclick = function () { end(false); };
      dialog.onclose = function () {
        if (!answered) {
          end(false);
        }
      };
      dialog.showModal();
    });
    return asking;
  };
})();
