// Sends one photo into a visit and tells how far it is. A token that a new login has replaced is fetched once more.
(function () {
  "use strict";

  function token() {
    return document.querySelector('meta[name="csrf-token"]');
  }

  function post(url, body, progress) {
    return new Promise(function (resolve) {
      var request = new XMLHttpRequest();
      request.open("POST", url);
      request.setRequestHeader("Accept", "application/json");
      request.setRequestHeader("X-CSRFToken", token().content);
      if (progress) {
        request.upload.addEventListener("progress", function (event) {
          if (event.lengthComputable) {
            progress(Math.round(100 * event.loaded / event.total));
          }
        });
      }
      request.addEventListener("loadend", function () { resolve(request); });
      request.send(body);
    });
  }

  // Where many photos come in at once, the answer says when there is room again: the same one is sent once more then.
  var PATIENCE = 8;
  var LONGEST_WAIT = 15;

  function patiently(url, body, progress, tries) {
    return post(url, body, progress).then(function (request) {
      var wait = request.status === 503 || request.status === 429 ? Number(request.getResponseHeader("Retry-After")) : 0;
      if (!wait || wait > LONGEST_WAIT || tries >= PATIENCE) {
        return request;
      }
      return new Promise(function (resolve) {
        window.setTimeout(resolve, 1000 * wait * (0.7 + 0.6 * Math.random()));
      }).then(function () { return patiently(url, body, progress, tries + 1); });
    });
  }

  function said(request) {
    try {
      return JSON.parse(request.responseText);
    } catch (error) {
      return {};
    }
  }

  // True where somebody is logged in; the page's token is then the one of that login.
  function renew() {
    return window.fetch(window.location.href, { headers: { "Accept": "text/html" } }).then(function (response) {
      return response.redirected ? "" : response.text();
    }).then(function (html) {
      var found = html && new DOMParser().parseFromString(html, "text/html").querySelector('meta[name="csrf-token"]');
      if (found) {
        token().content = found.content;
        document.querySelectorAll('input[name="csrfmiddlewaretoken"]').forEach(function (field) {
          field.value = found.content;
        });
      }
      return Boolean(found);
    }).catch(function () {
      return false;
    });
  }

  function answer(request) {
    var found = said(request);
    var kind = { 201: "stored", 401: "session", 403: "forbidden", 413: "large", 422: "refused", 429: "unstored", 503: "unstored", 507: "unstored" }[request.status];
    // A page in place of the answer is the login's.
    return {
      kind: kind || (request.status === 200 ? "session" : "offline"), code: found.code, detail: found.detail,
      id: found.id, check: found.check
    };
  }

  // A look in the background that finds nobody logged in would take the page away, and what waits on it.
  var UNSAVED = ".upload-row, .is-sending, [data-resend]:not([hidden]), .save-running, .save-failed";
  document.addEventListener("htmx:beforeOnLoad", function (event) {
    if (event.detail.xhr.getResponseHeader("HX-Redirect") && document.querySelector(UNSAVED)) {
      event.preventDefault();
    }
  });

  window.risoriusRenew = renew;
  var ENDINGS = { "image/png": "png", "image/webp": "webp", "image/heic": "heic", "image/heif": "heif" };

  // Only the ending of a file's name is sent: the rest may be a patient's name.
  window.risoriusPlainName = function (file) {
    var given = file.name.indexOf(".") > -1 ? file.name.split(".").pop() : "";
    return "photo." + (given || ENDINGS[file.type] || "jpg");
  };

  // Resolves to {kind, code, detail, id, check}; kind is stored, refused, unstored (not the photo's fault), large, session,
  // forbidden or offline.
  window.risoriusSend = function (url, body, progress) {
    return patiently(url, body, progress, 0).then(function (request) {
      var first = answer(request);
      if (first.kind !== "forbidden" && first.kind !== "session") {
        return first;
      }
      return renew().then(function (renewed) {
        return renewed ? patiently(url, body, progress, 0).then(answer) : { kind: "session" };
      });
    });
  };
})();
