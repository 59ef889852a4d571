// Two versions of one field: the one that is chosen goes into the field at once, where it can still be changed.

function put(field, value) {
  if (field instanceof RadioNodeList) {
    field.forEach((one) => {
      one.checked = one.value === value;
    });
  } else if (field.type === "checkbox") {
    field.checked = value === "on";
  } else {
    field.value = value;
  }
}

function held(field) {
  return field.type === "checkbox" ? (field.checked ? "on" : "") : field.value;
}

// The field that is seen, of a choice the first.
const firstOf = (field) => (field instanceof RadioNodeList ? field[0] : field);

function choose(event) {
  const chosen = event.target;
  const box = chosen.closest("[data-conflict]");
  const name = box?.dataset.conflict;
  if (!box || chosen.name !== `keep-${name}`) {
    return;
  }
  event.stopPropagation();
  const { form } = chosen;
  const { keep } = chosen.dataset;
  const field = form.elements[name];
  if (!field) {
    // Of what several controls hold together the server takes whichever is chosen.
    return;
  }
  const now = held(field);
  const values = {};
  box.querySelectorAll("[data-keep]").forEach((one) => {
    values[one.dataset.keep] = one.dataset.value;
  });
  const { mine, theirs, both } = values;
  const isTyped = ![mine, theirs, both].includes(now);
  if (keep === "both" && isTyped) {
    // Whatever was typed since the two were shown is part of mine, and goes on where mine ends.
    const goesOn = now.startsWith(mine) && both.endsWith(mine);
    put(field, goesOn ? both + now.slice(mine.length) : `${theirs}\n${now}`);
  } else if (keep !== "mine" || !isTyped) {
    put(field, values[keep]);
  }
  if (box.closest("[data-live]")) {
    // The page saves by itself: the choice is made.
    const version = Number(box.dataset.version);
    box.remove();
    form.dispatchEvent(new CustomEvent("risorius:kept", { detail: { name, theirs, version } }));
    firstOf(field).focus();
    return;
  }
  // From now on the field itself says what is to stay.
  box.querySelectorAll("input").forEach((one) => {
    one.value = "mine";
  });
  firstOf(field).dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("change", choose, true);
