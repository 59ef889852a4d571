"""What two of the demo's patients practise at home, and how much of it they say that they did: made up."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from clinic.accounts.models import User
from clinic.home.models import HomePractice, HomeProgramme
from clinic.home.services import start_programme
from clinic.patients.models import Episode
from clinic.patients.rules import clinic_today

DAYS: Final = 26
"""For so long the programmes run."""
PROGRAMMES: Final[dict[str, dict[str, Any]]] = {
    "p1": {
        "per_week": 6,
        "message": "Slowly, before a mirror. Better few and even than many and crooked.",
        "doses": [
            {"step": "brow_raise", "times": 2, "repetitions": 8, "seconds": 3},
            {"step": "closed_smile", "times": 3, "repetitions": 10, "seconds": 5},
            {"step": "pucker", "times": 3, "repetitions": 10, "seconds": 5},
        ],
    },
    "p5": {
        "per_week": 5,
        "message": "",
        "doses": [
            {"step": "gentle_eye_closure", "times": 3, "repetitions": 10, "seconds": 4},
            {"step": "smile_with_teeth", "times": 2, "repetitions": 8, "seconds": 4},
        ],
    },
}


def practise(*, key: str, user: User, episode: Episode) -> None:
    """Let the patient have practised since the programme began, as far as that is missing."""
    given = PROGRAMMES.get(key)
    if given is None or HomeProgramme.objects.filter(episode=episode).exists():
        return
    today = clinic_today(episode.patient)
    begins = max(today - dt.timedelta(DAYS), episode.onset_date)
    programme = start_programme(user=user, episode=episode, starts_on=begins, **given)
    HomePractice.objects.bulk_create(
        HomePractice(programme=programme, day=begins + dt.timedelta(day), step=dose["step"], times=times)
        for day in range((today - begins).days)
        for place, dose in enumerate(programme.doses)
        # Eager at first, then tired, then half of the days.
        if (times := max(0, dose["times"] - (day * 5 + place * 3) % 4 * (day > 6)))
    )
