"""Why an analysis gave no result: each code with the clinician's sentence and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Kind = Literal["rejected", "failed"]


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One reason. `retry`: whether analysing the same photo once more can help."""

    code: str
    kind: Kind
    sentence: str | Promise
    action: str | Promise
    retry: bool = False


TABLE: tuple[ErrorCode, ...] = (
    # Rejected: the photo can't be judged. The answer is another photo, never another try.
    ErrorCode(
        "no_face",
        "rejected",
        _("No face was found in the photo."),
        _("Retake it from the front, with the whole face in the picture."),
    ),
    ErrorCode(
        "several_faces",
        "rejected",
        _("The photo shows more than one face."),
        _("Retake it with the patient alone in the picture."),
    ),
    ErrorCode(
        "face_too_small",
        "rejected",
        _("The face is too small in the photo."),
        _("Move closer, until the face fills most of the picture."),
    ),
    ErrorCode(
        "blurred",
        "rejected",
        _("The photo is blurred."),
        _("Hold the camera still, let it focus on the eyes, and retake the photo."),
    ),
    ErrorCode(
        "too_dark",
        "rejected",
        _("The face is too dark."),
        _("Turn the patient towards a window or a lamp and retake the photo."),
    ),
    ErrorCode(
        "too_bright",
        "rejected",
        _("The face is too bright."),
        _("Avoid direct sun and flash, and retake the photo."),
    ),
    ErrorCode(
        "turned",
        "rejected",
        _("The head is turned to one side, or up or down."),
        _("Ask the patient to look straight at the camera and retake the photo."),
    ),
    ErrorCode(
        "tilted",
        "rejected",
        _("The head is tilted towards one shoulder."),
        _("Hold camera and head upright and retake the photo."),
    ),
    ErrorCode(
        "eyes_covered",
        "rejected",
        _("The eyes are covered."),
        _("Take off glasses, move hair aside, and retake the photo."),
    ),
    ErrorCode(
        "mouth_covered",
        "rejected",
        _("The mouth is covered."),
        _("Take off the mask, keep hands away from the mouth, and retake the photo."),
    ),
    # Failed: something broke. The photo is stored all the same.
    ErrorCode(
        "unreadable_image",
        "failed",
        _("The photo's file could not be read."),
        _("Upload the photo again from the camera or telephone that took it."),
    ),
    ErrorCode(
        "image_too_large",
        "failed",
        _("The photo has too many pixels to be analysed."),
        _("Upload a smaller version of the photo; 12 megapixels are plenty."),
    ),
    ErrorCode(
        "file_missing",
        "failed",
        _("The photo's file is not in the store."),
        _("Upload the photo again and tell your administrator: the store may need a restore from backup."),
    ),
    ErrorCode(
        "store_away",
        "failed",
        _("The server's store of photos did not answer."),
        _("Try again. If it fails once more, tell your administrator to run “manage.py doctor”."),
        retry=True,
    ),
    ErrorCode(
        "key_missing",
        "failed",
        _("The key of this clinic is not there, so the photo's file can't be opened."),
        _("Tell your administrator to put the clinic's key back (manage.py keys list), then try again."),
        retry=True,
    ),
    ErrorCode(
        "file_altered",
        "failed",
        _("The photo's file is not the one that was stored."),
        _("Tell your administrator: the store may need a restore from backup. Upload the photo again."),
    ),
    ErrorCode(
        "model_missing",
        "failed",
        _("The analysis models are not installed."),
        _("Ask your administrator to run “make doctor” and install them, then try again."),
        retry=True,
    ),
    ErrorCode(
        "model_altered",
        "failed",
        _("The analysis models are not the ones that were released."),
        _("Ask your administrator to run “make doctor” and restore them, then try again."),
        retry=True,
    ),
    ErrorCode(
        "landmarks_failed",
        "failed",
        _("The points of the face could not be computed."),
        _("Try again. If it fails once more, retake the photo."),
        retry=True,
    ),
    ErrorCode(
        "classification_failed",
        "failed",
        _("The models gave no usable answer for this photo."),
        _("Try again. If it fails once more, retake the photo."),
        retry=True,
    ),
    ErrorCode(
        "measurement_failed",
        "failed",
        _("The left and right side could not be measured in this photo."),
        _("Retake the photo with both eyes open, facing the camera."),
    ),
    ErrorCode(
        "timed_out",
        "failed",
        _("The analysis took too long and was stopped."),
        _("Try again. If it fails once more, tell your administrator: the computer may be overloaded."),
        retry=True,
    ),
    ErrorCode(
        "worker_lost",
        "failed",
        _("The analysis was interrupted several times."),
        _("Try again. If it fails once more, tell your administrator."),
        retry=True,
    ),
    ErrorCode(
        "out_of_memory",
        "failed",
        _("The computer ran out of memory during the analysis."),
        _("Tell your administrator, then try again."),
        retry=True,
    ),
    ErrorCode(
        "internal",
        "failed",
        _("The analysis stopped at an error of the program."),
        _("Try again. If it fails once more, tell your administrator the time; the log has the details."),
        retry=True,
    ),
)
BY_CODE = {error.code: error for error in TABLE}


def explain(code: str) -> ErrorCode:
    """What a code means to a clinician; an unknown one is an error of the program."""
    return BY_CODE.get(code, BY_CODE["internal"])
