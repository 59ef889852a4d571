// Photos into a visit: dropped, chosen or from the phone's camera; each on its own, two at a time.
(function () {
  "use strict";
  var form = document.getElementById("upload-form");
  if (!form || !window.FormData) {
    return;
  }
  var PARALLEL = 2;
  var text = form.dataset;
  var list = form.querySelector("[data-uploads]");
  var announce = form.querySelector("[data-announce]");
  var veil = document.querySelector("[data-veil]");
  var rowTemplate = form.querySelector("template[data-row]");
  var selectTemplate = form.querySelector("template[data-select]");
  var waiting = [];
  var running = 0;
  var claimed = [];

  // What a file's name often says; it is looked at here and never sent.
  var HINTS = [
    [/smil|senyum/, "smile"], [/rest|neutral|istirahat/, "rest"], [/sneer|snarl|nose/, "sneer"],
    [/puff|cheek|pipi/, "puff_cheek"], [/teeth|gigi/, "show_teeth"], [/open|mouth|mulut/, "open_mouth"]
  ];

  function reveal() {
    form.querySelector("[data-plain]").remove();
    form.querySelector("[data-zone]").hidden = false;
    revealInside(document);
  }

  function revealInside(root) {
    root.querySelectorAll("[data-needs-script]").forEach(function (element) {
      element.hidden = false;
    });
  }

  function csrf() {
    return document.querySelector('meta[name="csrf-token"]').content;
  }

  function missing() {
    var board = document.getElementById("visit-board");
    var codes = board && board.dataset.missing ? board.dataset.missing.split(" ") : [];
    return codes.filter(function (code) {
      return code && claimed.indexOf(code) === -1;
    });
  }

  function guess(name) {
    var plain = name.toLowerCase();
    for (var i = 0; i < HINTS.length; i += 1) {
      if (HINTS[i][0].test(plain)) {
        var side = /left|kiri/.test(plain) ? ":left" : /right|kanan/.test(plain) ? ":right" : "";
        return HINTS[i][1] === "sneer" ? "sneer" + side : HINTS[i][1];
      }
    }
    return missing()[0] || "";
  }

  function addFiles(files, exercise) {
    Array.prototype.forEach.call(files, function (file) {
      var value = exercise || guess(file.name);
      if (value) {
        claimed.push(value.split(":")[0]);
      }
      addRow({ file: file, exercise: value });
    });
    pump();
  }

  function addRow(job) {
    job.row = rowTemplate.content.firstElementChild.cloneNode(true);
    job.bar = job.row.querySelector("progress");
    job.state = job.row.querySelector(".upload-state");
    job.act = job.row.querySelector(".upload-act");
    job.row.querySelector(".upload-name").textContent = job.file.name;
    job.bar.setAttribute("aria-label", job.file.name);
    var thumb = job.row.querySelector(".upload-thumb");
    job.url = URL.createObjectURL(job.file);
    thumb.addEventListener("error", function () { thumb.classList.add("is-empty"); });
    thumb.src = job.url;
    list.appendChild(job.row);
    var problem = unfit(job.file);
    if (problem) {
      refuse(job, problem, false);
    } else if (job.exercise) {
      queue(job);
    } else {
      ask(job);
    }
  }

  function unfit(file) {
    if (file.size === 0) {
      return text.empty;
    }
    return file.size > Number(text.maxBytes) ? text.tooLarge : "";
  }

  function queue(job) {
    job.row.className = "upload-row";
    job.state.textContent = text.waiting;
    job.act.replaceChildren();
    waiting.push(job);
  }

  function ask(job) {
    var select = selectTemplate.content.firstElementChild.cloneNode(true);
    job.state.textContent = text.choose;
    job.row.classList.add("is-asking");
    select.addEventListener("change", function () {
      if (select.value) {
        job.exercise = select.value;
        queue(job);
        pump();
      }
    });
    job.act.replaceChildren(select);
  }

  function pump() {
    while (running < PARALLEL && waiting.length) {
      send(waiting.shift());
    }
  }

  function send(job) {
    running += 1;
    var request = new XMLHttpRequest();
    var body = new FormData();
    var ending = job.file.name.indexOf(".") > -1 ? job.file.name.split(".").pop() : "jpg";
    // Only the ending goes with the photo: a file's name may be a patient's.
    body.append("photo", job.file, "photo." + ending);
    body.append("exercise", job.exercise);
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-CSRFToken", csrf());
    request.upload.addEventListener("progress", function (event) {
      if (event.lengthComputable) {
        job.bar.value = Math.round(100 * event.loaded / event.total);
        job.state.textContent = event.loaded < event.total ? text.uploading + " " + job.bar.value + " %" : text.checking;
      }
    });
    request.addEventListener("loadend", function () {
      running -= 1;
      finish(job, request);
      pump();
    });
    job.state.textContent = text.uploading;
    request.send(body);
  }

  function answer(request) {
    try {
      return JSON.parse(request.responseText);
    } catch (error) {
      return {};
    }
  }

  function finish(job, request) {
    var said = answer(request);
    if (request.status === 201) {
      job.row.remove();
      URL.revokeObjectURL(job.url);
      announce.textContent = text.done;
      window.htmx.trigger(document.body, "board-changed");
    } else if (request.status === 422) {
      refuse(job, said.detail, said.code === "unknown_exercise");
    } else {
      refuse(job, request.status === 401 || request.status === 403 ? text.session : text.offline, true);
    }
  }

  function refuse(job, sentence, again) {
    claimed.splice(claimed.indexOf((job.exercise || "").split(":")[0]) >>> 0, 1);
    job.row.classList.add("is-refused");
    job.bar.hidden = true;
    job.state.textContent = sentence;
    announce.textContent = job.file.name + ": " + sentence;
    var buttons = [];
    if (again) {
      buttons.push(button(text.retry, function () {
        job.bar.hidden = false;
        job.bar.value = 0;
        queue(job);
        pump();
      }));
    }
    buttons.push(button(text.dismiss, function () {
      job.row.remove();
      URL.revokeObjectURL(job.url);
    }));
    job.act.replaceChildren.apply(job.act, buttons);
  }

  function button(label, act) {
    var element = document.createElement("button");
    element.type = "button";
    element.className = "btn btn-outline-secondary btn-sm";
    element.textContent = label;
    element.addEventListener("click", act);
    return element;
  }

  function carriesFiles(event) {
    return event.dataTransfer && Array.prototype.indexOf.call(event.dataTransfer.types, "Files") > -1;
  }

  document.addEventListener("change", function (event) {
    var input = event.target.closest("[data-upload-input]");
    if (input && input.files.length) {
      addFiles(input.files, input.dataset.exercise || "");
      input.value = "";
    }
  });
  document.addEventListener("dragover", function (event) {
    if (carriesFiles(event)) {
      event.preventDefault();
      veil.hidden = false;
    }
  });
  document.addEventListener("dragleave", function (event) {
    if (!event.relatedTarget) {
      veil.hidden = true;
    }
  });
  document.addEventListener("drop", function (event) {
    veil.hidden = true;
    if (carriesFiles(event)) {
      event.preventDefault();
      addFiles(event.dataTransfer.files, "");
    }
  });
  document.addEventListener("htmx:afterSwap", function () {
    revealInside(document);
    // The board now tells what is missing; what was claimed and stored is in it.
    if (!running && !waiting.length) {
      claimed = [];
    }
  });
  window.addEventListener("beforeunload", function (event) {
    if (running || waiting.length) {
      event.preventDefault();
    }
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); });

  reveal();
})();
