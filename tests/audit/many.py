"""A log of many rows, made inside the database, and what searching it costs.

python -m tests.audit.many [ROWS]     (the database is the environment's; everything is taken back at the end)
"""

from __future__ import annotations

import datetime as dt
import json
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

MILLION = 1_000_000
CLINICS, PEOPLE, PATIENTS = 5, 8, 400


def fill(rows: int) -> dict[str, Any]:
    """That many events of several clinics over two years; one of each to search for."""
    from django.db import connection

    from tests import factories

    clinics = [factories.ClinicFactory() for _ in range(CLINICS)]
    people = [factories.member(clinic) for clinic in clinics for _ in range(PEOPLE)]
    patients = [
        factories.PatientFactory(clinic=clinic) for clinic in clinics for _ in range(PATIENTS // CLINICS)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO audit_auditevent (at, kind, page, address, noted_reason, detail, clinic_id, user_id, patient_id)
            SELECT now() - random() * interval '730 days',
                   (ARRAY['record','record','photo','photo','photo','change','export','login'])
                       [1 + floor(random() * 8)::int],
                   'visits:file', '192.0.2.7', '', '{}',
                   (%s::uuid[])[1 + n %% %s],
                   (%s::bigint[])[1 + (n %% %s) * %s + floor(random() * %s)::int],
                   (%s::uuid[])[1 + (n %% %s) * %s + floor(random() * %s)::int]
            FROM generate_series(1, %s) n
            """,
            [
                [str(clinic.pk) for clinic in clinics],
                CLINICS,
                [person.pk for person in people],
                CLINICS,
                PEOPLE,
                PEOPLE,
                [str(patient.pk) for patient in patients],
                CLINICS,
                PATIENTS // CLINICS,
                PATIENTS // CLINICS,
                rows,
            ],
        )
        cursor.execute("ANALYZE audit_auditevent")
    return {"clinic": clinics[0], "person": people[0], "patient": patients[0]}


def searches(made: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Each filter, and the ways in which they are put together."""
    from clinic.audit.log import Search

    day = dt.datetime.now(dt.UTC).date()
    old = day - dt.timedelta(days=600)
    person, patient = made["person"].pk, made["patient"].pk
    deep = (dt.datetime.now(dt.UTC) - dt.timedelta(days=500), 1)
    yield "newest", Search()
    yield "500 days back", Search(before=deep)
    yield "a person", Search(person=person)
    yield "a patient", Search(patient=patient)
    yield "a kind", Search(kind="export")
    yield "a kind, long ago", Search(kind="export", until=old)
    yield "a month", Search(since=day - dt.timedelta(days=330), until=day - dt.timedelta(days=300))
    yield "person and kind", Search(person=person, kind="export")
    yield (
        "person, kind, month",
        Search(person=person, kind="export", since=old, until=old + dt.timedelta(days=30)),
    )
    yield "patient and person", Search(patient=patient, person=person)


def plan(query: Any) -> dict[str, Any]:
    """PostgreSQL's plan of a page's query, run."""
    return json.loads(query.explain(format="json", analyze=True, buffers=True))[0]


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from nodes(child)


def scans_everything(found: dict[str, Any]) -> bool:
    return any(
        node["Node Type"] == "Seq Scan" and node["Relation Name"] == "audit_auditevent"
        for node in nodes(found["Plan"])
    )


def insert_costs() -> list[str]:
    """What one event costs the reader: as it is, and had each to wait for its place in a chain."""
    from django.db import connection, transaction

    from clinic.audit.models import AuditEvent, Event

    def plain() -> None:
        AuditEvent.objects.create(kind=Event.STEP_UP)

    def in_line() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(42)")
            cursor.execute("SELECT hash FROM audit_seal ORDER BY position DESC LIMIT 1")
            cursor.fetchone()
            AuditEvent.objects.create(kind=Event.STEP_UP)

    said = []
    for name, write in (("sealed later", plain), ("sealed at once, in line", in_line)):
        said.append(_beside_each_other(name, write))
        said.append(_beside_each_other(f"{name}, behind a transaction of 0.5 s", write, held=True))
    return said


def _beside_each_other(name: str, write: Callable[[], None], *, held: bool = False) -> str:
    from django.db import connection, transaction

    times: list[float] = []
    ready = threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                if "in line" in name:
                    cursor.execute("SELECT pg_advisory_xact_lock(42)")
                write_one = connection.cursor()
                write_one.close()
                ready.set()
                time.sleep(0.5)
        finally:
            connection.close()

    def work() -> None:
        try:
            for _ in range(40):
                begun = time.perf_counter()
                write()
                times.append((time.perf_counter() - begun) * 1000)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    if held:
        holder = threading.Thread(target=hold)
        holder.start()
        ready.wait(10)
        threads.append(holder)
    for thread in threads:
        if not thread.is_alive():
            thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    return (
        f"{name:<55} median {statistics.median(times):7.1f} ms   "
        f"95 % {times[int(len(times) * 0.95)]:7.1f} ms   longest {times[-1]:7.1f} ms"
    )


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else MILLION
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.config.settings.test")
    import django

    django.setup()
    from django.db import transaction
    from django.test.runner import DiscoverRunner

    from clinic.audit import chain, guards, log
    from clinic.audit.models import AuditEvent

    runner = DiscoverRunner(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    guards.allow_truncate()
    out = sys.stdout.write
    try:
        out("8 people at once, 40 events each:\n" + "".join(f"  {line}\n" for line in insert_costs()))
        with transaction.atomic():
            begun = time.perf_counter()
            made = fill(rows)
            out(f"{rows} rows made in {time.perf_counter() - begun:.0f} s\n")
            for name, search in searches(made):
                query = log.events(clinic=made["clinic"], search=search)[: log.PAGE + 1]
                found = plan(query)
                took = []
                for _ in range(5):
                    begun = time.perf_counter()
                    log.page(clinic=made["clinic"], search=search)
                    took.append((time.perf_counter() - begun) * 1000)
                kind = "EVERY ROW READ" if scans_everything(found) else "by index"
                out(f"  {name:<24} {statistics.median(took):7.1f} ms  {kind}\n")
            begun = time.perf_counter()
            sealed = sum(chain.seal() for _ in range(10))
            out(f"sealing {sealed} events: {(time.perf_counter() - begun) * 1000:.0f} ms\n")
            begun = time.perf_counter()
            broken = sum(1 for _ in chain.verify())
            out(f"verifying them: {(time.perf_counter() - begun) * 1000:.0f} ms, {broken} breaks\n")
            out(f"events in all: {AuditEvent.objects.count()}\n")
            transaction.set_rollback(True)
    finally:
        runner.teardown_databases(databases)


if __name__ == "__main__":
    main()
