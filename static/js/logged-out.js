// Nobody is logged in: what a form of this tab holds waits for the login (drafts.js).
import { each, KEPT, SENT, STORE } from "./store.js";

sessionStorage.removeItem(SENT);
each(STORE, (name) => {
  sessionStorage.setItem(KEPT + name.slice(STORE.length), sessionStorage.getItem(name));
  sessionStorage.removeItem(name);
});
each(KEPT, () => {
  document.querySelectorAll("[data-kept-note]").forEach((note) => {
    note.hidden = false;
  });
});

if ("BroadcastChannel" in window && document.body.dataset.loginPage !== undefined) {
  // Another tab logged in again: this one goes back to where it was.
  new BroadcastChannel("risorius.session").onmessage = (event) => {
    if (event.data.login) {
      location.reload();
    }
  };
}
