from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone


@pytest.fixture
def new_patient() -> dict[str, Any]:
    """What a clinician types for a new patient."""
    return {
        "name": "Sri Wahyuni",
        "record_number": "M-0417",
        "birth_date": "1971-02-09",
        "sex": "female",
        "phone": "+62 811 000 111",
        "email": "",
        "languages": "Javanese",
        "cause": "bells_palsy",
        "weak_side": "left",
        "onset_date": (timezone.localdate() - dt.timedelta(weeks=3)).isoformat(),
        "notes": "Woke up with it.",
    }
