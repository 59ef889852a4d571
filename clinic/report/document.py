"""A report as a whole document: HTML, its style sheet, and the charts and photos that it shows."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import Q
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override
from PIL import Image

from clinic.patients.models import Consent, ConsentUse, Episode, Patient
from clinic.recovery import charts
from clinic.store import files
from clinic.visits import exercises
from clinic.visits.models import Photo
from inference.pipeline.codes import Exercise

from .audience import Audience, ReportChoice
from .content import ReportContent, report_content
from .rendering import Document, Picture

if TYPE_CHECKING:
    from clinic.accounts.models import User
    from clinic.recovery.geometry import Panel

STYLE: Final = settings.BASE_DIR / "templates" / "report" / "report.css"
TIGHTER: Final = (
    ".plain { font-size: 9.6pt; } .plain .charts img, .plain .charts figure { width: 84mm; }",
    ".plain { font-size: 9pt; line-height: 1.35; } .plain .charts img, .plain .charts figure { width: 72mm; }",
)
"""A patient's copy is one page, and in some languages and months the same says more."""
TEMPLATES: Final = {Audience.PATIENT: "report/patient.html", Audience.REFERRER: "report/referrer.html"}
SHOWN: Final = (
    Exercise.REST,
    Exercise.BROW_RAISE,
    Exercise.GENTLE_EYE_CLOSURE,
    Exercise.SMILE_WITH_TEETH,
)
"""Of the first visit with photos and the newest one: what a referrer looks for."""
PHOTO_PIXELS: Final = 420
"""The longer edge of a printed photo, 45 mm wide at 240 dots an inch."""


@dataclass(frozen=True, slots=True)
class PrintedPhoto:
    """A photo in the letter, and what it shows in words."""

    name: str
    caption: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Report:
    """A document with what has to be logged of it. photos: those that it shows."""

    document: Document
    photos: tuple[Photo, ...]
    file_name: str


def photos_allowed(patient: Patient) -> bool:
    """Whether photos may stand in a letter: with the consent to the clinical record in force."""
    return Consent.objects.in_force().filter(patient=patient, use=ConsentUse.RECORD).exists()


def make_report(*, episode: Episode, choice: ReportChoice, author: User) -> Report:
    """The document for `rendering.pdf`, in its own language. author: who signs it.

    Photos only for a referrer, where they were asked for and the patient's consent is in force.
    """
    with override(choice.language):
        content = report_content(episode=episode, choice=choice)
        panels = _panels(content)
        photos = _photos(content) if choice.photos and choice.audience == Audience.REFERRER else []
        pictures = {f"chart-{panel.key}": _drawing(panel) for panel in panels}
        printed = []
        for number, photo in enumerate(photos, 1):
            picture, width, height = _small(photo)
            pictures[f"photo-{number}"] = picture
            printed.append(PrintedPhoto(f"photo-{number}", _caption(content, photo), width, height))
        html = render_to_string(
            TEMPLATES[choice.audience],
            {
                "report": content,
                "episode": episode,
                "patient": episode.patient,
                "clinic": episode.patient.clinic,
                "history": content.history,
                "panels": panels,
                "photos": printed,
                "no_consent": choice.photos and not photos_allowed(episode.patient),
                "author": author.full_name,
                "language": choice.language,
                "day": choice.day,
            },
        )
    return Report(
        Document(html, STYLE.read_text(), pictures, TIGHTER if choice.audience == Audience.PATIENT else ()),
        tuple(photos),
        # A file's name travels far: it holds a day and nothing of the patient.
        f"report-{choice.day.isoformat()}.pdf",
    )


def _panels(content: ReportContent) -> list[Panel]:
    panels = charts.panels(content.history)
    if content.choice.audience == Audience.REFERRER:
        return panels
    return [
        replace(panel, notes=(), lines=tuple(line for line in panel.lines if line.style == "clinician"))
        for panel in panels
        if panel.key == "grade" and content.first is not None
    ]


def _drawing(panel: Panel) -> Picture:
    return Picture(render_to_string("report/chart.svg", {"panel": panel}).encode(), "image/svg+xml")


def _photos(content: ReportContent) -> list[Photo]:
    """The views of `SHOWN` at the first visit that has any, and at the newest."""
    if not photos_allowed(content.episode.patient):
        return []
    ids = [one.visit_id for one in content.history.visits]
    found = list(
        Photo.objects.current()
        .filter(Q(exercise__in=SHOWN), visit_id__in=ids)
        .select_related("visit__patient__clinic")
        .order_by("visit__at", "visit__created_at", "taken_at")
    )
    if not found:
        return []
    ends = dict.fromkeys((found[0].visit_id, found[-1].visit_id))
    return [
        newest
        for visit in ends
        for exercise in SHOWN
        if (newest := _newest([one for one in found if (one.visit_id, one.exercise) == (visit, exercise)]))
    ]


def _newest(photos: Sequence[Photo]) -> Photo | None:
    return photos[-1] if photos else None


def _small(photo: Photo) -> tuple[Picture, int, int]:
    """As it is printed: no larger than that needs."""
    with Image.open(io.BytesIO(files.read(photo)), formats=["JPEG"]) as image:
        image.draft("RGB", (PHOTO_PIXELS, PHOTO_PIXELS))
        small = image.convert("RGB")
        small.thumbnail((PHOTO_PIXELS, PHOTO_PIXELS))
        out = io.BytesIO()
        small.save(out, "JPEG", quality=85)
        return Picture(out.getvalue(), "image/jpeg"), small.width, small.height


def _caption(content: ReportContent, photo: Photo) -> str:
    visit = next(one for one in content.history.visits if one.visit_id == photo.visit_id)
    return _("%(exercise)s, %(day)s") % {
        "exercise": exercises.by_code(photo.exercise).name,
        "day": date_format(visit.date),
    }
