// The camera: a live picture to fill, a countdown, keep or again, and the next exercise by itself.
(function () {
  "use strict";
  var root = document.getElementById("capture");
  if (!root) {
    return;
  }
  var text = root.dataset;
  var find = function (selector) { return root.querySelector(selector); };
  var stage = find("[data-stage]");
  var video = find("[data-video]");
  var shotImage = find("[data-shot]");
  var counter = find("[data-count-down]");
  var status = find("[data-status]");
  var trouble = find("[data-trouble]");
  var donePanel = find("[data-done-panel]");
  var live = find("[data-live]");
  var decide = find("[data-decide]");
  var steps = Array.prototype.slice.call(root.querySelectorAll(".capture-step"));
  var here = -1;
  var stream = null;
  var shot = null;
  var timer = null;
  var facing = window.matchMedia("(pointer: coarse)").matches ? "environment" : "user";
  var mirrored = recall("risorius-mirror", facing === "user" ? "on" : "off") === "on";

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

  function show(state) {
    stage.dataset.state = state;
    live.hidden = state !== "live" && state !== "counting";
    decide.hidden = state !== "shot";
    shotImage.hidden = state !== "shot";
    trouble.hidden = state !== "trouble";
    donePanel.hidden = state !== "done";
    root.classList.toggle("is-counting", state === "counting");
  }

  function go(index) {
    stopCount();
    here = index;
    var step = steps[index].dataset;
    find(".capture-name").textContent = step.name;
    find(".capture-instruction").textContent = step.instruction;
    var drawing = find(".capture-drawing");
    drawing.src = step.drawing;
    drawing.classList.toggle("is-flipped", Boolean(step.flipped));
    drawing.hidden = false;
    steps.forEach(function (button, place) {
      if (place === index) {
        button.setAttribute("aria-current", "step");
        button.scrollIntoView({ block: "nearest", inline: "center" });
      } else {
        button.removeAttribute("aria-current");
      }
    });
    dropShot();
    if (stage.dataset.state !== "trouble") {
      show(stream ? "live" : "start");
    }
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
      find(".capture-name").textContent = "";
      find(".capture-instruction").textContent = text.allDone;
      find(".capture-drawing").hidden = true;
      show("done");
    } else {
      go(next);
    }
  }

  function fail(code) {
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
      video.srcObject = opened;
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

  function applyMirror() {
    video.classList.toggle("is-mirrored", mirrored);
    var button = find("[data-mirror]");
    button.setAttribute("aria-pressed", String(mirrored));
    button.classList.toggle("active", mirrored);
  }

  function stopCount() {
    window.clearInterval(timer);
    timer = null;
    counter.textContent = "";
  }

  function count() {
    if (timer) {
      stopCount();
      show("live");
      return;
    }
    var left = 3;
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

  // Always stored as others see the patient, whatever the preview shows: left must stay left.
  function take() {
    var canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob(function (blob) {
      shot = blob;
      shotImage.src = URL.createObjectURL(blob);
      show("shot");
      find("[data-keep]").focus();
    }, "image/jpeg", 0.95);
  }

  function dropShot() {
    if (shotImage.src) {
      URL.revokeObjectURL(shotImage.src);
      shotImage.removeAttribute("src");
    }
    shot = null;
  }

  function keep(blob, index, name) {
    var step = steps[index];
    var body = new FormData();
    body.append("photo", blob, name);
    body.append("exercise", step.dataset.step);
    status.textContent = text.keeping;
    status.classList.remove("is-bad");
    step.classList.add("is-taken", "is-sending");
    return window.fetch(text.upload, {
      method: "POST",
      body: body,
      headers: { "Accept": "application/json", "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content }
    }).then(function (response) {
      return response.json().catch(function () { return {}; }).then(function (said) {
        step.classList.remove("is-sending");
        if (response.status === 201) {
          status.textContent = text.stored + ": " + step.dataset.name;
        } else {
          refuse(step, said.detail || (response.status === 401 || response.status === 403 ? text.session : text.offline));
        }
      });
    }).catch(function () {
      step.classList.remove("is-sending");
      unsent.push({ blob: blob, index: index, name: name });
      refuse(step, text.offline);
    });
  }

  var unsent = [];
  function refuse(step, sentence) {
    step.classList.remove("is-taken");
    status.textContent = step.dataset.name + ": " + sentence;
    status.classList.add("is-bad");
    if (stage.dataset.state === "done") {
      go(steps.indexOf(step));
    }
  }
  window.addEventListener("online", function () {
    unsent.splice(0).forEach(function (job) { keep(job.blob, job.index, job.name); });
  });
  window.addEventListener("beforeunload", function (event) {
    if (unsent.length || root.querySelector(".is-sending")) {
      event.preventDefault();
    }
  });

  find("[data-shutter]").addEventListener("click", count);
  find("[data-again]").addEventListener("click", function () { dropShot(); show("live"); find("[data-shutter]").focus(); });
  find("[data-keep]").addEventListener("click", function () {
    if (shot) {
      keep(shot, here, "photo.jpg");
      advance();
    }
  });
  find("[data-skip]").addEventListener("click", function () { go((here + 1) % steps.length); });
  find("[data-mirror]").addEventListener("click", function () {
    mirrored = !mirrored;
    remember("risorius-mirror", mirrored ? "on" : "off");
    applyMirror();
  });
  find("[data-flip]").addEventListener("click", function () {
    facing = facing === "user" ? "environment" : "user";
    mirrored = facing === "user";
    open();
  });
  find("[data-again-camera]").addEventListener("click", open);
  find("[data-file]").addEventListener("change", function (event) {
    var file = event.target.files[0];
    if (file) {
      var ending = file.name.indexOf(".") > -1 ? file.name.split(".").pop() : "jpg";
      keep(file, here, "photo." + ending).then(function () {
        var next = nextOpen(here);
        if (next !== -1) {
          go(next);
        }
      });
      event.target.value = "";
    }
  });
  steps.forEach(function (button, index) {
    button.addEventListener("click", function () {
      go(index);
      if (stream) {
        show("live");
      }
    });
  });
  window.addEventListener("pagehide", stopStream);

  var wanted = steps.findIndex(function (button) {
    return button.dataset.exercise === text.start && !button.classList.contains("is-taken");
  });
  if (wanted === -1) {
    wanted = steps.findIndex(function (button) { return button.dataset.exercise === text.start; });
  }
  var first = wanted > -1 ? wanted : nextOpen(steps.length - 1);
  go(first > -1 ? first : 0);
  open();
})();
