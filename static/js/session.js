// The end of a session, announced: a countdown in the last two minutes, in every tab at once. What is typed is kept,
// sealed by a key that only the same person's next login gets, in this tab alone (sessionStorage dies with the tab).
(function () {
  "use strict";
  var WARN = 120, PING_EVERY = 60, HERE_FOR = 60;
  var STORE = "risorius.draft:", KEPT = "risorius.kept:";
  var body = document.body;
  var data = body.dataset;
  var path = location.pathname;
  var store = window.sessionStorage;

  function each(prefix, run) {
    Object.keys(store).filter(function (name) { return name.indexOf(prefix) === 0; }).forEach(run);
  }

  // ---- Nobody is logged in: what this tab holds waits for the login.
  if (!data.sessionStay) {
    each(STORE, function (name) {
      store.setItem(KEPT + name.slice(STORE.length), store.getItem(name));
      store.removeItem(name);
    });
    each(KEPT, function () {
      document.querySelectorAll("[data-kept-note]").forEach(function (note) { note.hidden = false; });
    });
    if ("BroadcastChannel" in window && data.loginPage !== undefined) {
      // Another tab logged in again: this one goes back to where it was.
      new BroadcastChannel("risorius.session").onmessage = function (event) {
        if (event.data.login) {
          location.reload();
        }
      };
    }
    return;
  }

  var channel = "BroadcastChannel" in window ? new BroadcastChannel("risorius.session") : null;
  var bar = document.getElementById("session-countdown");
  var clock = bar.querySelector("[data-clock]");
  var stayButton = bar.querySelector("[data-stay]");
  var idleText = bar.querySelector("[data-idle]"), absoluteText = bar.querySelector("[data-absolute]");
  var idleEnd, absoluteEnd, asking = false, leaving = false;
  var lastInput = 0, lastPing = Date.now();

  function csrf() {
    return document.querySelector('meta[name="csrf-token"]').content;
  }

  function take(left, tell) {
    idleEnd = Date.now() + left.idle * 1000;
    absoluteEnd = Date.now() + left.absolute * 1000;
    if (tell && channel) {
      channel.postMessage({ left: left });
    }
    show();
  }

  function secondsLeft() {
    return Math.ceil((Math.min(idleEnd, absoluteEnd) - Date.now()) / 1000);
  }

  function lock() {
    if (leaving) {
      return;
    }
    leaving = true;
    // A face must not stay on the screen while the next page loads.
    document.getElementById("main").hidden = true;
    save().then(function () {
      if (channel) {
        channel.postMessage({ ended: true });
      }
      location.replace(data.sessionLocked + "?next=" + encodeURIComponent(path + location.search));
    });
  }

  function answer(response) {
    if (response.status === 401) {
      lock();
      return null;
    }
    return response.ok ? response.json() : null;
  }

  function ask() {
    if (asking) {
      return;
    }
    asking = true;
    fetch(data.sessionLeft, { headers: { Accept: "application/json" } }).then(answer).then(function (left) {
      if (left) {
        take(left, false);
      }
    }).catch(function () { /* The network is away: the clock goes on. */ }).finally(function () { asking = false; });
  }

  function stay() {
    lastPing = Date.now();
    fetch(data.sessionStay, {
      method: "POST", headers: { "X-CSRFToken": csrf(), "X-Person": "here", Accept: "application/json" }
    }).then(answer).then(function (left) {
      if (left) {
        take(left, true);
      }
    }).catch(function () { lastPing = 0; });
  }

  var shown = false, asked = 0;
  function show() {
    var left = secondsLeft();
    if (left <= 0) {
      lock();
      return;
    }
    var wanted = left <= WARN;
    if (wanted && !asked) {
      // Another tab, or this one's own requests, may have moved the end.
      asked = 1;
      ask();
    }
    if (!wanted) {
      asked = 0;
    }
    if (wanted) {
      var text = Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0");
      clock.textContent = text;
      var final = absoluteEnd <= idleEnd;
      idleText.hidden = final;
      absoluteText.hidden = !final;
      stayButton.hidden = final;
    }
    if (wanted !== shown) {
      shown = wanted;
      bar.hidden = !wanted;
      // Said once, and not with every second.
      document.getElementById("session-said").textContent = wanted ? bar.querySelector("p").textContent : "";
    }
  }

  stayButton.addEventListener("click", stay);
  if (channel) {
    channel.onmessage = function (event) {
      if (event.data.left) {
        take(event.data.left, false);
      } else if (event.data.ended) {
        ask();
      } else if (event.data.logout) {
        forget();
        ask();
      }
    };
  }

  function here() {
    lastInput = Date.now();
    if (lastInput - lastPing > PING_EVERY * 1000) {
      stay();
    }
  }
  ["keydown", "pointerdown", "wheel", "touchmove", "input"].forEach(function (name) {
    document.addEventListener(name, here, { passive: true, capture: true });
  });

  // htmx says whether anybody is there; what a page asks by itself keeps no session alive.
  document.addEventListener("htmx:configRequest", function (event) {
    event.detail.headers["X-Person"] = Date.now() - lastInput < HERE_FOR * 1000 ? "here" : "away";
  });
  // A session that ended elsewhere: htmx would follow before the fields are kept.
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    var target = event.detail.xhr.getResponseHeader("HX-Redirect");
    if (target && target.indexOf(data.sessionLogin) === 0) {
      event.preventDefault();
      lock();
    }
  });

  // ---- What is typed.
  var sealer = null;
  if (window.crypto && window.crypto.subtle) {
    var raw = new Uint8Array(data.draftKey.match(/../g).map(function (two) { return parseInt(two, 16); }));
    sealer = window.crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);
  } else {
    // Over plain HTTP the browser seals nothing, so nothing is kept, and nothing else is promised.
    bar.querySelector("[data-kept-note]").hidden = true;
  }
  var SKIPPED = ["hidden", "password", "file", "submit", "button", "image", "reset"];

  function fields() {
    var found = [], seen = {};
    document.querySelectorAll("form").forEach(function (form) {
      if (form.matches("[data-not-kept], [role=search]")) {
        return;
      }
      Array.prototype.forEach.call(form.elements, function (field) {
        if (!field.name || SKIPPED.indexOf(field.type) >= 0 || field.autocomplete === "one-time-code" || field.readOnly) {
          return;
        }
        var choice = field.type === "checkbox" || field.type === "radio";
        var id = [form.getAttribute("action") || "", field.name, choice ? field.value : ""].join(" ");
        seen[id] = (seen[id] || 0) + 1;
        found.push({ id: id + " " + seen[id], field: field, choice: choice });
      });
    });
    return found;
  }

  function changed(one) {
    if (one.choice) {
      return one.field.checked !== one.field.defaultChecked;
    }
    if (one.field.type === "select-one" || one.field.type === "select-multiple") {
      return Array.prototype.some.call(one.field.options, function (option) {
        return option.selected !== option.defaultSelected;
      });
    }
    return one.field.value !== one.field.defaultValue;
  }

  function value(one) {
    if (one.choice) {
      return one.field.checked;
    }
    if (one.field.type === "select-multiple") {
      return Array.prototype.map.call(one.field.selectedOptions, function (option) { return option.value; });
    }
    return one.field.value;
  }

  function base64(bytes) {
    var text = "";
    new Uint8Array(bytes).forEach(function (byte) { text += String.fromCharCode(byte); });
    return btoa(text);
  }

  function bytes(text) {
    return Uint8Array.from(atob(text), function (letter) { return letter.charCodeAt(0); });
  }

  function save() {
    var typed = {};
    fields().filter(changed).forEach(function (one) { typed[one.id] = value(one); });
    if (!sealer || Object.keys(typed).length === 0) {
      store.removeItem(STORE + path);
      return Promise.resolve();
    }
    var iv = window.crypto.getRandomValues(new Uint8Array(12));
    return sealer.then(function (key) {
      return window.crypto.subtle.encrypt({ name: "AES-GCM", iv: iv }, key, new TextEncoder().encode(JSON.stringify(typed)));
    }).then(function (sealed) {
      store.setItem(STORE + path, base64(iv) + "." + base64(sealed));
    }).catch(function () { /* Full, or forbidden: nothing is kept, nothing breaks. */ });
  }

  function open(text) {
    var parts = text.split(".");
    return sealer.then(function (key) {
      return window.crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(parts[0]) }, key, bytes(parts[1]));
    }).then(function (plain) { return JSON.parse(new TextDecoder().decode(plain)); });
  }

  function put(typed) {
    var count = 0;
    fields().forEach(function (one) {
      if (!(one.id in typed)) {
        return;
      }
      var was = typed[one.id];
      if (one.choice) {
        one.field.checked = was;
      } else if (one.field.type === "select-multiple") {
        Array.prototype.forEach.call(one.field.options, function (option) {
          option.selected = was.indexOf(option.value) >= 0;
        });
      } else {
        one.field.value = was;
      }
      count += 1;
      one.field.dispatchEvent(new Event("input", { bubbles: true }));
      one.field.dispatchEvent(new Event("change", { bubbles: true }));
      for (var outer = one.field.closest("details"); outer; outer = outer.parentElement.closest("details")) {
        outer.open = true;
      }
    });
    return count;
  }

  function forget() {
    each(STORE, function (name) { store.removeItem(name); });
    each(KEPT, function (name) { store.removeItem(name); });
  }

  function bringBack() {
    // Whatever was typed on a page that was left without a login in between is not wanted back.
    each(STORE, function (name) { store.removeItem(name); });
    if (!sealer) {
      each(KEPT, function (name) { store.removeItem(name); });
      return;
    }
    each(KEPT, function (name) {
      open(store.getItem(name)).then(function (typed) {
        if (name === KEPT + path) {
          store.removeItem(name);
          if (put(typed) > 0) {
            document.getElementById("draft-back").hidden = false;
          }
          save();
        }
      }, function () {
        // Sealed by somebody else's key: it is not this person's to see, nor to keep here.
        store.removeItem(name);
      });
    });
  }

  var timer = 0;
  document.addEventListener("input", function () {
    window.clearTimeout(timer);
    timer = window.setTimeout(save, 400);
  });
  document.addEventListener("htmx:afterSettle", save);
  document.addEventListener("submit", function (event) {
    if (event.target.action && new URL(event.target.action).pathname === data.sessionLogout) {
      forget();
      if (channel) {
        channel.postMessage({ logout: true });
      }
    } else {
      save();
    }
  });
  document.getElementById("draft-back").querySelector("button").addEventListener("click", function () {
    forget();
    location.reload();
  });

  bringBack();
  take({ idle: Number(data.sessionIdle), absolute: Number(data.sessionAbsolute) }, true);
  if (channel && document.referrer.indexOf(data.sessionLogin) >= 0) {
    channel.postMessage({ login: true });
  }
  window.setInterval(show, 1000);
  document.addEventListener("visibilitychange", show);
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) {
      ask();
    }
  });
})();
