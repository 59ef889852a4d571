"""A programme of two exercises that runs since ten days."""

from __future__ import annotations

import datetime as dt
from typing import Any

from clinic.home import services
from clinic.home.models import HomeProgramme
from clinic.patients.rules import clinic_today

DOSES = [
    {"step": "pucker", "times": 3, "repetitions": 10, "seconds": 5},
    {"step": "sneer:left", "times": 2, "repetitions": 8, "seconds": 3},
]


def programme_of(episode: Any, user: Any, **given: Any) -> HomeProgramme:
    today = clinic_today(episode.patient)
    usual = {"starts_on": today - dt.timedelta(10), "per_week": 7, "doses": DOSES}
    return services.start_programme(user=user, episode=episode, **{**usual, **given})


def typed(doses: list[dict[str, Any]] = DOSES, **more: Any) -> dict[str, Any]:
    """A programme's form as a browser sends it."""
    cells = {
        f"doses-{row['step']}-{key}": row[key] for row in doses for key in ("times", "repetitions", "seconds")
    }
    return {"per_week": "7", "message": "", **cells, **more}
