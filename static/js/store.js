// Where drafts.js keeps what is typed, in this tab alone: sessionStorage dies with it.
export const STORE = "risorius.draft:"; // typed, by the page it was typed on
export const KEPT = "risorius.kept:"; // typed before the session ended
export const SENT = "risorius.sent"; // which draft was sent last

export function each(prefix, run) {
  Object.keys(sessionStorage)
    .filter((name) => name.startsWith(prefix))
    .forEach(run);
}
