"""What is read about visits and photos."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from clinic.audit.models import Access, ReadEvent
from inference import errors, finding
from inference import selectors as inference_selectors
from inference.jobs.states import FINAL, Status
from inference.models import Analysis
from inference.pipeline import codes
from inference.selectors_corrections import corrected_symmetry

from . import exercises
from .models import Confirmation, Dismissal, Photo, PhotoQuerySet, Suggestion, Visit, VisitQuerySet

if TYPE_CHECKING:
    from clinic.accounts.models import User
    from clinic.patients.models import Patient
    from inference.models import LandmarkCorrection

SAME_LOOK = dt.timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class PhotoCard:
    """A photo with all that is shown beside it: the newest release's analysis, the newest confirmation, and,
    where there is no result, why."""

    photo: Photo
    analysis: Analysis | None
    confirmation: Confirmation | None
    error: errors.ErrorCode | None
    kept: frozenset[str] = frozenset()
    """Exercises that the model suggested and a person turned down."""
    _read: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was read of the stored findings: a page asks for it two dozen times."""

    @property
    def settled(self) -> bool:
        """Nothing will change by waiting."""
        return self.analysis is not None and self.analysis.status in FINAL

    @property
    def succeeded(self) -> bool:
        return self.analysis is not None and self.analysis.status == Status.SUCCEEDED

    @property
    def is_taught(self) -> bool:
        """Whether a network has anything to say of it: of some views none has seen any."""
        return self.figures.knows(self.photo.exercise)

    @property
    def found(self) -> finding.Finding | None:
        """The model's finding; None also in a view of which no network has seen any."""
        if self.analysis is None or not self.succeeded or not self.is_taught:
            return None
        asked = self.photo.exercise
        if asked not in self._read:
            self._read[asked] = finding.from_analysis(self.analysis, asked=asked)
        found: finding.Finding = self._read[asked]
        return found

    @property
    def confirmed(self) -> finding.Finding | None:
        """The clinician's finding."""
        return finding.from_confirmation(self.confirmation) if self.confirmation is not None else None

    @property
    def exercise(self) -> exercises.ProtocolExercise:
        return exercises.by_code(self.photo.exercise)

    @property
    def figures(self) -> finding.Figures:
        """The figures behind the newest analysis, with the measures that hold; empty ones where there is none."""
        figures = finding.figures_of(self.analysis.findings if self.analysis is not None else None)
        corrected = self.correction
        return figures if corrected is None else replace(figures, symmetry=corrected.symmetry)

    @property
    def correction(self) -> LandmarkCorrection | None:
        """Where a clinician put points of the newest analysis; None while the model's hold."""
        return self.analysis.correction if self.analysis is not None else None

    def ratio(self, region: str) -> float | None:
        """How alike both sides of that region are, 0 to 1, by the measures that hold."""
        if self.correction is not None:
            return finding.ratio_of(self.correction.symmetry, region)
        return getattr(self.analysis, f"{region}_ratio", None)

    @property
    def was_uncertain(self) -> bool:
        """Whether the clinician's word was given where the model had none."""
        return not self.is_taught or (self.found is not None and self.found.uncertain)

    @property
    def other_exercise(self) -> exercises.ProtocolExercise | None:
        """The exercise that the model sees, where it is not the one on record and nobody has said which.

        Who confirms a weakness has said nothing of it. Of a photo that is on record as a smile it is the kind of smile.
        Nothing is suggested that somebody turned down, nor rest for a face that hardly moves because it is weak.
        """
        found = self.found
        said = self.confirmation is not None and self.confirmation.names_exercise
        if found is None or said or found.exercise == self.photo.exercise:
            return None
        if found.exercise in self.kept or self.hardly_moves:
            return None
        return exercises.BY_CODE.get(found.exercise)

    @property
    def hardly_moves(self) -> bool:
        """Whether it looks at rest although something else was asked for, and a weakness explains that: one that is on
        record for the care episode, or that the model or a clinician found in this very photo."""
        found = self.found
        if (
            found is None
            or found.exercise != codes.Exercise.REST
            or self.photo.exercise == codes.Exercise.REST
        ):
            return False
        return (
            bool(self.photo.visit.episode.weak_side)
            or found.palsy
            or bool(self.confirmed and self.confirmed.palsy)
        )


def cards(*, photos: Iterable[Photo], states_alone: bool = False) -> list[PhotoCard]:
    """The cards of these photos, in their order, with three queries however many they are.

    states_alone: for who asks nothing of what was found in them, which is most of what there is to read.
    """
    photos = list(photos)
    ids = [photo.pk for photo in photos]
    analyses = inference_selectors.latest_analyses(photo_ids=ids, states_alone=states_alone)
    words: dict[uuid.UUID, Confirmation] = {}
    for confirmation in (
        Confirmation.objects.filter(photo_id__in=ids).select_related("by").order_by("created_at")
    ):
        words[confirmation.photo_id] = confirmation
    kept: dict[uuid.UUID, set[str]] = {pk: set() for pk in ids}
    turned_down = Dismissal.objects.filter(photo_id__in=ids, suggestion=Suggestion.EXERCISE)
    for pk, value in turned_down.values_list("photo_id", "value"):
        kept[pk].add(value)
    return [
        _card(photo, analyses.get(photo.pk), words.get(photo.pk), frozenset(kept[photo.pk]))
        for photo in photos
    ]


def _card(
    photo: Photo, analysis: Analysis | None, confirmation: Confirmation | None, kept: frozenset[str]
) -> PhotoCard:
    error = errors.explain(analysis.error_code) if analysis is not None and analysis.error_code else None
    if analysis is not None and analysis.status not in (Status.REJECTED, Status.FAILED):
        error = None
    return PhotoCard(photo, analysis, confirmation, error, kept)


def photos_of_visit(*, visit: Visit) -> list[PhotoCard]:
    """The current photos of a visit, in the order of the protocol."""
    photos = visit.photos.filter(archived_at__isnull=True).select_related("visit__patient", "visit__episode")
    return cards(
        photos=sorted(
            photos,
            key=lambda photo: (exercises.ORDER[photo.exercise], photo.side, photo.taken_at),
        )
    )


def card_of(*, photo: Photo) -> PhotoCard:
    """The card of one photo."""
    return cards(photos=[photo])[0]


def confirmations_of(*, photo: Photo) -> list[Confirmation]:
    """All that clinicians said on a photo, newest first, each with whether the model had left it open."""
    words: list[Confirmation] = list(
        photo.confirmations.select_related("by", "analysis").defer("analysis__landmarks")
    )
    for word in words:
        found = finding.from_analysis(word.analysis, asked=photo.exercise)
        word.model_was_uncertain = found.uncertain  # type: ignore[attr-defined]  # for the page
    return words


def visible_visits(*, user: User) -> VisitQuerySet:
    """Visits that the user may see, with what every page of theirs needs."""
    return Visit.objects.visible_to(user).select_related("patient__clinic", "episode", "clinician")


def visible_photos(*, user: User) -> PhotoQuerySet:
    """Photos that the user may see, with what every page of theirs needs."""
    return Photo.objects.visible_to(user).select_related(
        "visit__patient__clinic", "visit__episode", "uploaded_by"
    )


def visits_of_patient(*, patient: Patient) -> QuerySet[Visit]:
    """The current visits of a patient, newest first."""
    found = Visit.objects.current().filter(patient=patient)
    return found.select_related("episode", "clinician").order_by("-at", "-created_at")


def removed_photos(*, visit: Visit) -> list[Photo]:
    """What was taken out of a visit, to be brought back; not what was erased."""
    found = visit.photos.filter(archived_at__isnull=False).exclude(thumbnail="")
    return list(found.order_by("-archived_at"))


def removed_visits(*, patient: Patient) -> list[Visit]:
    """The patient's archived visits, to be brought back."""
    return list(Visit.objects.filter(patient=patient, archived_at__isnull=False).order_by("-at"))


def page_of_visits(*, patient: Patient, before: uuid.UUID | None, size: int) -> tuple[list[Visit], bool]:
    """So many current visits of a patient, newest first, from before that visit on, and whether there are earlier ones.
    Visit.DoesNotExist where the patient has no such visit."""
    found = visits_of_patient(patient=patient)
    if before is not None:
        found = found.filter(_before(Visit.objects.get(pk=before, patient=patient)))
    rows = list(found[: size + 1])
    return rows[:size], len(rows) > size


def photos_of_patient(*, patient: Patient) -> QuerySet[Photo]:
    """All current photos of a patient, oldest first."""
    return (
        Photo.objects.current()
        .filter(visit__patient=patient)
        .select_related("visit__episode", "visit__patient")
        .order_by("taken_at", "created_at")
    )


def neighbours(*, visit: Visit) -> tuple[Visit | None, Visit | None]:
    """The patient's visit before this one and the one after."""
    others = Visit.objects.current().filter(patient_id=visit.patient_id).exclude(pk=visit.pk)
    earlier = others.filter(_before(visit))
    later = others.filter(Q(at__gt=visit.at) | Q(at=visit.at, created_at__gt=visit.created_at))
    return earlier.order_by("-at", "-created_at").first(), later.order_by("at", "created_at").first()


def _before(visit: Visit) -> Q:
    return Q(at__lt=visit.at) | Q(at=visit.at, created_at__lt=visit.created_at)


def previous_visit(*, visit: Visit) -> Visit | None:
    """The visit before this one in the same care episode, in one query; None for a first one."""
    same = Visit.objects.current().filter(_before(visit), episode_id=visit.episode_id).exclude(pk=visit.pk)
    return same.select_related("clinician").order_by("-at", "-created_at").first()


def previous_visits(*, visits: Iterable[Visit]) -> dict[uuid.UUID, Visit]:
    """The visit before each of these in the same care episode, in two queries; none for a first one."""
    visits = list(visits)
    same = Visit.objects.current().filter(episode=OuterRef("episode")).exclude(pk=OuterRef("pk"))
    earlier = same.filter(
        Q(at__lt=OuterRef("at")) | Q(at=OuterRef("at"), created_at__lt=OuterRef("created_at"))
    )
    before = (
        Visit.objects.filter(pk__in=[visit.pk for visit in visits])
        .annotate(before=Subquery(earlier.order_by("-at", "-created_at").values("pk")[:1]))
        .values_list("pk", "before")
    )
    wanted = dict(before.order_by())
    found = Visit.objects.select_related("clinician").in_bulk([pk for pk in wanted.values() if pk])
    return {pk: found[earlier] for pk, earlier in wanted.items() if earlier in found}


def same_exercise(*, photo: Photo, limit: int = 12) -> list[PhotoCard]:
    """The patient's photos of the same exercise over time, oldest first; the newest of them if there are many."""
    same = photos_of_patient(patient=photo.visit.patient).filter(exercise=photo.exercise, side=photo.side)
    return cards(photos=list(same.order_by("-taken_at", "-created_at")[:limit])[::-1])


def ghosts_for(*, visit: Visit) -> dict[tuple[str, str], uuid.UUID]:
    """By exercise and side: the patient's newest photo from a visit before this one that could be judged, to frame the
    next one by."""
    usable = Analysis.objects.filter(photo=OuterRef("pk"), status=Status.SUCCEEDED)
    earlier = photos_of_patient(patient=visit.patient).filter(Exists(usable), visit__at__lt=visit.at)
    rows = earlier.order_by("visit__at", "taken_at", "created_at").values_list("exercise", "side", "pk")
    return {(exercise, side): pk for exercise, side, pk in rows}


def rest_symmetry(*, card: PhotoCard) -> dict[str, Any] | None:
    """What was measured in the visit's last photo at rest, to which closed eyes are compared: by the same release,
    with the points that a clinician put right."""
    if card.analysis is None:
        return None
    found = (
        Analysis.objects.filter(
            photo__visit_id=card.photo.visit_id,
            photo__exercise="rest",
            photo__archived_at__isnull=True,
            release=card.analysis.release,
            status=Status.SUCCEEDED,
        )
        .order_by("-photo__created_at")
        .values_list(corrected_symmetry(), finding.SYMMETRY_COLUMN)
        .first()
    )
    return None if found is None else found[0] or found[1]


def saw_lately(*, user: User, photo: Photo) -> bool:
    """Whether a read of this photo by this person was recorded in the last ten minutes."""
    since = timezone.now() - SAME_LOOK
    return ReadEvent.objects.filter(photo=photo, user=user, kind=Access.PHOTO, at__gte=since).exists()
