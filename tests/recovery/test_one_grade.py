"""A visit has one House-Brackmann grade: whatever clinicians and models said, every page, file and program tells it."""

from __future__ import annotations

import random

import pytest

from clinic.visits import services
from clinic.visits.confirming import confirm_visit
from clinic.visits.models import VisitConfirmation
from tests import factories
from tests.visits.scenes import analysed, releases_in

from . import scenes
from .grades import grades_everywhere

pytestmark = pytest.mark.django_db
VIEWS = ("rest", "brow_raise", "tight_eye_closure", "smile_with_teeth")
WORDS = ("none", "graded", "ungraded", "healthy", "taken back", "typed", "typed over", "of photos", "twice")


def say(word: str, visit, user, roll: random.Random) -> None:  # type: ignore[no-untyped-def]
    """Have a clinician say something of the visit, in one of the ways that there are."""
    grade, side = roll.randint(2, 6), roll.choice(["left", "right"])
    if word in ("graded", "typed over", "twice", "taken back"):
        confirm_visit(user=user, visit=visit, palsy=True, weak_side=side, grade=grade)
    if word == "ungraded":
        confirm_visit(user=user, visit=visit, palsy=True, weak_side=side)
    if word in ("healthy", "twice"):
        confirm_visit(user=user, visit=visit, palsy=False, grade=1)
    if word in ("typed", "typed over"):
        services.update_visit(
            user=user, visit=visit, grade=roll.choice([n for n in range(1, 7) if n != grade])
        )
    if word == "taken back":
        services.update_visit(user=user, visit=visit, grade=None)
    if word == "of photos":
        for photo in visit.photos.all():
            analysis = photo.analyses.first()
            factories.ConfirmationFactory(
                analysis=analysis, by=user, weak_side="left", grade=roll.randint(2, 6)
            )


@pytest.mark.parametrize("seed", range(3))
def test_whoever_said_what_there_is_one_grade_everywhere(
    as_clinician, clinician, episode, settings, tmp_path, seed
):
    settings.MODEL_ARTIFACTS_DIR = releases_in(tmp_path)
    roll = random.Random(seed)
    for day, word in enumerate(WORDS):
        visit = scenes.visit(episode, 3 + 3 * day, clinician=clinician)
        views = roll.choice([VIEWS, VIEWS, VIEWS[:2], ()])
        for view in views:
            analysed(
                visit,
                view,
                verdict=roll.choice(["weak", "weak", "normal", "uncertain"]),
                palsy=roll.random(),
                grade=roll.randint(2, 6),
                weak_side=roll.choice(["left", "right"]),
            )
        say(word, visit, clinician, roll)
    found = grades_everywhere(as_clinician, episode.patient)
    assert len(found) == len(WORDS)
    for visit, said in found.items():
        assert len(set(said.values())) == 1, (visit.at, said)
    assert VisitConfirmation.objects.exists()
    assert any(grade for said in found.values() for grade, _source in said.values())
