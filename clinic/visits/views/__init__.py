"""Pages of visits and photos. They ask the policy, call one service or selector, and answer."""

from .confirming import confirm, visit_confirm
from .consent import consent
from .files import image, thumbnail
from .filing import file_together, photo_taken
from .landmarks import photo_landmarks, photo_landmarks_measure
from .moving import photo_move, visit_move
from .patients import patient_photos, patient_visits
from .photos import (
    photo,
    photo_archive,
    photo_card,
    photo_check,
    photo_exercise,
    photo_restore,
    photo_result,
    photo_retry,
)
from .quick import quick_check
from .suggestions import keep, turn_over
from .upload import upload
from .visits import archive, board, capture, detail, edit, new, restore

__all__ = [
    "archive",
    "board",
    "capture",
    "confirm",
    "consent",
    "detail",
    "edit",
    "file_together",
    "image",
    "keep",
    "new",
    "patient_photos",
    "patient_visits",
    "photo",
    "photo_archive",
    "photo_card",
    "photo_check",
    "photo_exercise",
    "photo_landmarks",
    "photo_landmarks_measure",
    "photo_move",
    "photo_restore",
    "photo_result",
    "photo_retry",
    "photo_taken",
    "quick_check",
    "restore",
    "thumbnail",
    "turn_over",
    "upload",
    "visit_confirm",
    "visit_move",
]
