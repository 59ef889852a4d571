"""The demo clinic's questionnaires: sample texts of this project's own, and made-up answers over the weeks.

None of it is the licensed wording: titles say so, and each question is the project's short name made a sentence.
"""

from __future__ import annotations

from typing import Any, Final

from clinic.accounts.models import Clinic, User
from clinic.examination import services_questionnaires, services_scales
from clinic.examination.models import Assessment
from clinic.examination.models_of_wordings import QuestionnaireWording
from clinic.examination.scales import BY_CODE, Scale
from clinic.patients.models import Episode
from clinic.visits.models import Visit

# By the patient's key in the manifest: the questionnaires, and how far from the best each answer lies at the first
# visit and at the last one, 0 (best) to 1 (worst).
ANSWERED: Final[dict[str, tuple[tuple[str, float, float], ...]]] = {
    "p1": (("face", 0.7, 0.2), ("fdi", 0.6, 0.2)),
    "p2": (("face", 0.6, 0.35),),
    "p4": (("fdi", 0.8, 0.6),),
    "p5": (("saq", 0.1, 0.6), ("face", 0.5, 0.45)),
}
LICENCE: Final = (
    "Sample text of this project's own. Not the questionnaire's licensed wording: not for patients."
)
TRANSLATION: Final = "sample text, not a translation"


def wordings(*, user: User, clinic: Clinic) -> dict[str, QuestionnaireWording]:
    """The sample texts, made as far as they are missing, by the questionnaire's code."""
    found: dict[str, QuestionnaireWording] = {}
    for code in ("face", "saq", "fdi"):
        known = QuestionnaireWording.objects.filter(clinic=clinic, scale=code).first()
        found[code] = known or services_questionnaires.add_wording(
            user=user, clinic=clinic, **_sample(BY_CODE[code])
        )
    return found


def _sample(scale: Scale) -> dict[str, Any]:
    return {
        "scale": scale,
        "language": "en",
        "title": f"{scale.name}: sample text, not the licensed one",
        "instruction": "Think of the last week. Tap the answer that fits best.",
        "texts": {item.code: f"{item.name}: how was it?" for item in scale.items},
        "answers": {item.code: [one.name for one in item.choices] for item in scale.items},
        "translation": TRANSLATION,
        "licence": LICENCE,
    }


def answer(*, key: str, user: User, episode: Episode, texts: dict[str, QuestionnaireWording]) -> int:
    """Let the patient have answered at each visit; how many assessments were made."""
    visits = list(Visit.objects.filter(episode=episode, archived_at__isnull=True).order_by("at"))
    made = 0
    for code, first, last in ANSWERED.get(key, ()):
        for place, visit in enumerate(visits):
            if Assessment.objects.filter(visit=visit, scale=code).exists():
                continue
            share = first + (last - first) * place / max(1, len(visits) - 1)
            scale = BY_CODE[code]
            begun = services_scales.answer(
                user=user,
                visit=visit,
                scale=scale,
                answers=answers(scale, share, place),
                wording=texts[code],
            )
            services_scales.finish(user=user, assessment=begun)
            made += 1
    return made


def answers(scale: Scale, share: float, turn: int) -> dict[str, Any]:
    """An answer to each item, so far from its best; items differ a little from each other and from visit to visit."""
    found: dict[str, Any] = {}
    healthy_is_low = scale.code == "saq"
    for place, item in enumerate(scale.items):
        counted = sorted(
            (one for one in item.choices if one.points is not None), key=lambda one: one.points or 0
        )
        wobble = ((place * 7 + turn * 3) % 5 - 2) / 12
        at = min(1.0, max(0.0, share + wobble))
        from_best = round(at * (len(counted) - 1))
        found[item.code] = counted[from_best if healthy_is_low else len(counted) - 1 - from_best].value
    return found
