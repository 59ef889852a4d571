// The board of photos is looked at again whenever one of them changed. One look at a time: htmx forgets a
// second one that is asked for while the first replaces the board.
let looking = false;
let again = false;

async function look() {
  const board = document.getElementById("visit-board");
  if (looking || !board) {
    again = looking;
    return;
  }
  looking = true;
  try {
    await window.htmx.ajax("GET", board.dataset.address, { target: "#visit-board", swap: "outerHTML" });
  } catch {
    // The next change looks again.
  }
  looking = false;
  if (again) {
    again = false;
    look();
  }
}

document.body.addEventListener("board-changed", look);

// What is signed names what was on the screen, so the panel keeps up with it; not under a hand that fills it in.
function renewWord() {
  const word = document.getElementById("visit-word");
  if (word && !word.querySelector(".correct[open], .confirm-anyway[open]")) {
    window.htmx.trigger(word, "word-stale");
  }
}

["board-changed", "photo-settled", "visit-changed"].forEach((name) => {
  document.body.addEventListener(name, renewWord);
});
