"""Why a photo is refused: one code and one sentence each, for pages, the API and the tests."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# Each says what happened and what to do; none repeats the file's name, which may hold a patient's.
SENTENCES: Final[dict[str, str | Promise]] = {
    "empty": _("The file is empty (0 bytes). Copy it from the camera again."),
    "too_large": _("The file is larger than %(megabytes)s MB. Export it smaller, or as JPEG."),
    "not_a_photo": _(
        "This is not a photo, whatever its name says. Choose a JPEG, PNG, WebP, HEIC or AVIF file."
    ),
    "unsupported_type": _("The type of this file is %(kind)s. Photos must be JPEG, PNG, WebP, HEIC or AVIF."),
    "too_many_pixels": _("The picture has more than %(megapixels)s megapixels. Export it smaller."),
    "too_small": _(
        "The picture is too small: each side must have at least %(pixels)s pixels. Take the photo again, closer."
    ),
    "too_narrow": _(
        "The picture is a strip, much longer in one direction than in the other. Cut out the face, or take the photo "
        "again."
    ),
    "too_costly": _(
        "The photo takes more work to read than any camera's photo does. Export it once more, as an ordinary JPEG."
    ),
    "busy": _("Many photos are coming in just now, and this one was not stored. Try again in a few seconds."),
    "animated": _("The file holds several pictures or an animation. Choose a single photo."),
    "damaged": _("The file is damaged or was cut short. Copy it from the camera again."),
    "same_in_visit": _("This photo is already in this visit."),
    "same_in_patient": _("This photo is already in another visit of this patient (%(day)s)."),
    "same_elsewhere": _(
        "The same photo is in the record of another patient of this clinic. Check that this is the right patient; "
        "if it is, store it anyway."
    ),
    "unknown_exercise": _("Choose which exercise the photo shows."),
    "restricted": _("The record is restricted: it is kept, but no photo may be added."),
    "no_consent": _(
        "There is no consent to the clinical record, so no photo may be added. Record the consent first."
    ),
    "key_missing": _(
        "The photo was not stored: the key of this clinic is not there. Tell your administrator, then try again."
    ),
    "disk_full": _(
        "The photo was not stored: the server's disk is full. All photos stored before are safe. Keep this one, tell "
        "your administrator, then try again."
    ),
    "store_away": _(
        "The photo was not stored: the server's store of photos does not answer. All photos stored before are safe. "
        "Keep this one and try again in a minute; if it happens again, tell your administrator."
    ),
    "not_stored": _(
        "The photo was not stored: the server could not write it. All photos stored before are safe. Keep this one "
        "and try again; if it happens again, tell your administrator."
    ),
    "no_file": _("No file was sent. Choose at least one photo."),
}


# Nothing is wrong with these photos: the same one can be stored once the server is well again.
OUR_FAULT: Final = frozenset({"disk_full", "store_away", "not_stored", "key_missing", "busy"})
# Seconds after which it is worth another try.
RETRY_AFTER: Final = {"busy": 5, "store_away": 30}


class IntakeError(Exception):
    """A photo that can't be taken in: `code` is stable, `sentence` is for the clinician."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


def refuse(code: str, **values: object) -> IntakeError:
    """The error of that code with its sentence in the language of the moment."""
    limits = {
        "megabytes": settings.PHOTO_MAX_BYTES // 1024**2,
        "megapixels": settings.PHOTO_MAX_PIXELS // 10**6,
        "pixels": 200,
    }
    return IntakeError(code, str(SENTENCES[code]) % {**limits, **values})
