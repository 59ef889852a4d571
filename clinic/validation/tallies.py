"""Keeps the counts behind the validation ledger: of each visit, and added up for each clinic.

Whatever changes a result, a clinician's word or whether either is on record ends with `recount`, in the same
transaction: visits of that patient are counted anew, and what changed by it is added to the clinic's sums. So a page
reads a few rows, whatever the number of photos, and what it reads is true as soon as the confirmation is.

A clinic's sums hold, by name:

- what `agreement` counts, of the newest word on each photo and visit against what the release had found;
- `judged`: photos that the release has judged or found unfit to be judged, whatever became of them;
- `ended succeeded`, `ended rejected`, `ended failed`: its analyses by how they ended, whatever became of the photos;
- `newest`: photos on record whose newest result is the release's;
- `unseen succeeded`, `unseen rejected`, `unseen failed`: photos on record that a shadow has been given.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import connection, transaction

from clinic.patients.models import Patient
from clinic.visits.models import Confirmation, Visit, VisitConfirmation
from inference.finding import (
    ANALYSIS_COLUMNS,
    CONFIRMATION_COLUMNS,
    SHADOW_COLUMNS,
    VISIT_COLUMNS,
    Finding,
    from_clinician,
    from_columns,
    from_visit_columns,
)
from inference.jobs.states import FINAL, RESULTS, Status
from inference.models import Analysis, BackgroundAnalysis, ClinicTally, Purpose, VisitTally
from inference.pipeline.codes import UNTAUGHT

from .agreement import ReadingPair, of_patient, tally

ENDED = (Status.SUCCEEDED, Status.REJECTED, Status.FAILED)
MOST_ROWS = 12  # of one sum, from which on they are replaced by one


class TallyKind(NamedTuple):
    """What is held against what. reference: a release, or empty for the clinicians. unseen: whether the release's
    results are those of jobs whose results no page shows."""

    reference: str
    release: str
    unseen: bool = False


def recount(*, patient_ids: Collection[uuid.UUID], visit_ids: Collection[uuid.UUID] | None = None) -> None:
    """Count these patients' visits anew, in the caller's transaction and under its lock of the patients.

    visit_ids: the only ones that changed, or left the patients; without it, every visit is counted.
    """
    kept = _kept(patient_ids)
    counted = _count(_Asked(list(patient_ids), None if visit_ids is None else list(visit_ids)))
    asked = {place for place in kept if visit_ids is None or place.visit in visit_ids}
    before = {place: counts for place, (_, counts) in kept.items()}
    after = {place: counts for place, counts in before.items() if place not in asked} | counted
    _replace({place: kept[place] for place in asked}, counted)
    _add_difference(_by_patient(before), _by_patient(after))


def elsewhere(*, patient_id: uuid.UUID) -> set[uuid.UUID]:
    """Visits that are not among the patient's current ones, and of which something may have to be counted all the same:
    those off record, whose photos count as judged, and those that went to another patient."""
    off_record = Visit.objects.filter(patient_id=patient_id, archived_at__isnull=False)
    left = VisitTally.objects.filter(patient_id=patient_id).exclude(visit__patient_id=patient_id)
    return {*off_record.values_list("pk", flat=True), *left.values_list("visit_id", flat=True)}


def forget(*, patient_id: uuid.UUID) -> None:
    """Take all that a patient's records added out of the sums, in the transaction that destroys the records."""
    kept = _kept([patient_id])
    _replace(kept, {})
    _add_difference(_by_patient({place: counts for place, (_, counts) in kept.items()}), {})


def sums(*, clinic_id: uuid.UUID) -> dict[TallyKind, Counter[str]]:
    """What holds in the clinic now."""
    found: dict[TallyKind, Counter[str]] = defaultdict(Counter)
    rows = ClinicTally.objects.filter(clinic_id=clinic_id)
    for reference, release, unseen, counts in rows.values_list("reference", "release", "unseen", "counts"):
        found[TallyKind(reference, release, unseen)].update(counts)
    return {kind: counts for kind, counts in found.items() if any(counts.values())}


def ended(*, clinic_id: uuid.UUID | None = None) -> dict[str, int]:
    """How many analyses of a clinic, or of all, ended how."""
    rows = ClinicTally.objects.filter(reference="", unseen=False)
    if clinic_id is not None:
        rows = rows.filter(clinic_id=clinic_id)
    total: Counter[str] = Counter()
    for counts in rows.values_list("counts", flat=True):
        total.update({name: counts.get(f"ended {name}", 0) for name in ENDED})
    return {status.value: total[status] for status in ENDED}


def difference(*, clinic_id: uuid.UUID) -> dict[TallyKind, dict[str, int]]:
    """What is missing in the clinic's sums beside the counts of its visits; empty where they agree.

    In one query, so that both are of one moment.
    """
    own = VisitTally.objects.filter(patient__clinic_id=clinic_id).values_list(
        "patient_id", "reference", "release", "unseen", "counts"
    )
    whole = ClinicTally.objects.filter(clinic_id=clinic_id)
    summed = whole.values_list("clinic_id", "reference", "release", "unseen", "counts")
    patients: dict[TallyKind, dict[uuid.UUID, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    found: dict[TallyKind, Counter[str]] = defaultdict(Counter)
    for subject, reference, release, unseen, counts in own.union(summed, all=True).iterator():
        kind = TallyKind(reference, release, bool(unseen))
        if _uuid(subject) == clinic_id:
            found[kind].subtract(_counts(counts))
        else:
            patients[kind][subject].update(_counts(counts))
    for kind, each in patients.items():
        for counts in each.values():
            found[kind].update(of_patient(counts))
    apart = {kind: {name: n for name, n in counts.items() if n} for kind, counts in found.items()}
    return {kind: counts for kind, counts in apart.items() if counts}


def settle(*, clinic_id: uuid.UUID) -> bool:
    """Make the clinic's sums those of its visits again; whether they were not."""
    with transaction.atomic():
        missing = difference(clinic_id=clinic_id)
        _add(clinic_id, missing)
    return bool(missing)


def fold(*, clinic_id: uuid.UUID) -> None:
    """Replace many rows of a sum by one. Rows that another process has in hand are left to it."""
    free = connection.features.has_select_for_update_skip_locked
    with transaction.atomic():
        by_kind: dict[TallyKind, list[ClinicTally]] = defaultdict(list)
        for row in (
            ClinicTally.objects.select_for_update(skip_locked=free).filter(clinic_id=clinic_id).order_by("pk")
        ):
            by_kind[TallyKind(row.reference, row.release, row.unseen)].append(row)
        for kind, rows in by_kind.items():
            if len(rows) < MOST_ROWS:
                continue
            total: Counter[str] = Counter()
            for row in rows:
                total.update(row.counts)
            ClinicTally.objects.filter(pk__in=[row.pk for row in rows]).delete()
            _add(clinic_id, {kind: total})


# --- counting ---


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose visits are counted; `visits`: those alone, or all of the patients'."""

    patients: list[uuid.UUID]
    visits: list[uuid.UUID] | None

    def of(self, visit: str) -> dict[str, Any]:
        """Their rows. visit: the query's way to the visit."""
        wanted: dict[str, Any] = {f"{visit}__patient_id__in": self.patients}
        return wanted if self.visits is None else {**wanted, f"{visit}_id__in": self.visits}


@dataclass(slots=True)
class _Results:
    """What was found in photos: by photo, the newest analysis of each release; what has to be read of them."""

    of_photo: dict[uuid.UUID, dict[str, uuid.UUID]] = field(default_factory=lambda: defaultdict(dict))
    read: dict[uuid.UUID, Finding] = field(default_factory=dict)

    def found_in(self, photo: uuid.UUID) -> list[tuple[str, Finding]]:
        """What each release found in a photo that was read."""
        analyses = self.of_photo.get(photo, {}).items()
        return [(release, self.read[pk]) for release, pk in analyses if pk in self.read]


class _Place(NamedTuple):
    """Whose a tally is."""

    patient: uuid.UUID
    visit: uuid.UUID
    kind: TallyKind


Tallies = dict[_Place, dict[str, int]]


def _count(asked: _Asked) -> Tallies:
    """The tallies of these visits, from the records."""
    plain: dict[_Place, Counter[str]] = defaultdict(Counter)
    pairs: dict[_Place, list[ReadingPair]] = defaultdict(list)
    places, results = _results(asked, plain)
    words = _photo_confirmations(asked)
    unseen = _unseen(asked, plain)
    _read(results, {*words, *(photo for _, photo, _, _ in unseen)})
    for photo, said in words.items():
        for release, found in results.found_in(photo):
            place = _Place(*places[photo], TallyKind("", release))
            pairs[place].append(ReadingPair(place.patient, said, found))
    for owner, photo, shadow, found in unseen:
        if photo in words:
            pairs[_Place(*owner, TallyKind("", shadow, True))].append(
                ReadingPair(owner[0], words[photo], found)
            )
        for release, seen in results.found_in(photo):
            pairs[_Place(*owner, TallyKind(release, shadow, True))].append(ReadingPair(owner[0], seen, found))
    for place, pair in _visit_confirmations(asked):
        pairs[place].append(pair)
    for place, found_pairs in pairs.items():
        plain[place].update(tally(found_pairs))
    return {place: dict(counts) for place, counts in plain.items()}


def _results(
    asked: _Asked, plain: dict[_Place, Counter[str]]
) -> tuple[dict[uuid.UUID, tuple[uuid.UUID, uuid.UUID]], _Results]:
    """The photos on record with their patient and visit, and their results; counts what was judged."""
    patient = "photo__visit__patient"
    rows = (
        Analysis.objects.filter(status__in=ENDED, **asked.of("photo__visit"))
        .order_by("created_at", "release")
        .values_list(
            "pk", "photo_id", "photo__visit_id", f"{patient}_id", "release", "status",
            "photo__archived_at", "photo__visit__archived_at",
            f"{patient}__archived_at", f"{patient}__restricted_at",
        )
    )  # fmt: skip
    results = _Results()
    places: dict[uuid.UUID, tuple[uuid.UUID, uuid.UUID]] = {}
    newest: dict[uuid.UUID, str] = {}
    judged: set[tuple[uuid.UUID, str]] = set()
    for pk, photo, visit, owner, release, status, *closed in rows:
        plain[_Place(owner, visit, TallyKind("", release))][f"ended {status}"] += 1
        if status in RESULTS and (photo, release) not in judged:
            judged.add((photo, release))
            plain[_Place(owner, visit, TallyKind("", release))]["judged"] += 1
        if status != Status.SUCCEEDED or any(closed):
            continue
        places[photo] = (owner, visit)
        results.of_photo[photo][release] = pk
        newest[photo] = release
    for photo, release in newest.items():
        plain[_Place(*places[photo], TallyKind("", release))]["newest"] += 1
    return places, results


def _photo_confirmations(asked: _Asked) -> dict[uuid.UUID, Finding]:
    """The newest word on each of the patients' photos."""
    rows = (
        Confirmation.objects.filter(**asked.of("photo__visit"))
        .order_by("created_at")
        .values_list("photo_id", "names_exercise", *CONFIRMATION_COLUMNS)
    )
    return {photo: from_clinician(exercise if named else "", *said) for photo, named, exercise, *said in rows}


def _unseen(
    asked: _Asked, plain: dict[_Place, Counter[str]]
) -> list[tuple[tuple[uuid.UUID, uuid.UUID], uuid.UUID, str, Finding]]:
    """What shadows found in photos on record: patient and visit, photo, release, finding; counts how each ended."""
    jobs = BackgroundAnalysis.objects.exclude(photo__exercise__in=UNTAUGHT).filter(
        purpose=Purpose.SHADOW,
        status__in=FINAL - {Status.CANCELLED},
        photo__archived_at__isnull=True,
        photo__visit__archived_at__isnull=True,
        photo__visit__patient__archived_at__isnull=True,
        photo__visit__patient__restricted_at__isnull=True,
        **asked.of("photo__visit"),
    )
    rows = jobs.order_by("pk").values_list(
        "photo__visit__patient_id", "photo__visit_id", "photo_id", "release", "status", *SHADOW_COLUMNS
    )
    seen = []
    for patient, visit, photo, release, status, *found in rows:
        plain[_Place(patient, visit, TallyKind("", release, True))][f"unseen {status}"] += 1
        if status == Status.SUCCEEDED:
            seen.append(((patient, visit), photo, release, from_columns(*found)))
    return seen


def _read(results: _Results, photos: set[uuid.UUID]) -> None:
    """Read what was found in those photos."""
    wanted = [pk for photo in photos for pk in results.of_photo.get(photo, {}).values()]
    seen = Analysis.objects.filter(pk__in=wanted).exclude(photo__exercise__in=UNTAUGHT)
    for pk, *found in seen.values_list("pk", *ANALYSIS_COLUMNS):
        results.read[pk] = from_columns(*found)


def _visit_confirmations(asked: _Asked) -> Iterable[tuple[_Place, ReadingPair]]:
    """The newest word on each of the patients' visits, beside what a release had found then."""
    rows = (
        VisitConfirmation.objects.filter(
            **asked.of("visit"),
            visit__archived_at__isnull=True,
            visit__patient__archived_at__isnull=True,
            visit__patient__restricted_at__isnull=True,
        )
        .order_by("created_at")
        .values_list("visit_id", "visit__patient_id", "release", *VISIT_COLUMNS)
    )
    for visit, (patient, beside, *columns) in {visit: row for visit, *row in rows}.items():
        if beside and columns[0] is not None and columns[3]:
            pair = ReadingPair(patient, *from_visit_columns(*columns), whole_visit=True)
            yield _Place(patient, visit, TallyKind("", beside)), pair


# --- what is kept of it ---


def _clinics(patient_ids: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    if not patient_ids:
        return {}
    return dict(Patient.objects.filter(pk__in=list(patient_ids)).values_list("pk", "clinic_id"))


def _kept(patient_ids: Collection[uuid.UUID]) -> dict[_Place, tuple[int, dict[str, int]]]:
    rows = VisitTally.objects.filter(patient_id__in=list(patient_ids))
    named = rows.values_list("patient_id", "visit_id", "reference", "release", "unseen", "pk", "counts")
    return {
        _Place(patient, visit, TallyKind(reference, release, unseen)): (pk, counts)
        for patient, visit, reference, release, unseen, pk, counts in named
    }


def _by_patient(
    tallies: Mapping[_Place, Mapping[str, int]],
) -> dict[tuple[uuid.UUID, TallyKind], Counter[str]]:
    found: dict[tuple[uuid.UUID, TallyKind], Counter[str]] = defaultdict(Counter)
    for place, counts in tallies.items():
        found[place.patient, place.kind].update(counts)
    return found


def _replace(kept: Mapping[_Place, tuple[int, dict[str, int]]], counted: Tallies) -> None:
    gone = [pk for place, (pk, counts) in kept.items() if counted.get(place) != counts]
    VisitTally.objects.filter(pk__in=gone).delete()
    VisitTally.objects.bulk_create(
        [
            VisitTally(patient_id=place.patient, visit_id=place.visit, counts=counts, **place.kind._asdict())
            for place, counts in counted.items()
            if place not in kept or kept[place][1] != counts
        ],
        batch_size=500,
    )


def _add_difference(
    before: Mapping[tuple[uuid.UUID, TallyKind], Counter[str]],
    after: Mapping[tuple[uuid.UUID, TallyKind], Counter[str]],
) -> None:
    """Add what the patients' counts changed by to the sums of their clinics."""
    changed: dict[uuid.UUID, dict[TallyKind, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
    differing = {key for key in {*before, *after} if before.get(key) != after.get(key)}
    clinics = _clinics({patient for patient, _ in differing})
    for patient, kind in differing:
        was, now = before.get((patient, kind), Counter()), after.get((patient, kind), Counter())
        sum_of = changed[clinics[patient]][kind]
        sum_of.update(of_patient(now))
        sum_of.subtract(of_patient(was))
    for clinic_id, kinds in changed.items():
        if _add(clinic_id, kinds):
            _fold_on_commit(clinic_id)


def _add(clinic_id: uuid.UUID, kinds: Mapping[TallyKind, Mapping[str, int]]) -> bool:
    rows = [
        ClinicTally(clinic_id=clinic_id, counts=counts, **kind._asdict())
        for kind, found in kinds.items()
        if (counts := {name: n for name, n in found.items() if n})
    ]
    ClinicTally.objects.bulk_create(rows)
    return bool(rows)


def _fold_on_commit(clinic_id: uuid.UUID) -> None:
    def fold_it() -> None:
        fold(clinic_id=clinic_id)

    # Robust: the sum is right without it.
    transaction.on_commit(fold_it, robust=True)


def _uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def _counts(value: Any) -> dict[str, int]:
    """A combined query of SQLite gives JSON as text."""
    return json.loads(value) if isinstance(value, str) else value
