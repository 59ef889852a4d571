"""A patient's recovery, two photos compared, and the same figures as CSV and JSON."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from clinic.accounts import policies, stepup
from clinic.audit.models import Access
from clinic.audit.services import record_read
from clinic.common import sheets
from clinic.common.dates import today as local_today
from clinic.common.http import require, visible_or_404
from clinic.patients.models import Episode, Patient
from clinic.store import files
from clinic.visits import policies as may
from clinic.visits import selectors as photos
from clinic.visits.models import Photo
from clinic.visits.views.files import guarded

from . import alignment, charts, comparing, data, export, progress, score_charts, selectors
from .geometry import Panel
from .history import EpisodeHistory
from .home_chart import home_panel
from .reference import reference_of

if TYPE_CHECKING:
    from clinic.accounts.requests import ClinicRequest

ROWS_A_PAGE: Final = 25
"""Visits on a page of the table."""


@login_required
@require_safe
def patient_recovery(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The course of one patient's recovery: the first thing that a clinician opens."""
    patient, episode, history = _history(request, pk, selectors.course)
    record_read(request=request, patient=patient, access=Access.RECORD)
    exercises = progress.progress(history) if history else []
    context = {
        "patient": patient,
        "episode": episode,
        "episodes": list(patient.episodes.all()),
        "history": history,
        "table": _table(request, history) if history else None,
        "panels": _panels(history, episode),
        "exercises": exercises,
        **_scales(request, history),
        "larger": progress.larger(history, exercises, request.GET.get("exercise", "")) if history else None,
        "reference": reference_of(history, said=request.GET.get("first", "")) if history else None,
        "asked_reference": "first" in request.GET,
        "printed_on": local_today(),
        "can_write": policies.can_write_records(request.user, patient.clinic_id) and not patient.is_closed,
        "tab": "recovery",
    }
    return render(request, "recovery/patient.html", context)


@login_required
@require_safe
def recovery_json(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The data behind the page's charts."""
    patient, _, history = _history(request, pk, selectors.course)
    record_read(request=request, patient=patient, access=Access.RECORD)
    response = JsonResponse(
        data.as_data(history, charts.drawn(history)) if history else {"episode": None, "visits": []}
    )
    patch_cache_control(response, private=True, no_store=True)
    return response


@login_required
@require_safe
@stepup.required
def recovery_csv(request: ClinicRequest, pk: uuid.UUID) -> StreamingHttpResponse:
    """The history as a file to keep: recorded as an export."""
    patient, episode, history = _history(request, pk, selectors.course)
    record_read(request=request, patient=patient, access=Access.EXPORT)
    content = export.history_lines(
        history=history,
        record_number=patient.record_number,
        dialect=sheets.for_people(),
        photos=_photos(history, episode),
    )
    response = StreamingHttpResponse(content, content_type="text/csv; charset=utf-8")
    # Of two patients' files in one folder the reader must know whose is whose. No address and no log holds it.
    name = sheets.file_name("recovery", patient.record_number, local_today())
    response["Content-Disposition"] = content_disposition_header(True, name) or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    patch_cache_control(response, private=True, no_store=True)
    return response


@login_required
@require_safe
def compare(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """Two photos of one exercise at the same scale and eye line."""
    patient, episode, history = _history(request, pk, selectors.course)
    record_read(request=request, patient=patient, access=Access.RECORD)
    wish = {name: request.GET.get(name, "") for name in ("exercise", "a", "b", "before")}
    context = {
        "patient": patient,
        "episode": episode,
        "episodes": list(patient.episodes.all()),
        "comparison": comparing.compare(history=history, whole=_whole(history, episode), **wish)
        if history
        else None,
        "can_write": policies.can_write_records(request.user, patient.clinic_id) and not patient.is_closed,
        "tab": "recovery",
    }
    return render(request, "recovery/compare.html", context)


@login_required
@require_safe
def aligned(request: ClinicRequest, pk: uuid.UUID) -> HttpResponse:
    """The photo laid to the common eye line; who may see the photo may see this, and it is recorded alike."""
    photo: Photo = visible_or_404(photos.visible_photos(user=request.user), request.user, pk)
    require(may.can_read_file(request.user, photo))
    landmarks = selectors.newest_landmarks(photo=photo)
    if landmarks is None:
        raise Http404
    try:
        file = io.BytesIO(files.read(photo))
        content = alignment.aligned_jpeg(file=file, landmarks=landmarks)
    except (FileNotFoundError, alignment.CannotAlign) as error:
        raise Http404 from error
    record_read(request=request, patient=photo.visit.patient, access=Access.PHOTO, photo=photo)
    response: HttpResponse = guarded(
        HttpResponse(content, content_type="image/jpeg"), cache="private, no-store"
    )
    return response


def _photos(history: EpisodeHistory | None, episode: Episode | None) -> export.Photos:
    """Reads what the photos of some visits of that course give to its file."""
    if history is None or episode is None:
        return export.at_hand
    return lambda some: selectors.photos_in_file(history=history, episode=episode, wanted=some)


def _whole(history: EpisodeHistory | None, episode: Episode | None) -> comparing.Whole:
    """Reads the photos of some visits of that course."""
    if history is None or episode is None:
        return list
    return lambda some: selectors.visits_of(history=history, episode=episode, wanted=some)


def _table(request: ClinicRequest, history: EpisodeHistory) -> dict[str, Any]:
    """The visits of the table, newest first: those before the one that is named, or all, to be printed."""
    rows = list(reversed(history.visits))
    if request.GET.get("rows") == "all":
        return {"rows": rows, "first": 1, "last": len(rows), "count": len(rows), "opened": True}
    begin, before = 0, request.GET.get("before")
    if before:
        wanted = _uuid_or_404(before)
        begin = next((place for place, one in enumerate(rows, 1) if one.visit_id == wanted), 0)
        if not begin:
            raise Http404
    shown = rows[begin : begin + ROWS_A_PAGE]
    return {
        "rows": shown,
        "first": begin + 1,
        "last": begin + len(shown),
        "count": len(rows),
        "opened": bool(before),
        "earlier": shown[-1].visit_id if shown and begin + len(shown) < len(rows) else None,
    }


def _panels(history: EpisodeHistory | None, episode: Episode | None) -> list[Panel]:
    """The charts of a course, and of what was practised at home."""
    if history is None or episode is None:
        return []
    home = home_panel(episode=episode, history=history)
    return [*charts.panels(history), *([home] if home is not None else [])]


def _scales(request: ClinicRequest, history: EpisodeHistory | None) -> dict[str, Any]:
    """The scales of the course, and their newest assessments; all of them to be printed."""
    courses = score_charts.scale_courses(history) if history else []
    rows = score_charts.newest_first(courses)
    shown = rows if request.GET.get("rows") == "all" else rows[:ROWS_A_PAGE]
    return {"scales": courses, "score_rows": shown, "score_count": len(rows)}


def _uuid_or_404(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Http404 from error


def _history(
    request: ClinicRequest, pk: uuid.UUID, read: Callable[..., EpisodeHistory]
) -> tuple[Patient, Episode | None, EpisodeHistory | None]:
    """The patient, the episode asked for (or the newest), and its history. read: the selector that reads it."""
    patient: Patient = visible_or_404(Patient.objects.select_related("clinic"), request.user, pk)
    require(policies.can_read_records(request.user, patient.clinic_id))
    episodes = Episode.objects.filter(patient=patient).order_by("-onset_date", "-created_at")
    wanted = request.GET.get("episode")
    if wanted:
        episode: Episode | None = visible_or_404(episodes, request.user, _uuid_or_404(wanted))
    else:
        episode = episodes.first()
    if episode is None:
        return patient, None, None
    episode.patient = patient
    return patient, episode, read(episode=episode)
