// The end of a session, announced: a countdown in the last two minutes, in every tab at once. What is typed and not
// sent is kept, sealed by a key that only the same person's next login gets, in this tab alone (sessionStorage dies
// with the tab): it is back when its page is, be it after a login or after another page. A tab that is closed asks.
(function () {
  "use strict";
  var WARN = 120, PING_EVERY = 60, HERE_FOR = 60;
  var STORE = "risorius.draft:", KEPT = "risorius.kept:", SENT = "risorius.sent";
  var body = document.body;
  var data = body.dataset;
  var path = location.pathname;
  var store = window.sessionStorage;
  // A record is in one clinic; a form for a new one belongs to the clinic in which it was opened.
  var place = /[0-9a-f]{8}-[0-9a-f]{4}-/.test(path) ? path : path + " " + (data.clinic || "");

  function each(prefix, run) {
    Object.keys(store).filter(function (name) { return name.indexOf(prefix) === 0; }).forEach(run);
  }

  // ---- Nobody is logged in: what this tab holds waits for the login.
  if (!data.sessionStay) {
    store.removeItem(SENT);
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
  var idleEnd, absoluteEnd, asking = false, leaving = false, going = false, thrown = false;
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

  // What a form carries beside what is typed: which version of the record it was, and what that held.
  var CARRIED = ["version", "originals"];
  // Fields that a page shows again as they were sent, because they were refused: typed, and saved nowhere.
  var refused = {};

  function fields() {
    var found = [], seen = {};
    document.querySelectorAll("form").forEach(function (form) {
      if (form.matches("[data-not-kept], [role=search]") || form.method !== "post") {
        return;
      }
      Array.prototype.forEach.call(form.elements, function (field) {
        if (!field.name || SKIPPED.indexOf(field.type) >= 0 || field.hasAttribute("data-secret") || field.autocomplete === "one-time-code" || field.readOnly) {
          return;
        }
        if (field.name.indexOf("keep-") === 0) {
          return;
        }
        var choice = field.type === "checkbox" || field.type === "radio";
        var id = [form.getAttribute("action") || "", field.name, choice ? field.value : ""].join(" ");
        seen[id] = (seen[id] || 0) + 1;
        found.push({ id: id + " " + seen[id], field: field, choice: choice, form: form });
      });
    });
    return found;
  }

  function changed(one) {
    if (one.id in refused && value(one) === refused[one.id]) {
      return true;
    }
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

  function carried(one, run) {
    CARRIED.forEach(function (name) {
      var field = one.form.elements[name];
      if (field) {
        run(field, name + " of " + one.id);
      }
    });
  }

  function save() {
    if (thrown) {
      return Promise.resolve();
    }
    var typed = {};
    fields().filter(changed).forEach(function (one) {
      typed[one.id] = value(one);
      carried(one, function (field, id) { typed[id] = field.value; });
    });
    if (!sealer || Object.keys(typed).length === 0) {
      store.removeItem(STORE + place);
      return Promise.resolve();
    }
    var iv = window.crypto.getRandomValues(new Uint8Array(12));
    return sealer.then(function (key) {
      return window.crypto.subtle.encrypt({ name: "AES-GCM", iv: iv }, key, new TextEncoder().encode(JSON.stringify(typed)));
    }).then(function (sealed) {
      store.setItem(STORE + place, base64(iv) + "." + base64(sealed));
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
      if (String(value(one)) === String(was)) {
        return;
      }
      carried(one, function (field, id) {
        if (id in typed) {
          field.value = typed[id];
        }
      });
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
      one.form.dispatchEvent(new CustomEvent("risorius:back", { detail: { name: one.field.name } }));
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
    store.removeItem(SENT);
  }

  // What became of the form that led here. A form that was taken answers with a redirect to some page; one that was
  // refused is shown again, or an error is, and then what was typed is still nowhere but here.
  function afterSending() {
    var sent = store.getItem(SENT);
    store.removeItem(SENT);
    if (!sent) {
      return Promise.resolve();
    }
    var here = performance.getEntriesByType("navigation")[0];
    if (!here || here.redirectCount > 0 || !sealer || !store.getItem(sent)) {
      store.removeItem(sent);
      return Promise.resolve();
    }
    return open(store.getItem(sent)).then(function (typed) {
      if (sent !== STORE + place || here.type !== "navigate") {
        return;
      }
      var shown = 0, any = 0;
      fields().forEach(function (one) {
        if (one.id in typed) {
          any += 1;
          if (String(value(one)) === String(typed[one.id])) {
            refused[one.id] = value(one);
            shown += 1;
          }
        }
      });
      // The page has the form, without what was sent: it was taken.
      if (any && !shown) {
        store.removeItem(sent);
      }
    }, function () { store.removeItem(sent); });
  }

  function bringBack() {
    if (!sealer) {
      each(STORE, function (name) { store.removeItem(name); });
      each(KEPT, function (name) { store.removeItem(name); });
      return;
    }
    [KEPT, STORE].forEach(function (prefix) {
      each(prefix, function (name) {
        open(store.getItem(name)).then(function (typed) {
          if (name !== prefix + place) {
            return;
          }
          store.removeItem(name);
          if (put(typed) > 0) {
            var back = document.getElementById("draft-back");
            back.querySelector("[data-after-login]").hidden = prefix !== KEPT;
            back.querySelector("[data-after-leaving]").hidden = prefix === KEPT;
            back.hidden = false;
          }
          save();
        }, function () {
          // Sealed by somebody else's key: it is not this person's to see, nor to keep here.
          store.removeItem(name);
        });
      });
    });
  }

  // ---- Leaving. Within this tab what is typed comes back; a tab that is closed takes it along, and asks before.
  window.addEventListener("pagehide", save);
  document.addEventListener("click", function (event) {
    var link = event.target.closest("a[href]");
    going = Boolean(link && !link.target && !link.hasAttribute("download") && sealer);
  });
  if (window.navigation) {
    window.navigation.addEventListener("navigate", function (event) {
      going = going || (Boolean(sealer) && event.navigationType === "traverse");
    });
  }
  window.addEventListener("beforeunload", function (event) {
    if (going || leaving || !fields().some(changed)) {
      return;
    }
    event.preventDefault();
    event.returnValue = "";
  });

  var timer = 0;
  document.addEventListener("input", function () {
    going = false;
    window.clearTimeout(timer);
    timer = window.setTimeout(save, 400);
  });
  document.addEventListener("htmx:afterSettle", save);
  document.addEventListener("submit", function (event) {
    going = !event.defaultPrevented;
    if (event.target.action && new URL(event.target.action).pathname === data.sessionLogout) {
      forget();
      if (channel) {
        channel.postMessage({ logout: true });
      }
    } else if (!event.defaultPrevented && event.target.method === "post" && !event.target.hasAttribute("hx-post")) {
      store.setItem(SENT, STORE + place);
      save();
    }
  });
  document.getElementById("draft-back").querySelector("button").addEventListener("click", function () {
    store.removeItem(STORE + place);
    store.removeItem(KEPT + place);
    leaving = thrown = true;
    location.reload();
  });

  afterSending().then(bringBack);
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
