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

  // What a file's name often says; it is looked at here and never sent (clinic/visits/names.py).
  var NAMES = JSON.parse(text.names);
  var MOST_FILES = 200;
  var PHOTO_ENDING = /\.(jpe?g|jpe|jfif|png|webp|hei[cf]|hif|avif)$/i;

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

  function wordsOf(name) {
    return name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().split(/[^a-z]+/);
  }

  function hint(name) {
    var words = wordsOf(name);
    function says(any) {
      return words.some(function (word) { return any.indexOf(word) > -1; });
    }
    var line = NAMES.lines.find(function (line) {
      return says(line[0]) && (!line[1].length || says(line[1]));
    });
    if (!line || line[2] !== "sneer") {
      return line ? line[2] : "";
    }
    var side = Object.keys(NAMES.sides).find(function (side) { return says(NAMES.sides[side]); });
    return side ? "sneer:" + side : "sneer";
  }

  function claim(value) {
    if (value) {
      claimed.push(value.split(":")[0]);
    }
    return value;
  }

  // What a name says goes first; the rest are filed by their place in the list until their pictures are looked at.
  function addFiles(files, exercise) {
    var jobs = Array.prototype.map.call(files, function (file) {
      var problem = unfit(file);
      return { file: file, problem: problem, exercise: problem ? "" : claim(exercise || hint(file.name)) };
    });
    jobs.forEach(function (job) {
      if (!job.exercise && !job.problem) {
        job.exercise = claim(missing()[0] || "");
        job.byPlace = Boolean(job.exercise);
      }
      addRow(job);
    });
    pump();
  }

  // Files as they are; a folder's photos, and those of the folders in it.
  function dropped(transfer) {
    var entries = Array.prototype.map.call(transfer.items || [], function (item) {
      return item.webkitGetAsEntry ? item.webkitGetAsEntry() : null;
    }).filter(Boolean);
    if (!entries.some(function (entry) { return entry.isDirectory; })) {
      addFiles(transfer.files, "");
      return;
    }
    Promise.all(entries.map(filesOf)).then(function (lists) {
      var files = [].concat.apply([], lists);
      var photos = files.filter(function (file) {
        return file.name.charAt(0) !== "." && (file.type.indexOf("image/") === 0 || PHOTO_ENDING.test(file.name));
      });
      photos.sort(function (a, b) { return a.name.localeCompare(b.name, undefined, { numeric: true }); });
      addFiles(photos.slice(0, MOST_FILES), "");
      if (!photos.length) {
        tell(text.noPhotos);
      } else if (photos.length > MOST_FILES) {
        tell(text.tooMany);
      }
    }, function () { tell(text.unreadable); });
  }

  function filesOf(entry) {
    return new Promise(function (resolve, fail) {
      if (entry.isFile) {
        entry.file(function (file) { resolve([file]); }, fail);
        return;
      }
      var reader = entry.createReader();
      var found = [];
      // A browser hands out a folder's entries by the hundred.
      (function more() {
        reader.readEntries(function (some) {
          if (!some.length) {
            Promise.all(found.map(filesOf)).then(function (lists) { resolve([].concat.apply([], lists)); }, fail);
            return;
          }
          found = found.concat(some);
          more();
        }, fail);
      })();
    });
  }

  // A sentence about what was dropped as a whole, with a way to put it away.
  function tell(sentence) {
    var row = rowTemplate.content.firstElementChild.cloneNode(true);
    row.classList.add("is-refused");
    row.querySelector("progress").hidden = true;
    row.querySelector(".upload-thumb").classList.add("is-empty");
    row.querySelector(".upload-state").textContent = sentence;
    row.querySelector(".upload-act").replaceChildren(button(text.dismiss, function () { row.remove(); }));
    list.appendChild(row);
    announce.textContent = sentence;
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
    // A name's ending may lie, and the server looks; but what even the browser knows for no picture asks for no exercise.
    if (file.type && file.type.indexOf("image/") !== 0 && file.type !== "application/octet-stream") {
      return text.unsupported;
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

  // Nothing is sent before the consent is on record, or somebody goes on without; the rows wait.
  function pump() {
    if (waiting.length) {
      window.risoriusConsent().then(function (allowed) {
        if (allowed) {
          sendWaiting();
        } else {
          waiting.splice(0).forEach(function (job) { refuse(job, text.consent, true); });
        }
      });
    }
  }

  function sendWaiting() {
    while (running < PARALLEL && waiting.length) {
      send(waiting.shift());
    }
  }

  function send(job) {
    running += 1;
    var body = new FormData();
    body.append("photo", job.file, window.risoriusPlainName(job.file));
    body.append("exercise", job.exercise);
    if (job.byPlace) {
      body.append("by_place", "1");
    }
    if (job.anyway) {
      body.append("anyway", "1");
    }
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
    } else if (answer.kind === "refused" && answer.code === "same_elsewhere") {
      job.anyway = true;
      refuse(job, answer.detail, true, text.anyway);
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

  function refuse(job, sentence, again, label) {
    release(job);
    job.row.classList.add("is-refused");
    job.bar.hidden = true;
    job.state.textContent = sentence;
    announce.textContent = job.file.name + ": " + sentence;
    var buttons = [];
    if (again) {
      buttons.push(button(label || text.retry, function () {
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
      dropped(event.dataTransfer);
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
