// Photos are dragged where they belong: onto an exercise that is missing, or onto another photo, which takes their place.
// What is chosen on its cards goes together. Without a mouse each card's list and the one for several do the same.
(function () {
  "use strict";
  var picked = {};
  var dragged = [];

  function form() {
    return document.getElementById("several");
  }

  function cardOf(target) {
    return target.closest ? target.closest(".visit-card[data-photo]") : null;
  }

  function chosen() {
    return Array.prototype.filter.call(document.querySelectorAll(".visit-card"), function (card) {
      var box = card.querySelector(".card-pick input");
      return box && box.checked;
    });
  }

  function ready() {
    document.querySelectorAll(".visit-card[data-photo]").forEach(function (card) {
      var box = card.querySelector(".card-pick input");
      if (!box) {
        return;
      }
      card.draggable = true;
      // The picture and its link would be dragged instead of the card.
      card.querySelectorAll(".photo-frame, .photo-frame img").forEach(function (inner) { inner.draggable = false; });
      box.checked = box.checked || Boolean(picked[box.value]);
    });
  }

  function file(pairs) {
    var sent = form();
    pairs.forEach(function (pair) {
      var field = document.createElement("input");
      field.type = "hidden";
      field.name = "exercise-" + pair[0].dataset.photo;
      field.value = pair[1];
      sent.append(field);
    });
    sent.requestSubmit();
  }

  function targetOf(event) {
    var target = event.target.closest ? event.target.closest(".visit-card[data-step], .missing-one[data-step]") : null;
    return dragged.length && target && dragged.indexOf(target) < 0 ? target : null;
  }

  function unmark() {
    document.querySelectorAll(".is-target").forEach(function (one) { one.classList.remove("is-target"); });
  }

  document.addEventListener("change", function (event) {
    if (event.target.matches(".card-pick input")) {
      picked[event.target.value] = event.target.checked;
    }
  });
  document.addEventListener("reset", function (event) {
    if (event.target === form()) {
      picked = {};
    }
  });
  document.addEventListener("dragstart", function (event) {
    var card = cardOf(event.target);
    if (!card || !form() || !card.draggable) {
      return;
    }
    var together = chosen();
    dragged = together.indexOf(card) < 0 ? [card] : together;
    dragged.forEach(function (one) { one.classList.add("is-dragged"); });
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  });
  document.addEventListener("dragover", function (event) {
    var target = targetOf(event);
    unmark();
    if (target) {
      event.preventDefault();
      target.classList.add("is-target");
    }
  });
  document.addEventListener("drop", function (event) {
    var target = targetOf(event);
    if (!target) {
      return;
    }
    event.preventDefault();
    var pairs = dragged.map(function (card) { return [card, target.dataset.step]; });
    if (target.dataset.photo && dragged.length === 1) {
      pairs.push([target, dragged[0].dataset.step]);
    }
    file(pairs);
  });
  document.addEventListener("dragend", function () {
    dragged.forEach(function (card) { card.classList.remove("is-dragged"); });
    dragged = [];
    unmark();
  });
  document.body.addEventListener("htmx:afterSwap", ready);
  ready();
})();
