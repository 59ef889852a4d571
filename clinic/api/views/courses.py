"""What the representation of a course needs: a page of its visits, and their people."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError

from clinic.recovery.selectors import VisitsPage, visits_page

if TYPE_CHECKING:
    from clinic.patients.models import Episode
    from clinic.recovery.history import EpisodeHistory

    from .base import Records

VISITS_A_PAGE: Final = 25
BEFORE: Final = "before"
DESCRIPTION: Final = (
    f"The newest {VISITS_A_PAGE} visits, oldest first, with what clinicians said and what the models found kept apart; "
    "`earlier` leads to those before them. With all treatments, changes of the models, and what can be said of the "
    "whole course: the same figures as on the patient's page. With `Accept: text/csv` all visits as a file, one row a "
    "visit, photo, treatment or change of the models; that read is recorded as an export."
)


def with_visits(view: Records, courses: Mapping[Episode, EpisodeHistory]) -> dict[str, Any]:
    """The context in which these courses are shown: the newest visits of each, or the newest before the one that the
    query names, which must be of the first."""
    before = _before(view)
    pages: dict[uuid.UUID, VisitsPage] = {}
    for episode, history in courses.items():
        page = visits_page(history=history, episode=episode, before=before, most=VISITS_A_PAGE)
        if page is None:
            raise _no_such_visit()
        pages[episode.pk] = page
    return {"pages": pages, "request": view.request, **view.people_in(pages.values())}


def _before(view: Records) -> uuid.UUID | None:
    text = view.request.query_params.get(BEFORE)
    if text is None:
        return None
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise _no_such_visit() from error


def _no_such_visit() -> ValidationError:
    return ValidationError({BEFORE: [_("The episode has no such visit.")]}, "does_not_exist")
