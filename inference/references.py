"""Which photo another one is judged beside: the same patient's face at rest.

A reference is a photo that is on record already, read anew from the store for each analysis; nothing that a model sees
in it is kept. The analysis row names the photo.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db.models import CharField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet, Subquery

from inference.finding import VIEW_COLUMN
from inference.pipeline.codes import UNTAUGHT, Exercise, untaught

from .jobs.states import RESULTS, Status
from .models import Analysis
from .photos import photos

if TYPE_CHECKING:
    from clinic.visits.models import Photo


def reference_of(*, photo: Photo) -> Photo | None:
    """The photo at rest of the same visit, the last one taken; else the newest of the same episode from before that
    visit. None where there is none, and for a photo at rest, which is judged by itself. One that lies under rest by its
    place among the files alone may show anything."""
    if photo.exercise == Exercise.REST:
        return None
    visit = photo.visit
    return _candidates(photo=photo.pk, visit=visit.pk, episode=visit.episode_id, at=visit.at).first()


def reference_in_query(*, photo: str, column: str = "pk") -> Subquery:
    """A column of the same photo, as an expression of a query. photo: that query's way to the photo that is judged,
    with underscores; empty where it asks for photos."""
    of = {
        "photo": OuterRef(f"{photo}pk"),
        "visit": OuterRef(f"{photo}visit"),
        "episode": OuterRef(f"{photo}visit__episode"),
        "at": OuterRef(f"{photo}visit__at"),
    }
    judged = ExpressionWrapper(OuterRef(f"{photo}exercise"), output_field=CharField())
    found = _candidates(**of).alias(judged=judged).exclude(judged=Exercise.REST)
    return Subquery(found.values(column)[:1])


def _candidates(*, photo: Any, visit: Any, episode: Any, at: Any) -> QuerySet[Photo]:
    """The faces at rest that this photo may be judged beside, the best first; each given as a value or an outer one."""
    before = Q(visit__episode=episode, visit__at__lt=at)
    # The visit itself is later than all before it.
    return _resting().exclude(pk=photo).filter(before | Q(visit=visit)).order_by("-visit__at", "-created_at")


def _resting() -> QuerySet[Photo]:
    return photos().current().filter(exercise=Exercise.REST, exercise_named=True).exclude(image="")


def photos_compared_with(*, photo: Photo) -> QuerySet[Photo]:
    """The photos whose reference this one may be, or may have been: those of other views, of its visit and of later
    visits of the episode."""
    others = photos().current().exclude(pk=photo.pk).exclude(exercise=Exercise.REST)
    later = others.filter(visit__episode=photo.visit.episode_id, visit__at__gte=photo.visit.at)
    return later.select_related("visit")


def photos_in(*, visits: Collection[uuid.UUID]) -> QuerySet[Photo]:
    """The current photos of those visits."""
    return photos().current().filter(visit__in=visits).select_related("visit__patient__clinic")


def photos_without_rest(*, episodes: Collection[uuid.UUID], since: dt.datetime) -> QuerySet[Photo]:
    """The photos of the episodes' visits from `since` on whose visit has no photo at rest of its own: those that an
    earlier visit lends one to."""
    own = _resting().filter(visit=OuterRef("visit"))
    found = photos().current().filter(visit__episode__in=episodes, visit__at__gte=since)
    return found.filter(~Exists(own)).select_related("visit__patient__clinic")


def looked_at_as_another(*, photo: Photo, release: str) -> bool:
    """Whether that release looked at the photo as at a view that networks were not taught and it is none, or the other
    way round: what is asked of its quality and who says something of it are different, whatever came of it."""
    found = Analysis.objects.filter(photo=photo, release=release).order_by("-created_at")
    newest = found.values_list("status", VIEW_COLUMN).first()
    if newest is None or newest[0] not in RESULTS:
        return False
    return (newest[1] or "") != untaught(photo.exercise)


def outdated(*, photo: Photo, release: str) -> bool:
    """Whether the photo was judged by that release beside another photo than it would be now, and no clinician has
    said yet what it shows: a word that was given stays with the result that it was given on."""
    found = Analysis.objects.filter(photo=photo, release=release).order_by("-created_at")
    newest = found.only("status", "reference_id").first()
    if newest is None or newest.status != Status.SUCCEEDED or photo.confirmations.exists():
        return False
    if photo.exercise in UNTAUGHT:
        return False
    wanted = reference_of(photo=photo)
    return newest.reference_id != (wanted.pk if wanted is not None else None)
