// A photo from the camera for the check of which nothing is kept: it goes into the form's own field.
(function () {
  "use strict";
  var form = document.querySelector(".quick-form");
  if (!form) {
    return;
  }
  var field = form.querySelector("input[type=file]");
  var stage = form.querySelector("[data-stage]");
  var video = form.querySelector("[data-video]");
  var preview = form.querySelector("[data-preview]");
  var camera = form.querySelector("[data-camera]");
  var take = form.querySelector("[data-take]");
  var trouble = form.querySelector("[data-trouble]");
  var stream = null;

  function stop() {
    if (stream) {
      stream.getTracks().forEach(function (track) { track.stop(); });
      stream = null;
    }
    video.hidden = true;
    take.hidden = true;
    camera.hidden = false;
  }

  function show() {
    if (preview.src) {
      URL.revokeObjectURL(preview.src);
    }
    var file = field.files[0];
    stage.hidden = !file;
    preview.hidden = !file;
    if (file) {
      preview.src = URL.createObjectURL(file);
    } else {
      preview.removeAttribute("src");
    }
  }

  camera.hidden = !(window.isSecureContext && navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
  camera.addEventListener("click", function () {
    navigator.mediaDevices.getUserMedia({ audio: false, video: { width: { ideal: 1920 } } }).then(function (opened) {
      stream = opened;
      video.srcObject = opened;
      trouble.hidden = true;
      stage.hidden = false;
      preview.hidden = true;
      video.hidden = false;
      camera.hidden = true;
      take.hidden = false;
      take.focus();
    }).catch(function () {
      trouble.textContent = form.dataset.blocked;
      trouble.hidden = false;
    });
  });
  // As others see the face, never mirrored.
  take.addEventListener("click", function () {
    var canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    if (!canvas.width) {
      return;
    }
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob(function (blob) {
      var carrier = new DataTransfer();
      carrier.items.add(new File([blob], "photo.jpg", { type: "image/jpeg" }));
      field.files = carrier.files;
      stop();
      show();
      form.requestSubmit();
    }, "image/jpeg", 0.95);
  });
  field.addEventListener("change", function () {
    stop();
    show();
  });
  window.addEventListener("pagehide", stop);
  stop();
  camera.hidden = !(window.isSecureContext && navigator.mediaDevices && navigator.mediaDevices.getUserMedia);
})();
