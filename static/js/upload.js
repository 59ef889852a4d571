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
  var stored = 0;

  // What a file's name often says; it is looked at here and never sent. The first that fits counts.
  var EYES = "(eye|clos|mata|pejam)";
  var HINTS = [
    [either("(smil|senyum)", "(teeth|gigi|open|wide|lebar)"), "smile_with_teeth"],
    [either("(smil|senyum|mouth|mulut)", "(clos|tutup|katup)"), "closed_smile"],
    [/smil|senyum/, "smile"], [/brow|forehead|alis|dahi/, "brow_raise"],
    [either(EYES, "(gentl|soft|light|lembut|ringan)"), "gentle_eye_closure"],
    [either(EYES, "(tight|squeez|forc|rapat|kuat)"), "tight_eye_closure"],
    [/pucker|kiss|whistl|siul|mecucu/, "pucker"], [/sneer|cibir/, "sneer"],
    [/nose|wrinkl|snarl|hidung/, "nose_wrinkle"], [/rest|neutral|istirahat/, "rest"],
    [/puff|cheek|pipi/, "puff_cheek"], [/teeth|gigi/, "show_teeth"], [/open|mouth|mulut/, "open_mouth"]
  ];

  function either(one, other) {
    return new RegExp(one + ".*" + other + "|" + other + ".*" + one);
  }

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

  function missing() {
    var board = document.getElementById("visit-board");
    var codes = board && board.dataset.missing ? board.dataset.missing.split(" ") : [];
    return codes.filter(function (code) {
      var smiled = /smile/.test(code) && claimed.indexOf("smile") > -1;
      return code && claimed.indexOf(code) === -1 && !smiled;
    });
  }

  function hint(name) {
    var plain = name.toLowerCase();
    for (var i = 0; i < HINTS.length; i += 1) {
      if (HINTS[i][0].test(plain)) {
        var side = /left|kiri/.test(plain) ? ":left" : /right|kanan/.test(plain) ? ":right" : "";
        return HINTS[i][1] === "sneer" ? "sneer" + side : HINTS[i][1];
      }
    }
    return "";
  }

  function claim(value) {
    if (value) {
      claimed.push(value.split(":")[0]);
    }
    return value;
  }

  // What a name says goes first; the rest are taken for the exercises still missing, in order.
  function addFiles(files, exercise) {
    var jobs = Array.prototype.map.call(files, function (file) {
      var problem = unfit(file);
      return { file: file, problem: problem, exercise: problem ? "" : claim(exercise || hint(file.name)) };
    });
    jobs.forEach(function (job) {
      if (!job.exercise && !job.problem) {
        job.exercise = claim(missing()[0] || "");
      }
      addRow(job);
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
    if (job.problem) {
      refuse(job, job.problem, false);
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
    progress(job, text.waiting);
    job.act.replaceChildren();
    waiting.push(job);
  }

  function progress(job, state) {
    job.state.textContent = nameOf(job.exercise) + " · " + state;
  }

  function nameOf(value) {
    if (value === "smile") {
      return text.smile;
    }
    var option = selectTemplate.content.querySelector('option[value^="' + CSS.escape(value) + '"]');
    return option ? option.textContent.split(",")[0] : "";
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
    var body = new FormData();
    body.append("photo", job.file, window.risoriusPlainName(job.file));
    body.append("exercise", job.exercise);
    progress(job, text.uploading);
    window.risoriusSend(form.action, body, function (percent) {
      job.bar.value = percent;
      progress(job, percent < 100 ? text.uploading + " " + percent + " %" : text.checking);
    }).then(function (answer) {
      running -= 1;
      finish(job, answer);
      pump();
    });
  }

  function finish(job, answer) {
    if (answer.kind === "stored") {
      job.row.remove();
      URL.revokeObjectURL(job.url);
      stored += 1;
      announce.textContent = text.done + ": " + stored;
      window.htmx.trigger(document.body, "board-changed");
    } else if (answer.kind === "refused") {
      refuse(job, answer.detail, false);
    } else if (answer.kind === "large") {
      refuse(job, text.tooLarge, false);
    } else if (answer.kind === "unstored") {
      refuse(job, answer.detail, true);
    } else {
      refuse(job, text[answer.kind] || text.offline, true);
    }
  }

  function refuse(job, sentence, again) {
    release(job);
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

  // Its place among the missing exercises is free again.
  function release(job) {
    var place = claimed.indexOf((job.exercise || "").split(":")[0]);
    if (place > -1) {
      claimed.splice(place, 1);
    }
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
