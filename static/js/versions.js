// Two versions of one field: the one that is chosen goes into the field at once, where it can still be changed.
(function () {
  "use strict";

  function put(field, value) {
    if (field instanceof RadioNodeList) {
      Array.prototype.forEach.call(field, function (one) { one.checked = one.value === value; });
    } else if (field.type === "checkbox") {
      field.checked = value === "on";
    } else {
      field.value = value;
    }
  }

  function held(field) {
    return field.type === "checkbox" ? (field.checked ? "on" : "") : field.value;
  }

  document.addEventListener("change", function (event) {
    var chosen = event.target, box = chosen.closest("[data-conflict]");
    if (!box || chosen.name !== "keep-" + box.dataset.conflict) {
      return;
    }
    event.stopPropagation();
    var name = box.dataset.conflict, field = chosen.form.elements[name], now = held(field);
    var values = {};
    box.querySelectorAll("[data-keep]").forEach(function (one) { values[one.dataset.keep] = one.dataset.value; });
    var keep = chosen.dataset.keep, mine = values.mine, theirs = values.theirs, both = values.both;
    var isTyped = [mine, theirs, both].indexOf(now) < 0;
    if (keep === "both" && isTyped) {
      // Whatever was typed since the two were shown is part of mine, and goes on where mine ends.
      var goesOn = now.indexOf(mine) === 0 && both.slice(-mine.length) === mine;
      put(field, goesOn ? both + now.slice(mine.length) : theirs + "\n" + now);
    } else if (keep !== "mine" || !isTyped) {
      put(field, values[keep]);
    }
    if (box.closest("[data-live]")) {
      // The page saves by itself: the choice is made.
      var form = chosen.form, version = Number(box.dataset.version);
      box.remove();
      form.dispatchEvent(new CustomEvent("risorius:kept", { detail: { name: name, theirs: theirs, version: version } }));
      (field.focus ? field : field[0]).focus();
      return;
    }
    // From now on the field itself says what is to stay.
    box.querySelectorAll("input").forEach(function (one) { one.value = "mine"; });
    field = field instanceof RadioNodeList ? field[0] : field;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }, true);
})();
