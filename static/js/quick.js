// A photo from the camera for the check of which nothing is kept: it goes into the form's own field.
import { canOpen, closeCamera, openCamera, shoot } from "./camera.js";

const form = document.querySelector(".quick-form");
const field = form.querySelector("input[type=file]");
const stage = form.querySelector("[data-stage]");
const video = form.querySelector("[data-video]");
const preview = form.querySelector("[data-preview]");
const camera = form.querySelector("[data-camera]");
const take = form.querySelector("[data-take]");
const trouble = form.querySelector("[data-trouble]");
let stream = null;

function stop() {
  closeCamera(stream);
  stream = null;
  video.hidden = true;
  take.hidden = true;
  camera.hidden = !canOpen();
}

function show() {
  if (preview.src) {
    URL.revokeObjectURL(preview.src);
  }
  const file = field.files[0];
  stage.hidden = !file;
  preview.hidden = !file;
  if (file) {
    preview.src = URL.createObjectURL(file);
  } else {
    preview.removeAttribute("src");
  }
}

camera.addEventListener("click", async () => {
  try {
    stream = await openCamera({ width: { ideal: 1920 } });
  } catch {
    trouble.textContent = form.dataset.blocked;
    trouble.hidden = false;
    return;
  }
  video.srcObject = stream;
  trouble.hidden = true;
  stage.hidden = false;
  preview.hidden = true;
  video.hidden = false;
  camera.hidden = true;
  take.hidden = false;
  take.focus();
});
// As others see the face, never mirrored.
take.addEventListener("click", async () => {
  if (!video.videoWidth) {
    return;
  }
  const blob = await shoot(video, video.videoWidth, video.videoHeight);
  const carrier = new DataTransfer();
  carrier.items.add(new File([blob], "photo.jpg", { type: "image/jpeg" }));
  field.files = carrier.files;
  stop();
  show();
  form.requestSubmit();
});
field.addEventListener("change", () => {
  stop();
  show();
});
window.addEventListener("pagehide", stop);
stop();
