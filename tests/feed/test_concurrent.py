"""Four writers and a reader at once: the feed loses nothing, tells nothing twice, and keeps each record's order."""

from __future__ import annotations

import random
import threading
import time

import pytest
from django.db import close_old_connections, connection, transaction
from django.utils import timezone

from clinic.feed.models import Change
from clinic.visits import services
from clinic.visits.models import Visit
from tests import factories

from ..api.conftest import client_of

pytestmark = pytest.mark.django_db(transaction=True)
WRITERS, EACH, SEED = 4, 15, 20261129


def write(number: int, episode, user, shared, made: list[str], failed: list[BaseException]) -> None:
    """Visits in transactions of very different lengths, each with a change of the one visit that all of them share."""
    chance = random.Random(SEED + number)
    try:
        for turn in range(EACH):
            with transaction.atomic():
                visit = services.create_visit(user=user, patient=episode.patient, episode=episode)
                time.sleep(chance.choice((0, 0, 0.005, 0.03)))
                if turn % 3 == 0:
                    locked = Visit.objects.select_for_update().get(pk=shared.pk)
                    services.update_visit(user=user, visit=locked, impression=f"{number}.{turn}")
                    time.sleep(chance.choice((0, 0.01)))
            made.append(str(visit.pk))
    except Exception as error:  # noqa: BLE001 - shown by the test, whatever it was
        failed.append(error)
    finally:
        connection.close()


def follow(client, cursor: str | None) -> tuple[list[dict], str]:
    """Everything behind the cursor, in pages of a few."""
    told: list[dict] = []
    while True:
        page = client.get("/api/v1/changes/", {"page_size": 7, **({"cursor": cursor} if cursor else {})})
        assert page.status_code == 200, page.content
        told += page.json()["results"]
        cursor = page.json()["cursor"]
        if not page.json()["more"]:
            return told, cursor


def test_nothing_is_lost_or_told_twice() -> None:
    clinic = factories.ClinicFactory()
    user = factories.member(clinic)
    # Each writer has a patient, so that no lock of the patient's summary makes them take turns.
    episodes = [factories.EpisodeFactory(patient__clinic=clinic) for _ in range(WRITERS)]
    shared = factories.VisitFactory(episode__patient__clinic=clinic, clinician=user, at=timezone.now())
    client = client_of(user)
    made: list[str] = []
    failed: list[BaseException] = []
    told, cursor = follow(client, None)
    before = {entry["id"] for entry in told}
    threads = [
        threading.Thread(target=write, args=(number, episodes[number], user, shared, made, failed))
        for number in range(WRITERS)
    ]
    told, looks = [], 0
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        found, cursor = follow(client, cursor)
        told, looks = told + found, looks + 1
    for thread in threads:
        thread.join()
    assert failed == []
    found, cursor = follow(client, cursor)
    told += found
    assert looks > 5 and len(made) == WRITERS * EACH
    created = [entry["id"] for entry in told if (entry["kind"], entry["what"]) == ("visit", "created")]
    assert sorted(created) == sorted(made)
    assert not before & set(created)
    versions = [
        entry["version"] for entry in told if entry["id"] == str(shared.pk) and entry["kind"] == "visit"
    ]
    assert len(versions) == WRITERS * EACH / 3
    assert versions == sorted(set(versions))
    # Whoever reads it all at once later reads the same, in the same order.
    again, _cursor = follow(client, None)
    assert [entry for entry in again if entry["id"] not in before] == [
        entry for entry in told if entry["id"] not in before
    ]
    assert not Change.objects.filter(position__isnull=True).exists()
    close_old_connections()


def test_two_readers_place_each_change_once() -> None:
    clinic = factories.ClinicFactory()
    user = factories.member(clinic)
    for _ in range(20):
        factories.PatientFactory(clinic=clinic)
    answers: list[list[str]] = []

    def look() -> None:
        try:
            told, _cursor = follow(client_of(user), None)
            answers.append([entry["id"] for entry in told])
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    whole = [str(pk) for pk in Change.objects.order_by("position").values_list("record", flat=True)]
    assert len(answers) == 4 and len(whole) == 20
    # One that came while another was placing may have seen less, and never another order.
    assert all(answer == whole[: len(answer)] for answer in answers)
    assert follow(client_of(user), None)[0][-1]["id"] == whole[-1]
