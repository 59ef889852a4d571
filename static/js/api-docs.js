// Starts Swagger UI from our own files; requests from this page carry the session's CSRF token.
import { csrfToken } from "./page.js";

const place = document.getElementById("api-docs");

const root = document.documentElement;
const dress = () => root.classList.toggle("dark-mode", root.dataset.bsTheme === "dark");
document.addEventListener("risorius:theme", dress);
dress();

// Swagger UI's own layout brings a second main landmark and a second first heading.
const plain = ({ React }) => ({
  components: {
    Plain: ({ getComponent, specSelectors }) => {
      const part = (name) => React.createElement(getComponent(name, true), { key: name });
      const ready = specSelectors.loadingStatus() === "success";
      return React.createElement("div", { className: "swagger-ui" }, [
        part("errors"),
        ...(ready ? ["AuthorizeBtnContainer", "FilterContainer", "operations"].map(part) : []),
      ]);
    },
  },
});

const safe = new Set(["GET", "HEAD", "OPTIONS"]);
window.SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  presets: [window.SwaggerUIBundle.presets.apis],
  plugins: [plain],
  layout: "Plain",
  // Its anchors would sit inside buttons, where no keyboard reaches them.
  deepLinking: false,
  docExpansion: "none",
  displayRequestDuration: true,
  filter: true,
  persistAuthorization: false,
  validatorUrl: null,
  requestInterceptor: (request) => {
    const own = new URL(request.url, document.baseURI).origin === location.origin;
    if (own && !safe.has((request.method || "GET").toUpperCase())) {
      request.headers["X-CSRFToken"] = csrfToken();
    }
    return request;
  },
});
