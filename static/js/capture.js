// The camera: a live picture to fill, a countdown, keep or again, and the next exercise by itself.
(function () {
  "use strict";
  var root = document.getElementById("capture");
  if (!root) {
    return;
  }
  var COUNT = 3;
  var READING_TIME = 2000;
  var LOOKING_TIME = 3000;
  // How long the next exercise waits for the word on this one, and how often it asks. A queue that was slow twice is
  // not waited for again: its word comes when it comes.
  var CHECK_TIME = 2500;
  var CHECK_EVERY = 250;
  var LATE_EVERY = 2000;
  var LATE_TIME = 60000;
  var REPEATS = 2;
  var RATIO = 4 / 5;
  var text = root.dataset;
  var find = function (selector) { return root.querySelector(selector); };
  var stage = find("[data-stage]");
  var video = find("[data-video]");
  var shotImage = find("[data-shot]");
  var counter = find("[data-count-down]");
  var status = find("[data-status]");
  var live = find("[data-live]");
  var decide = find("[data-decide]");
  var steps = Array.prototype.slice.call(root.querySelectorAll(".capture-step"));
  var here = -1;
  var stream = null;
  var shot = null;
  var timer = null;
  var pause = null;
  var unsent = [];
  var noCamera = false;
  var judged = null;
  var slow = 0;
  var repeats = 0;
  var facing = window.matchMedia("(pointer: coarse)").matches ? "environment" : "user";
  var mirrored = recall("risorius-mirror", facing === "user" ? "on" : "off") === "on";
  var handsFree = recall("risorius-hands-free", "off") === "on";
  var ghosted = recall("risorius-ghost", "off") === "on";

  function recall(key, otherwise) {
    try {
      return window.localStorage.getItem(key) || otherwise;
    } catch (error) {
      return otherwise;
    }
  }

  function remember(key, value) {
    try {
      window.localStorage.setItem(key, value);
    } catch (error) {
      // Without a store the choice holds for this page.
    }
  }

  /* --- what is shown --- */

  function show(state) {
    stage.dataset.state = state;
    stage.setAttribute("aria-busy", String(state === "checking"));
    live.hidden = state !== "live" && state !== "counting";
    decide.hidden = state !== "shot";
    find("[data-judged]").hidden = state !== "judged";
    shotImage.hidden = ["shot", "checking", "judged"].indexOf(state) === -1;
    showGhost(state);
    find("[data-trouble]").hidden = state !== "trouble";
    find("[data-done-panel]").hidden = state !== "done";
    root.classList.toggle("is-counting", state === "counting");
    var shutter = find("[data-shutter]");
    shutter.setAttribute("aria-label", state === "counting" ? text.stop : text.take);
  }

  function say(sentence, how) {
    status.textContent = sentence;
    status.classList.toggle("is-bad", how === true || how === "bad");
    status.classList.toggle("is-good", how === "good");
  }

  // The last visit's face, faintly over the live one; asked for only while somebody wants to see it.
  function showGhost(state) {
    var image = find("[data-ghost-image]");
    var address = here > -1 ? steps[here].dataset.ghost : "";
    var wanted = ghosted && Boolean(address) && (state === "live" || state === "counting");
    if (wanted && image.getAttribute("src") !== address) {
      image.src = address;
    }
    image.hidden = !wanted;
    image.classList.toggle("is-mirrored", mirrored);
    find("[data-ghost-toggle]").hidden = !steps.some(function (step) { return step.dataset.ghost; });
  }

  function press(button, on) {
    button.setAttribute("aria-pressed", String(on));
    button.classList.toggle("active", on);
  }

  function applyMirror() {
    video.classList.toggle("is-mirrored", mirrored);
    press(find("[data-mirror]"), mirrored);
    find("[data-mirror-hint]").hidden = !mirrored;
    find("[data-ghost-image]").classList.toggle("is-mirrored", mirrored);
    flipDrawing();
  }

  // The drawing faces the reader as the live picture does: side by side with it, and mirrored with it.
  function flipDrawing() {
    var right = here > -1 && steps[here].dataset.side === "right";
    find("[data-drawing]").classList.toggle("is-flipped", right !== mirrored);
  }

  function go(index) {
    stopCount();
    here = index;
    var step = steps[index].dataset;
    find("[data-name]").textContent = step.name;
    find("[data-place]").textContent = index + 1 + " / " + steps.length;
    find("[data-instruction]").textContent = step.instruction;
    var drawing = find("[data-drawing]");
    drawing.src = step.drawing;
    drawing.hidden = false;
    flipDrawing();
    steps.forEach(function (button, place) {
      if (place === index) {
        button.setAttribute("aria-current", "step");
        bringIntoRow(button);
      } else {
        button.removeAttribute("aria-current");
      }
    });
    dropShot();
    show(stream ? "live" : noCamera ? "trouble" : "start");
  }

  // Not scrollIntoView, which would scroll the whole page too.
  function bringIntoRow(button) {
    var row = button.closest("ol");
    row.scrollLeft = button.offsetLeft - (row.clientWidth - button.offsetWidth) / 2;
  }

  function nextOpen(from) {
    for (var i = 1; i <= steps.length; i += 1) {
      var index = (from + i) % steps.length;
      if (!steps[index].classList.contains("is-taken")) {
        return index;
      }
    }
    return -1;
  }

  function advance() {
    var next = nextOpen(here);
    if (next === -1) {
      find("[data-name]").textContent = "";
      find("[data-place]").textContent = "";
      find("[data-instruction]").textContent = text.allDone;
      find("[data-drawing]").hidden = true;
      steps.forEach(function (button) { button.removeAttribute("aria-current"); });
      show("done");
      find("[data-done-panel] a").focus();
      return;
    }
    go(next);
    if (stream) {
      find("[data-shutter]").focus({ preventScroll: true });
      if (handsFree) {
        later(count, READING_TIME);
      }
    }
  }

  /* --- the camera --- */

  function fail(code) {
    noCamera = true;
    var words = find("template[data-troubles]").content.querySelector('[data-code="' + code + '"]');
    find("[data-trouble-title]").textContent = words.dataset.title;
    find("[data-trouble-text]").textContent = words.textContent;
    show("trouble");
  }

  function codeOf(error) {
    return {
      NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "none", OverconstrainedError: "none",
      NotReadableError: "busy", AbortError: "busy"
    }[error.name] || "other";
  }

  function stopStream() {
    if (stream) {
      stream.getTracks().forEach(function (track) { track.stop(); });
      stream = null;
    }
  }

  function open() {
    if (!window.isSecureContext || !navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) {
      fail("insecure");
      return;
    }
    stopStream();
    show("start");
    navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: facing, width: { ideal: 2560 }, height: { ideal: 1920 } }
    }).then(function (opened) {
      stream = opened;
      noCamera = false;
      video.srcObject = opened;
      // A camera that is pulled out or taken away must not leave a frozen picture.
      opened.getVideoTracks()[0].addEventListener("ended", function () {
        if (stream === opened) {
          stream = null;
          stopCount();
          fail("none");
        }
      });
      applyMirror();
      show("live");
      return navigator.mediaDevices.enumerateDevices();
    }).then(function (devices) {
      var cameras = devices.filter(function (device) { return device.kind === "videoinput"; });
      find("[data-flip]").hidden = cameras.length < 2;
    }).catch(function (error) {
      fail(codeOf(error));
    });
  }

  /* --- the shot --- */

  function later(act, wait) {
    window.clearTimeout(pause);
    root.classList.add("is-waiting");
    pause = window.setTimeout(function () {
      root.classList.remove("is-waiting");
      act();
    }, wait);
  }

  function stopCount() {
    window.clearInterval(timer);
    window.clearTimeout(pause);
    root.classList.remove("is-waiting");
    timer = null;
    counter.textContent = "";
  }

  function count() {
    if (timer) {
      stopCount();
      show("live");
      return;
    }
    stopCount();
    var left = COUNT;
    counter.textContent = String(left);
    show("counting");
    timer = window.setInterval(function () {
      left -= 1;
      if (left > 0) {
        counter.textContent = String(left);
      } else {
        stopCount();
        take();
      }
    }, 1000);
  }

  // What is seen is what is stored: the upright middle of the picture. Never mirrored: left must stay left.
  function take() {
    var width = Math.min(video.videoWidth, Math.round(video.videoHeight * RATIO));
    var height = Math.min(video.videoHeight, Math.round(width / RATIO));
    if (!width || !height) {
      show("live");
      return;
    }
    var canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = height;
    canvas.getContext("2d").drawImage(
      video, (video.videoWidth - width) / 2, (video.videoHeight - height) / 2, width, height, 0, 0, width, height
    );
    canvas.toBlob(function (blob) {
      dropShot();
      shot = blob;
      shotImage.src = URL.createObjectURL(blob);
      show("shot");
      say("");
      find("[data-keep]").focus({ preventScroll: true });
      if (handsFree) {
        later(keepShot, LOOKING_TIME);
      }
    }, "image/jpeg", 0.95);
  }

  function dropShot() {
    if (shotImage.src) {
      URL.revokeObjectURL(shotImage.src);
      shotImage.removeAttribute("src");
    }
    shot = null;
  }

  function keepShot() {
    stopCount();
    if (shot) {
      var job = { blob: shot, index: here, name: "photo.jpg" };
      // Who has to be asked first, is; the photo stays on the page meanwhile.
      window.risoriusConsent().then(function (allowed) {
        if (allowed && shot) {
          keep(job);
        }
      });
    }
  }

  // The photo goes into the visit, and the next exercise waits until it is known whether it is any good.
  function keep(job) {
    job.replaces = steps[job.index].dataset.replaces || "";
    if (slow >= REPEATS) {
      send(job).then(function (answer) { watch(job, answer, LATE_TIME); });
      advance();
      return;
    }
    show("checking");
    send(job).then(function (answer) {
      if (!answer || !answer.check) {
        if (answer) {
          advance();
        }
        return;
      }
      say(text.checking);
      ask(answer.check, CHECK_TIME, CHECK_EVERY).then(function (check) { judge(job, answer, check); });
    });
  }

  function judge(job, answer, check) {
    var step = steps[job.index];
    if (check.state === "waiting") {
      slow += 1;
      say(text.late);
      watch(job, answer, LATE_TIME);
      advance();
      return;
    }
    slow = 0;
    if (!check.again) {
      accept(step, check);
      advance();
      return;
    }
    judged = { step: step, id: answer.id };
    say(step.dataset.name + ": " + check.sentence, "bad");
    show("judged");
    find("[data-take-again]").focus({ preventScroll: true });
    if (handsFree && repeats < REPEATS) {
      repeats += 1;
      later(takeAgain, LOOKING_TIME);
    }
  }

  function accept(step, check) {
    repeats = 0;
    delete step.dataset.replaces;
    step.classList.remove("is-bad");
    say(check.sentence, check.state === "good" ? "good" : check.state === "failed" ? "bad" : "");
  }

  // The word that comes after the next exercise was begun: it is said, and a bad photo's exercise is open again.
  function watch(job, answer, time) {
    if (!answer || !answer.check) {
      return;
    }
    ask(answer.check, time, LATE_EVERY).then(function (check) {
      var step = steps[job.index];
      if (check.again) {
        step.classList.remove("is-taken");
        step.classList.add("is-bad");
        step.dataset.replaces = answer.id;
        say(step.dataset.name + ": " + check.sentence, "bad");
      } else if (check.state !== "waiting") {
        slow = 0;
        accept(step, check);
      }
    });
  }

  function ask(address, time, every) {
    var end = Date.now() + time;
    return window.fetch(address, { headers: { "Accept": "application/json" } }).then(function (response) {
      return response.ok && !response.redirected ? response.json() : { state: "waiting" };
    }).catch(function () {
      return { state: "waiting" };
    }).then(function (check) {
      if (check.state !== "waiting" || Date.now() + every > end) {
        return check;
      }
      return new Promise(function (resolve) {
        window.setTimeout(function () { resolve(ask(address, end - Date.now(), every)); }, every);
      });
    });
  }

  function takeAgain() {
    stopCount();
    var step = judged.step;
    step.classList.remove("is-taken");
    step.dataset.replaces = judged.id;
    judged = null;
    go(steps.indexOf(step));
    if (!stream) {
      return;
    }
    find("[data-shutter]").focus({ preventScroll: true });
    if (handsFree) {
      later(count, READING_TIME);
    }
  }

  function goOn() {
    stopCount();
    judged = null;
    repeats = 0;
    say("");
    advance();
  }

  /* --- into the visit --- */

  // Resolves to what the server answered, or to nothing where the photo was refused and its exercise is shown again.
  function send(job) {
    var step = steps[job.index];
    var body = new FormData();
    body.append("photo", job.blob, job.name);
    body.append("exercise", step.dataset.step);
    if (job.replaces) {
      body.append("replaces", job.replaces);
    }
    say(text.keeping);
    step.classList.add("is-taken", "is-sending");
    return window.risoriusSend(text.upload, body).then(function (answer) {
      step.classList.remove("is-sending");
      if (answer.kind === "stored") {
        say(text.stored + ": " + step.dataset.name);
      } else if (answer.kind === "refused") {
        refuse(step, answer.detail);
        return null;
      } else {
        hold(job, answer.kind === "unstored" ? answer.detail : text[answer.kind] || text.offline);
      }
      return answer;
    });
  }

  function refuse(step, sentence) {
    step.classList.remove("is-taken");
    go(steps.indexOf(step));
    say(step.dataset.name + ": " + sentence, "bad");
  }

  // The photo itself is kept on the page until it is stored.
  function hold(job, sentence) {
    unsent.push(job);
    say(sentence, true);
    showUnsent();
  }

  function showUnsent() {
    find("[data-resend]").hidden = unsent.length === 0;
  }

  function resend() {
    unsent.splice(0).forEach(function (job) {
      send(job).then(function (answer) { watch(job, answer, LATE_TIME); });
    });
    showUnsent();
  }

  /* --- hands --- */

  find("[data-shutter]").addEventListener("click", count);
  find("[data-again]").addEventListener("click", function () {
    stopCount();
    dropShot();
    show("live");
    find("[data-shutter]").focus({ preventScroll: true });
  });
  find("[data-keep]").addEventListener("click", keepShot);
  find("[data-take-again]").addEventListener("click", takeAgain);
  find("[data-go-on]").addEventListener("click", goOn);
  find("[data-ghost-toggle]").addEventListener("click", function () {
    ghosted = !ghosted;
    remember("risorius-ghost", ghosted ? "on" : "off");
    press(find("[data-ghost-toggle]"), ghosted);
    showGhost(stage.dataset.state);
  });
  find("[data-skip]").addEventListener("click", function () { go((here + 1) % steps.length); });
  find("[data-mirror]").addEventListener("click", function () {
    mirrored = !mirrored;
    remember("risorius-mirror", mirrored ? "on" : "off");
    applyMirror();
  });
  find("[data-hands-free]").addEventListener("click", function () {
    handsFree = !handsFree;
    remember("risorius-hands-free", handsFree ? "on" : "off");
    press(find("[data-hands-free]"), handsFree);
  press(find("[data-ghost-toggle]"), ghosted);
    if (!handsFree) {
      stopCount();
      show("live");
    }
  });
  find("[data-flip]").addEventListener("click", function () {
    stopCount();
    facing = facing === "user" ? "environment" : "user";
    mirrored = facing === "user";
    open();
  });
  find("[data-again-camera]").addEventListener("click", open);
  find("[data-resend]").addEventListener("click", resend);
  window.addEventListener("online", resend);
  find("[data-file]").addEventListener("change", function (event) {
    var file = event.target.files[0];
    if (file) {
      dropShot();
      shotImage.src = URL.createObjectURL(file);
      var job = { blob: file, index: here, name: window.risoriusPlainName(file) };
      window.risoriusConsent().then(function (allowed) {
        if (allowed) {
          keep(job);
        }
      });
      event.target.value = "";
    }
  });
  steps.forEach(function (button, index) {
    button.addEventListener("click", function () { go(index); });
  });
  window.addEventListener("beforeunload", function (event) {
    if (unsent.length || root.querySelector(".is-sending")) {
      event.preventDefault();
    }
  });
  window.addEventListener("pagehide", stopStream);

  function first() {
    var ofExercise = steps.filter(function (button) { return button.dataset.exercise === text.start; });
    var open = ofExercise.filter(function (button) { return !button.classList.contains("is-taken"); });
    var wanted = steps.indexOf(open[0] || ofExercise[0]);
    return wanted > -1 ? wanted : Math.max(0, nextOpen(steps.length - 1));
  }

  press(find("[data-hands-free]"), handsFree);
  press(find("[data-ghost-toggle]"), ghosted);
  go(first());
  open();
})();
