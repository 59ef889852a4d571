// Photos are dragged where they belong: onto an exercise that is missing, or onto another photo, which takes their place.
// What is chosen on its cards goes together. Without a mouse each card's list and the one for several do the same.
let picked = {};
let dragged = [];

function form() {
  return document.getElementById("several");
}

function cardOf(target) {
  return target.closest?.(".visit-card[data-photo]");
}

function chosen() {
  return [...document.querySelectorAll(".visit-card")].filter(
    (card) => card.querySelector(".card-pick input")?.checked,
  );
}

function ready() {
  document.querySelectorAll(".visit-card[data-photo]").forEach((card) => {
    const box = card.querySelector(".card-pick input");
    if (!box) {
      return;
    }
    card.draggable = true;
    // The picture and its link would be dragged instead of the card.
    card.querySelectorAll(".photo-frame, .photo-frame img").forEach((inner) => {
      inner.draggable = false;
    });
    box.checked = box.checked || Boolean(picked[box.value]);
  });
}

function file(pairs) {
  const sent = form();
  pairs.forEach(([card, step]) => {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: `exercise-${card.dataset.photo}`, value: step });
    sent.append(field);
  });
  sent.requestSubmit();
}

function targetOf(event) {
  const target = event.target.closest?.(".visit-card[data-step], .missing-one[data-step]");
  return dragged.length && target && !dragged.includes(target) ? target : null;
}

function unmark() {
  document.querySelectorAll(".is-target").forEach((one) => {
    one.classList.remove("is-target");
  });
}

document.addEventListener("change", (event) => {
  if (event.target.matches(".card-pick input")) {
    picked[event.target.value] = event.target.checked;
  }
});
document.addEventListener("reset", (event) => {
  if (event.target === form()) {
    picked = {};
  }
});
document.addEventListener("dragstart", (event) => {
  const card = cardOf(event.target);
  if (!card || !form() || !card.draggable) {
    return;
  }
  const together = chosen();
  dragged = together.includes(card) ? together : [card];
  dragged.forEach((one) => {
    one.classList.add("is-dragged");
  });
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", "");
});
document.addEventListener("dragover", (event) => {
  const target = targetOf(event);
  unmark();
  if (target) {
    event.preventDefault();
    target.classList.add("is-target");
  }
});
document.addEventListener("drop", (event) => {
  const target = targetOf(event);
  if (!target) {
    return;
  }
  event.preventDefault();
  const pairs = dragged.map((card) => [card, target.dataset.step]);
  if (target.dataset.photo && dragged.length === 1) {
    pairs.push([target, dragged[0].dataset.step]);
  }
  file(pairs);
});
document.addEventListener("dragend", () => {
  dragged.forEach((card) => {
    card.classList.remove("is-dragged");
  });
  dragged = [];
  unmark();
});
document.body.addEventListener("htmx:afterSwap", ready);
ready();
