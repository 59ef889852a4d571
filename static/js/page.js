// What several scripts need of the page they are on.

const csrfMeta = () => document.querySelector('meta[name="csrf-token"]');

export const csrfToken = () => csrfMeta()?.content ?? "";

// A new login has a new token: for the page's own requests, and for the forms that stand in it.
export function takeCsrfToken(token) {
  csrfMeta().content = token;
  document.querySelectorAll('input[name="csrfmiddlewaretoken"]').forEach((field) => {
    field.value = token;
  });
}

// The page of the address as the server has it now; nothing where the answer is another page, such as the login.
export async function freshPage() {
  const response = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!response.ok || response.redirected) {
    return null;
  }
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

// What this browser was told to remember. Without a store a choice holds for its page.
export function recall(key, otherwise) {
  try {
    return localStorage.getItem(key) || otherwise;
  } catch {
    return otherwise;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Forbidden, or full.
  }
}

export const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
