"""What is named inside a request - in its body, its query, or under another record - is judged like its address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from .asking import said_by, secrets, send
from .rows import CORRECTION, NEW_EPISODE, today, upload
from .world import World

pytestmark = pytest.mark.django_db
Body = Callable[[Any, Any], dict[str, Any]]

# (name, the record of one's own in the address, a body that names something of `r`, the place that is not one's own)
FOREIGN: list[tuple[str, str, Body]] = [
    ("visits:new", "patient", lambda m, r: {"episode": str(r.episode.pk), "at": f"{today()}T00:01"}),
    ("visits:confirm", "photo", lambda m, r: {**CORRECTION, "analysis": str(r.analysis.pk)}),
    ("accounts:switch_clinic", "", lambda m, r: {"clinic": str(r.clinic.pk)}),
    ("accounts:tokens", "", lambda m, r: {"name": "t", "days": "30", "user": str(r.integration.pk)}),
    ("accounts:sessions", "", lambda m, r: {"which": "999999"}),
    (
        "api:patient-list",
        "",
        lambda m, r: {"clinic": str(r.clinic.pk), "record_number": "1", "name": "A"},
    ),
    ("api:episode-list", "", lambda m, r: {**NEW_EPISODE, "version": "1", "patient": str(r.patient.pk)}),
    (
        "api:treatment-list",
        "",
        lambda m, r: {"episode": str(r.episode.pk), "kind": "surgery", "date": today()},
    ),
    (
        "api:consent-list",
        "",
        lambda m, r: {"patient": str(r.patient.pk), "use": "teaching", "given_on": today()},
    ),
    ("api:visit-list", "", lambda m, r: {"patient": str(r.patient.pk)}),
    ("api:visit-list", "", lambda m, r: {"patient": str(m.patient.pk), "episode": str(r.episode.pk)}),
    (
        "api:photo-list",
        "",
        lambda m, r: {"visit": str(r.visit.pk), "exercise": "pucker", "image": upload()},
    ),
    (
        "api:confirmation-list",
        "",
        lambda m, r: {"analysis": str(r.analysis.pk), "exercise": "smile", "palsy": False},
    ),
    ("api:patient-search", "", lambda m, r: {"text": "Patient", "clinic": str(r.clinic.pk)}),
]


@pytest.mark.parametrize(
    ("name", "on", "body"), FOREIGN, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_body_cannot_name_what_belongs_to_another_clinic(
    world: World, name: str, on: str, body: Body
) -> None:
    mine, other = world.mine.records, world.other.records
    path = reverse(name, args=[getattr(mine, on).pk] if on else [])
    filled = body(mine, other)
    # A clinician's form of a token has no field for anybody else: what is sent there is not even read.
    for who in ("administrator",) if name == "accounts:tokens" else ("clinician", "administrator"):
        answer = send(world, who, "POST", path, filled, api=name.startswith("api:"))
        assert not answer.changed, f"{who}: {answer.status}"
        told = [word for word in secrets(world.other, said=said_by(path, filled)) if word in answer.text]
        assert not told, f"{who} is told {told}"


# Fields that a body may not bring along, and the record that would move or change its owner by them.
EXTRA: list[tuple[str, str, Body]] = [
    ("visits:edit", "visit", lambda m, r: {"version": "1", "impression": "x", "patient": str(r.patient.pk)}),
    (
        "visits:edit",
        "visit",
        lambda m, r: {"version": "1", "impression": "x", "clinician": str(r.clinician.pk)},
    ),
    (
        "patients:episode_edit",
        "episode",
        lambda m, r: {**NEW_EPISODE, "version": "1", "patient": str(r.patient.pk)},
    ),
    (
        "patients:edit",
        "patient",
        lambda m, r: {"version": "1", "record_number": "X-1", "name": "A", "clinic": str(r.clinic.pk)},
    ),
    (
        "accounts:profile",
        "",
        lambda m, r: {
            "version": "1",
            "full_name": "A",
            "language": "en",
            "is_staff": "on",
            "is_superuser": "1",
        },
    ),
    (
        "accounts:member",
        "membership",
        lambda m, r: {"version": "1", "role": "reviewer", "clinic": str(r.clinic.pk)},
    ),
]


@pytest.mark.parametrize(
    ("name", "on", "body"), EXTRA, ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_body_cannot_bring_along_what_the_form_does_not_ask(
    world: World, name: str, on: str, body: Body
) -> None:
    from django.db import transaction

    mine, other = world.mine.records, world.other.records
    path = reverse(name, args=[getattr(mine, on).pk] if on else [])
    client = world.client("administrator")
    with transaction.atomic():
        answer = client.post(path, body(mine, other))
        assert answer.status_code == 302, answer.content[:300]
        for record, links in (
            ("patient", ("clinic_id",)),
            ("episode", ("patient_id",)),
            ("visit", ("patient_id", "clinician_id")),
            ("membership", ("clinic_id", "user_id")),
            ("administrator", ("is_staff", "is_superuser")),
        ):
            before = getattr(mine, record)
            after = type(before).objects.get(pk=before.pk)
            assert [getattr(after, link) for link in links] == [getattr(before, link) for link in links]
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("api:episode-detail", "patient", "patient"),
        ("api:visit-detail", "patient", "patient"),
        ("api:visit-detail", "clinician", "clinician"),
        ("api:photo-detail", "visit", "visit"),
        ("api:patient-detail", "clinic", "clinic"),
        ("api:treatment-detail", "episode", "episode"),
    ],
)
def test_the_api_moves_no_record_to_another_owner(world: World, name: str, field: str, value: str) -> None:
    kind = name.split(":")[1].split("-")[0]
    path = reverse(name, args=[getattr(world.mine.records, kind).pk])
    body = {field: str(getattr(world.other.records, value).pk)}
    answer = send(world, "administrator", "PATCH", path, body, api=True)
    assert answer.status in (400, 404, 422) and not answer.changed


# The other patient of one's own clinic: nothing of one patient is reached through the other.
def test_a_visit_of_one_patient_takes_no_episode_of_another(world: World) -> None:
    mine = world.mine.records
    body = {"episode": str(mine.sibling_episode.pk), "at": f"{today()}T00:01"}
    answer = send(world, "clinician", "POST", reverse("visits:new", args=[mine.patient.pk]), body)
    assert answer.status in (404, 422) and not answer.changed
    body = {"patient": str(mine.patient.pk), "episode": str(mine.sibling_episode.pk)}
    answer = send(world, "clinician", "POST", reverse("api:visit-list"), body, api=True)
    assert answer.status in (400, 404, 422) and not answer.changed


def test_a_photo_is_not_confirmed_by_the_analysis_of_another(world: World) -> None:
    mine = world.mine.records
    body = {**CORRECTION, "analysis": str(mine.analysis.pk)}
    answer = send(world, "clinician", "POST", reverse("visits:confirm", args=[mine.archived_photo.pk]), body)
    assert answer.status in (403, 404) and not answer.changed


@pytest.mark.parametrize("page", ["detail", "compare", "csv", "data", "pdf"])
def test_a_recovery_takes_no_episode_of_another(world: World, page: str) -> None:
    mine, other = world.mine.records, world.other.records
    name = {"detail": "patients:detail", "pdf": "report:pdf"}.get(page, f"recovery:{page}")
    path = reverse(name, args=[mine.patient.pk])
    for episode in (mine.sibling_episode, other.episode):
        answer = send(world, "clinician", "GET", f"{path}?episode={episode.pk}", {})
        assert answer.status == 404 and not answer.read


def test_a_report_ends_at_no_visit_of_another(world: World) -> None:
    mine, other = world.mine.records, world.other.records
    for visit in (mine.sibling_visit, other.visit, mine.archived_visit):
        path = f"{reverse('report:pdf', args=[mine.patient.pk])}?visit={visit.pk}"
        answer = send(world, "clinician", "GET", path, {})
        assert answer.status == 404 and not answer.read
        api = f"{reverse('api:episode-report', args=[mine.episode.pk])}?visit={visit.pk}"
        answer = send(world, "clinician", "GET", api, {}, api=True)
        assert answer.status == 400 and not answer.read


def test_two_photos_compared_are_both_the_patients_own(world: World) -> None:
    mine, other = world.mine.records, world.other.records
    path = reverse("recovery:compare", args=[mine.patient.pk])
    answer = send(world, "clinician", "GET", f"{path}?a={other.photo.pk}&b={other.photo.pk}", {})
    assert answer.status == 200 and f"/photos/{other.photo.pk}" not in answer.text
    assert other.photo.image.name not in answer.text


FILTERS = ["episode", "treatment", "consent", "visit", "photo", "analysis", "confirmation"]


@pytest.mark.parametrize("kind", FILTERS)
def test_a_list_filtered_by_another_clinics_patient_is_empty(world: World, kind: str) -> None:
    path = f"{reverse(f'api:{kind}-list')}?patient={world.other.records.patient.pk}"
    answer = send(world, "clinician", "GET", path, {}, api=True)
    assert answer.status == 200 and '"results":[]' in answer.text and not answer.read


def test_the_log_filtered_by_another_clinics_patient_or_person_is_empty(world: World) -> None:
    other = world.other.records
    # A person who is not of the clinic is no choice of the filter: refused, and as one whom nobody knows.
    for query, status in (
        (f"patient={other.patient.pk}", 200),
        (f"person={other.clinician.pk}", 400),
        ("person=999999999", 400),
        (f"patient={other.sibling.pk}", 200),
    ):
        answer = send(world, "administrator", "GET", f"{reverse('audit:clinic')}?{query}", {})
        assert answer.status == status and world.other.word not in answer.text
        assert world.other.house not in answer.text


def test_a_search_for_another_clinics_record_number_finds_nobody(world: World) -> None:
    body = {"record_number": world.other.records.patient.record_number}
    answer = send(world, "administrator", "POST", reverse("audit:clinic"), body)
    assert answer.status == 422 and str(world.other.records.patient.pk) not in answer.text


def test_a_photo_of_several_files_goes_into_no_visit_of_another(world: World) -> None:
    path = reverse("visits:upload", args=[world.other.records.visit.pk])
    answer = send(world, "clinician", "POST", path, {"photos": upload(), "exercise": "pucker"})
    assert answer.status == 404 and not answer.changed
