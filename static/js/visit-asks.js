// A question that is open stays open when the board is looked at again, with what was chosen in it: another photo's
// result is no reason to forget it.
const chosen = {};
let open = "";
let held = null;

function asks() {
  return document.querySelectorAll("#visit-summary .visit-ask");
}

document.addEventListener("change", (event) => {
  if (event.target.closest(".visit-ask") && event.target.name) {
    chosen[event.target.name] = event.target.value;
  }
});
document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches(".visit-ask")) {
      open = event.newState === "open" ? event.target.id : "";
    }
  },
  true,
);

document.body.addEventListener("htmx:beforeSwap", () => {
  const ask = open && document.getElementById(open);
  const here = document.activeElement;
  held = ask ? { top: ask.scrollTop, focus: ask.contains(here) ? here.id || here.name : "" } : null;
});

document.body.addEventListener("htmx:afterSwap", () => {
  asks().forEach((ask) => {
    ask.querySelectorAll("select[name]").forEach((field) => {
      const was = chosen[field.name];
      if (was && field.querySelector(`option[value="${was}"]`)) {
        field.value = was;
      }
    });
    if (ask.id !== open || ask.matches(":popover-open")) {
      return;
    }
    ask.showPopover();
    if (held) {
      ask.scrollTop = held.top;
      document.getElementById(held.focus)?.focus({ preventScroll: true });
    }
  });
});
