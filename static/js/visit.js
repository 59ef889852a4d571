// The board of photos is looked at again whenever one of them changed. One look at a time: htmx forgets a
// second one that is asked for while the first replaces the board.
(function () {
  "use strict";
  var looking = false;
  var again = false;

  function look() {
    var board = document.getElementById("visit-board");
    if (looking || !board) {
      again = looking;
      return;
    }
    looking = true;
    window.htmx.ajax("GET", board.dataset.address, { target: "#visit-board", swap: "outerHTML" })
      .catch(function () { /* The next change looks again. */ })
      .then(function () {
        looking = false;
        if (again) {
          again = false;
          look();
        }
      });
  }

  document.body.addEventListener("board-changed", look);
})();

// The impression is saved as it is typed; nothing typed is lost when the line breaks or the page closes.
(function () {
  "use strict";
  var form = document.getElementById("impression-form");
  var saved = document.getElementById("saved");
  if (!form) {
    return;
  }
  var unsaved = false;
  var timer = null;

  function say(sentence, kind) {
    var line = document.createElement("span");
    line.className = kind;
    line.textContent = sentence;
    saved.replaceChildren(line);
  }

  function isOurs(event) {
    return event.detail && event.detail.elt === form;
  }

  form.addEventListener("input", function () {
    unsaved = true;
    say(form.dataset.saving, "save-running");
  });
  function again() {
    window.clearTimeout(timer);
    timer = window.setTimeout(function () {
      // A new login has a new token; without one the answer says so again.
      window.risoriusRenew().then(function () { window.htmx.trigger(form, "change"); });
    }, 5000);
  }

  document.body.addEventListener("htmx:afterRequest", function (event) {
    if (!isOurs(event)) {
      return;
    }
    window.clearTimeout(timer);
    var request = event.detail.xhr;
    if (request.status && request.getResponseHeader("HX-Redirect")) {
      say(form.dataset.session, "save-failed");
      again();
    } else if (event.detail.successful) {
      unsaved = Boolean(saved.querySelector(".save-failed"));
    } else {
      say(form.dataset.failed, "save-failed");
      again();
    }
  });
  window.addEventListener("pagehide", function () {
    if (unsaved && navigator.sendBeacon) {
      navigator.sendBeacon(form.action, new FormData(form));
    }
  });
})();
