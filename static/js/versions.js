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
    var mine = box.querySelector("[value=mine]").dataset.value;
    var theirs = box.querySelector("[value=theirs]").dataset.value;
    if (chosen.value === "theirs") {
      put(field, theirs);
    } else if (chosen.value === "both") {
      // Whatever was typed since the two were shown is part of mine.
      put(field, now === mine ? chosen.dataset.value : theirs + "\n" + now);
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
