"""Made-up wordings of questionnaires: no licensed text stands in the tests."""

from __future__ import annotations

from typing import Any

from clinic.accounts.models import Clinic, User
from clinic.examination.models_of_wordings import QuestionnaireWording
from clinic.examination.scales import BY_CODE
from clinic.examination.services_questionnaires import add_wording


def given(code: str, *, mark: str = "") -> dict[str, Any]:
    """What an administrator pastes, as the service takes it. mark: stands in each text."""
    scale = BY_CODE[code]
    return {
        "title": f"Made-up {code}{mark}",
        "instruction": "Tap one answer each.",
        "texts": {item.code: f"Question {item.code}{mark}?" for item in scale.items},
        "answers": {
            item.code: [f"Answer {choice.value}{mark}" for choice in item.choices] for item in scale.items
        },
        "translation": "made up 2026",
        "licence": "Nobody's: a test",
    }


def pasted(
    user: User, clinic: Clinic, code: str = "saq", language: str = "en", mark: str = ""
) -> QuestionnaireWording:
    """A clinic's text of that questionnaire."""
    return add_wording(
        user=user, clinic=clinic, scale=BY_CODE[code], language=language, **given(code, mark=mark)
    )
