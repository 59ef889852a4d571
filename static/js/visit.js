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

  // What is signed names what was on the screen, so the panel keeps up with it; not under a hand that fills it in.
  function renewWord() {
    var word = document.getElementById("visit-word");
    if (word && !word.querySelector(".correct[open], .confirm-anyway[open]")) {
      window.htmx.trigger(word, "word-stale");
    }
  }

  ["board-changed", "photo-settled", "visit-changed"].forEach(function (name) {
    document.body.addEventListener(name, renewWord);
  });
})();

// A question that is open stays open when the board is looked at again, with what was chosen in it: another photo's
// result is no reason to forget it.
(function () {
  "use strict";
  var chosen = {};
  var open = "";
  var held = null;

  function asks() {
    return document.querySelectorAll("#visit-summary .visit-ask");
  }

  document.addEventListener("change", function (event) {
    if (event.target.closest(".visit-ask") && event.target.name) {
      chosen[event.target.name] = event.target.value;
    }
  });
  document.addEventListener("toggle", function (event) {
    if (event.target.matches(".visit-ask")) {
      open = event.newState === "open" ? event.target.id : "";
    }
  }, true);

  document.body.addEventListener("htmx:beforeSwap", function () {
    var ask = open && document.getElementById(open);
    var here = document.activeElement;
    held = ask ? { top: ask.scrollTop, focus: ask.contains(here) ? here.id || here.name : "" } : null;
  });

  document.body.addEventListener("htmx:afterSwap", function () {
    asks().forEach(function (ask) {
      ask.querySelectorAll("select[name]").forEach(function (field) {
        var was = chosen[field.name];
        if (was && field.querySelector('option[value="' + was + '"]')) {
          field.value = was;
        }
      });
      if (ask.id !== open || ask.matches(":popover-open")) {
        return;
      }
      ask.showPopover();
      if (held) {
        ask.scrollTop = held.top;
        var field = held.focus && document.getElementById(held.focus);
        if (field) {
          field.focus({ preventScroll: true });
        }
      }
    });
  });
})();

// The impression is saved as it is typed; nothing typed is lost when the line breaks or the page closes. Only what was
// touched is sent, with the version that it started from: what another person saved meanwhile comes into the other
// fields, and where both wrote in one, nothing is saved until somebody has chosen.
(function () {
  "use strict";
  var form = document.getElementById("impression-form");
  var saved = document.getElementById("saved");
  if (!form) {
    return;
  }
  var timer = null;
  var sent = null;
  // What each field held when it was last the same as the record, and in which version that was.
  var known = {};
  fields().forEach(function (field) {
    known[field.name] = { value: field.value, version: Number(form.elements.version.value) };
  });

  function fields() {
    return Array.prototype.filter.call(form.elements, function (field) {
      return field.name && field.type !== "hidden" && field.type !== "submit" && field.name.indexOf("keep-") !== 0;
    });
  }

  // What was typed on this page before is back: it started from the version that it was typed for.
  form.addEventListener("risorius:back", function (event) {
    if (event.detail.name in known) {
      known[event.detail.name].version = Number(form.elements.version.value);
    }
  });

  // What is on file is the field's own value from now on, so that nobody takes it for typed and not saved.
  function settle(field, value) {
    if (field.options) {
      Array.prototype.forEach.call(field.options, function (option) {
        option.defaultSelected = option.value === value;
      });
    } else {
      field.defaultValue = value;
    }
  }

  function touched() {
    return fields().filter(function (field) { return field.value !== known[field.name].value; });
  }

  // Fields that started from different versions go one after the other, the oldest first.
  function next() {
    var waiting = touched();
    var oldest = Math.min.apply(null, waiting.map(function (field) { return known[field.name].version; }));
    var values = { version: String(oldest) };
    waiting.forEach(function (field) {
      if (known[field.name].version === oldest) {
        values[field.name] = field.value;
      }
    });
    return waiting.length ? values : null;
  }

  function undecided() {
    return form.querySelectorAll("[data-conflict]");
  }

  function say(sentence, kind) {
    var line = document.createElement("span");
    line.className = kind;
    line.textContent = sentence;
    saved.replaceChildren(line);
  }

  function isOurs(event) {
    return event.detail && event.detail.elt === form;
  }

  function send() {
    window.htmx.trigger(form, "risorius:save");
  }

  function again() {
    window.clearTimeout(timer);
    timer = window.setTimeout(function () {
      // A new login has a new token; without one the answer says so again.
      window.risoriusRenew().then(send);
    }, 5000);
  }

  form.addEventListener("input", function (event) {
    if (event.target.name in known) {
      say(undecided().length ? form.dataset.undecided : form.dataset.saving, undecided().length ? "save-conflict" : "save-running");
    }
  });

  document.body.addEventListener("htmx:configRequest", function (event) {
    if (!isOurs(event)) {
      return;
    }
    var values = undecided().length ? null : next();
    if (values === null) {
      event.preventDefault();
      if (!undecided().length && saved.querySelector(".save-running")) {
        saved.replaceChildren();
      }
      return;
    }
    sent = values;
    event.detail.parameters = Object.assign({ csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value }, values);
  });

  // The answer names the record's version, and the fields that hold something else there than here.
  function take() {
    var line = saved.querySelector("[data-version], [data-seen]");
    if (!line || !sent) {
      return;
    }
    var isSaved = line.hasAttribute("data-version");
    var version = Number(line.value), others = {};
    saved.querySelectorAll("[data-field]").forEach(function (one) { others[one.dataset.field] = one.value; });
    if (Object.keys(others).some(function (name) { return !(name in known); })) {
      // What this form doesn't hold, the grade, stands in the panel beside it.
      document.body.dispatchEvent(new CustomEvent("visit-changed"));
    }
    fields().forEach(function (field) {
      var was = known[field.name];
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
          known[field.name] = { value: field.value, version: version };
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

  document.body.addEventListener("htmx:afterRequest", function (event) {
    if (!isOurs(event)) {
      return;
    }
    window.clearTimeout(timer);
    var request = event.detail.xhr;
    if (request.status && request.getResponseHeader("HX-Redirect")) {
      say(form.dataset.session, "save-failed");
      again();
    } else if (!event.detail.successful) {
      say(form.dataset.failed, "save-failed");
      again();
    }
  });
  document.body.addEventListener("htmx:afterSwap", function (event) {
    if (event.detail.target !== saved) {
      return;
    }
    take();
    sent = null;
    if (touched().length && !undecided().length && saved.querySelector("[data-version]")) {
      say(form.dataset.saving, "save-running");
      send();
    }
  });

  // One tap: what stays goes into the field, and the field goes on from the version that was shown.
  form.addEventListener("risorius:kept", function (event) {
    var field = form.elements[event.detail.name];
    known[field.name] = { value: event.detail.theirs, version: event.detail.version };
    settle(field, event.detail.theirs);
    if (undecided().length) {
      return;
    }
    if (touched().length) {
      say(form.dataset.saving, "save-running");
      send();
    } else {
      say(form.dataset.kept, "save-done");
    }
  });

  function isUnsaved() {
    return touched().length > 0;
  }

  window.addEventListener("pagehide", function () {
    if (!navigator.sendBeacon || undecided().length || !isUnsaved()) {
      return;
    }
    for (var values = next(); values; values = next()) {
      var body = new FormData();
      body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      body.append("closing", "1");
      Object.keys(values).forEach(function (name) {
        body.append(name, values[name]);
        if (name in known) {
          known[name].value = values[name];
        }
      });
      navigator.sendBeacon(form.action, body);
    }
  });
})();
