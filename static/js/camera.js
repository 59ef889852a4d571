// The camera of this device, and a photo of what it shows.

export const canOpen = () => isSecureContext && Boolean(navigator.mediaDevices?.getUserMedia);

export const openCamera = (video) => navigator.mediaDevices.getUserMedia({ audio: false, video });

export function closeCamera(stream) {
  stream?.getTracks().forEach((track) => {
    track.stop();
  });
}

// The middle of the picture as a JPEG, `width` by `height`; never mirrored: left must stay left.
export function shoot(video, width, height) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const left = (video.videoWidth - width) / 2;
  const top = (video.videoHeight - height) / 2;
  canvas.getContext("2d").drawImage(video, left, top, width, height, 0, 0, width, height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.95));
}
