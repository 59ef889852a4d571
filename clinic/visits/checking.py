"""What is told of a photo while the patient still sits there: whether it can be judged and shows what was asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext as _

from inference.finding import DOUBTS
from inference.jobs.states import Status
from inference.pipeline.codes import Caution

from . import exercises
from .reading import CAUTIONS
from .selectors import PhotoCard

CheckState = Literal["waiting", "good", "retake", "other", "failed", "unchecked"]


@dataclass(frozen=True, slots=True)
class PhotoCheck:
    """waiting: no answer yet. good: it can be judged and shows what was asked for. retake: it can't be judged. other:
    it looks like another exercise. failed: the analysis did, the photo is safe. unchecked: nothing analyses it."""

    state: CheckState
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """For the page's script."""
        return {"state": self.state, "sentence": self.sentence, "again": self.state in ("retake", "other")}


def check_of(card: PhotoCard) -> PhotoCheck:
    """The check of a photo by its newest analysis."""
    asked = exercises.step_of(card.photo.exercise, card.photo.side).name
    if card.analysis is None or card.analysis.status == Status.CANCELLED:
        return PhotoCheck("unchecked", _("%(asked)s is stored.") % {"asked": asked})
    if not card.settled:
        return PhotoCheck("waiting", _("%(asked)s is being checked.") % {"asked": asked})
    if card.error is not None:
        sentence = f"{card.error.sentence} {card.error.action}"
        return PhotoCheck("retake" if card.analysis.status == Status.REJECTED else "failed", sentence)
    if card.other_exercise is not None:
        values = {"asked": asked, "seen": card.other_exercise.name}
        return PhotoCheck("other", _("Asked for: %(asked)s. It looks like: %(seen)s.") % values)
    return PhotoCheck("good", _good(card, asked))


def _good(card: PhotoCard, asked: str) -> str:
    caution = next((code for code in card.figures.cautions if _can_do_better(card, code)), None)
    if caution is not None:
        return f"{_('%(asked)s can be judged.') % {'asked': asked}} {CAUTIONS[caution]}"
    if Caution.EXERCISE_UNSURE.value in card.figures.cautions:
        return _("%(asked)s can be judged; the model is not sure which exercise it shows.") % {"asked": asked}
    return _("%(asked)s is good.") % {"asked": asked}


def _can_do_better(card: PhotoCard, code: str) -> bool:
    """Whether another photo can do better by the caution: not by what the model leaves open, nor by closed eyes that
    were asked for."""
    expected = code == Caution.EYES_CLOSED.value and card.photo.exercise in exercises.CLOSURES
    return code in CAUTIONS and code not in DOUBTS and not expected
