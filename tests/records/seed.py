"""Fills an empty database with clinics of any size: template patients, multiplied inside the database.

Every table that leads to a patient is copied, so that a new one comes along by itself; see `multiply`.
"""

from __future__ import annotations

import contextlib
import io
import math
import random
import uuid
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Final

from django.apps import apps
from django.db import connection

from clinic.accounts.models import Clinic, Role, User
from clinic.audit.records import kept
from clinic.common.folding import fold
from clinic.feed import services as feed
from clinic.operations import hours
from clinic.patients.lookup import search_text_of
from clinic.patients.models import Patient
from clinic.recovery import standing
from clinic.recovery.models import PatientSummary, PatientTally, VisitSummary
from clinic.recovery.services import count_waiting, refresh_summary
from clinic.validation import tallies
from tests import factories

from . import templates
from .multiply import execute, multiply, path_to_patient, tables

DAYS: Final = 6 * 365
"""Over which the settled patients came; those who wait came within a fortnight."""
OPEN_MINUTES: Final = 9 * 60
"""Of a clinic's day, over which its patients come."""
WAITING_SHARE: Final = 0.02
ARCHIVED_SHARE: Final = 0.1
SEED: Final = 20261130
FIRST: Final = [
    "Adi",
    "Ayu",
    "Bima",
    "Budi",
    "Citra",
    "Dewi",
    "Eka",
    "Farah",
    "Gita",
    "Hana",
    "Indra",
    "Joko",
    "Kartika",
    "Lina",
    "Made",
    "Nadia",
    "Oki",
    "Putri",
    "Rina",
    "Sari",
]
SYLLABLES: Final = [
    "ba",
    "da",
    "gun",
    "har",
    "ja",
    "ka",
    "lan",
    "ma",
    "nat",
    "pra",
    "ra",
    "san",
    "ta",
    "wi",
    "yan",
    "zul",
]
MANY: Final = 5_000
"""Patients from which on indexes are quicker built at the end."""


@dataclass(frozen=True)
class Sizes:
    """How large the clinics are. visits: of the one patient who came most. photos_of_one_in: one in so many patients
    has photo rows, where the disk does not hold them all; everybody's visits and what is counted of them are there.
    lines: of the log, for each patient."""

    patients: int = 100_000
    neighbours: int = 20
    each: int = 500
    visits: int = 500
    photos_of_one_in: int = 1
    lines: int = 9


@dataclass(frozen=True)
class House:
    """Who and what is there: the large clinic's people and the patients that the pages are asked for."""

    clinic: Clinic
    clinician: User
    administrator: User
    ordinary: Patient
    longest: Patient


Say = Callable[[str], None]


def fill(sizes: Sizes, say: Say = lambda line: None, *, sources: Collection[str] = ()) -> templates.Templates:
    """Fill the empty tables. sources: keys of the demo's patients that are multiplied; all if none is given."""
    demo = templates.demo(sources)
    say("the demo's photos are analysed")
    found = templates.of_a_day(demo)
    say(f"{len(found.settled) + len(found.waiting)} template patients")
    clinic, clinician = _clinics(sizes)
    templates.long_course(demo[0], clinic, clinician, sizes.visits)
    say(f"one patient with {sizes.visits} visits")
    grow(sizes, found, say)
    return found


def grow(sizes: Sizes, found: templates.Templates, say: Say = lambda line: None) -> None:
    """Add so many copies of the templates."""
    with _quick_writing():
        _list_copies(sizes, found)
        indexes = _drop_indexes() if sizes.patients >= MANY else []
        for model in tables():
            made = multiply(model, photos_of_one_in=sizes.photos_of_one_in)
            say(f"{made:>11,} of {model._meta.db_table}")
        say(f"{_history():>11,} lines of the history")
        say(f"{_log(sizes.lines):>11,} lines of the log")
        say(f"{_feed():>11,} lines of the feed")
        for index in indexes:
            execute(index)
        say(f"{len(indexes)} indexes")
    # What follows reads single patients: without figures of the tables each would be read from end to end.
    execute("ANALYZE")
    count(say)


def count(say: Say = lambda line: None) -> None:
    """Make true what the services keep of clinics as they write: the copies were made behind their backs."""
    say(f"{count_waiting():>11,} patients counted")
    VisitSummary.objects.filter(patient__archived_at__isnull=False).update(waiting=False)
    PatientTally.objects.all().delete()
    PatientSummary.objects.update(shelf=None)
    say(f"{standing.move_on(seconds=math.inf):>11,} patients placed")
    standing.fold()
    execute("ANALYZE recovery_patientsummary")
    for clinic_id in Clinic.objects.values_list("pk", flat=True):
        tallies.settle(clinic_id=clinic_id)
    while hours.count():
        pass
    say("clinics counted")
    of_house = house()
    for patient in (of_house.ordinary, of_house.longest):
        refresh_summary(patient_id=patient.pk, afresh=True)
    say("two patients' summaries made anew")


def house() -> House:
    """The people and patients of the database that `fill` filled."""
    clinic = Clinic.objects.get(name=LARGE)
    people = {row.role: row.user for row in clinic.memberships.select_related("user")}
    patients = Patient.objects.filter(clinic=clinic, archived_at__isnull=True)
    longest = patients.order_by("-summary__visits")[0]
    ordinary = patients.filter(summary__visits=4).exclude(pk=longest.pk).order_by("record_number")[0]
    return House(clinic, people[Role.CLINICIAN], people[Role.ADMINISTRATOR], ordinary, longest)


LARGE: Final = "Large clinic"


def _clinics(sizes: Sizes) -> tuple[Clinic, User]:
    large = factories.ClinicFactory(name=LARGE)
    clinician = factories.member(large)
    factories.member(large, Role.ADMINISTRATOR)
    for number in range(sizes.neighbours):
        factories.member(factories.ClinicFactory(name=f"Neighbour {number + 1}"))
    return large, clinician


@contextlib.contextmanager
def _quick_writing() -> Iterator[None]:
    """No triggers, no waiting for the disk: the rows are made from ones that passed both."""
    for name, value in _QUICK.items():
        execute(f"SET {name} = '{value}'")
    yield
    for name in _QUICK:
        execute(f"RESET {name}")


_QUICK: Final = {
    "session_replication_role": "replica",
    "synchronous_commit": "off",
    "maintenance_work_mem": "512MB",
    "work_mem": "128MB",
}


def _list_copies(sizes: Sizes, found: templates.Templates) -> None:
    """The table of copies: number, template, clinic, clinician, days back, and what names the patient."""
    begin = Patient.objects.count()
    execute("DROP TABLE IF EXISTS seed_copies")
    execute(
        "CREATE UNLOGGED TABLE seed_copies (k bigint PRIMARY KEY, template uuid, clinic uuid, person integer, "
        "shift interval, archived boolean, record_number text, name text, sort_name text, search_text text, "
        "phone text)"
    )
    rng, minutes = random.Random(SEED + begin), random.Random(SEED - begin - 1)
    lines = io.StringIO()
    for number, (clinic, person) in enumerate(_places(sizes), start=begin + 1):
        waits = rng.random() < WAITING_SHARE
        template = rng.choice(found.waiting if waits else found.settled)
        back = rng.randrange(14) if waits else 14 + int(rng.random() ** 2 * DAYS)
        archived = not waits and rng.random() < ARCHIVED_SHARE
        name = f"{rng.choice(FIRST)} {''.join(rng.choices(SYLLABLES, k=rng.choice((2, 3)))).title()}"
        record_number = f"R-{number:07d}"
        phone = f"+62 8{rng.randrange(10**9):09d}"
        values = (
            *(
                number,
                template.pk,
                clinic,
                person,
                f"-{back} days -{minutes.randrange(OPEN_MINUTES)} minutes",
                archived,
                record_number,
                name,
                fold(name),
            ),
            *(search_text_of(name, record_number, phone), phone),
        )
        lines.write("\t".join(str(value) for value in values) + "\n")
    lines.seek(0)
    with connection.cursor() as cursor:
        cursor.cursor.copy_expert("COPY seed_copies FROM STDIN", lines)
    execute("CREATE INDEX ON seed_copies (template)")
    execute("ANALYZE seed_copies")


def _places(sizes: Sizes) -> Iterator[tuple[uuid.UUID, int]]:
    """The clinic and the clinician of each copy."""
    people = {
        clinic: (pk, person)
        for clinic, pk, person in Clinic.objects.filter(memberships__role=Role.CLINICIAN).values_list(
            "name", "pk", "memberships__user"
        )
    }
    for _ in range(sizes.patients):
        yield people[LARGE]
    for number in range(sizes.neighbours):
        for _ in range(sizes.each):
            yield people[f"Neighbour {number + 1}"]


# --- what is written beside the records ---


def _history() -> int:
    """One line for each record whose changes are kept: that it was made."""
    count = 0
    for name, history in kept().items():
        model = next(
            one for one in apps.get_models() if one._meta.model_name == name and hasattr(one, "history")
        )
        way = path_to_patient(model)
        if way is None:
            continue
        shared = {field.column for field in model._meta.concrete_fields}
        columns = [field.column for field in history._meta.concrete_fields if field.column in shared]
        listed = ", ".join(f'"{column}"' for column in columns)
        count += execute(
            f'INSERT INTO "{history._meta.db_table}" ({listed}, history_date, history_type) '
            f"SELECT {listed}, created_at, '+' FROM \"{model._meta.db_table}\" "
            f'WHERE id NOT IN (SELECT id FROM "{history._meta.db_table}")'
        )
    return count


def _log(lines: int) -> int:
    """Lines of every day, each with its place in the chain; the hashes are nobody's."""
    count = execute(
        "INSERT INTO audit_auditevent (at, user_id, clinic_id, patient_id, kind, page, address, detail) "
        "SELECT p.created_at + n * interval '1 hour', c.person, p.clinic_id, p.id, "
        "(ARRAY['record','record','listed','change','change','result','record','photo','export'])[1 + n % 9], "
        "'patients:detail', '10.0.0.1', '{}' "
        "FROM patients_patient p JOIN seed_copies c ON c.record_number = p.record_number, "
        f"generate_series(1, {lines}) n"
    )
    count += execute(
        "INSERT INTO audit_auditevent (at, user_id, clinic_id, kind, page, address, detail) "
        "SELECT now() - n * interval '7 minutes', p.person, p.clinic, "
        "CASE WHEN n % 20 = 0 THEN 'login_failed' ELSE 'login' END, 'accounts:login', '10.0.0.1', '{}' "
        "FROM generate_series(1, (SELECT count(*) / 5 FROM seed_copies)) n JOIN "
        "(SELECT DISTINCT person, clinic, dense_rank() OVER (ORDER BY clinic) - 1 AS turn FROM seed_copies) p "
        "ON p.turn = n % (SELECT count(DISTINCT clinic) FROM seed_copies)"
    )
    execute(
        "INSERT INTO audit_seal (position, event_id, content, hash, key, sealed_at) "
        "SELECT (SELECT coalesce(max(position), 0) FROM audit_seal) + row_number() OVER (ORDER BY id), id, '', "
        "md5(id::text) || md5(id::text || 'x'), 'seed', at "
        "FROM audit_auditevent WHERE id NOT IN (SELECT event_id FROM audit_seal)"
    )
    return count


def _feed() -> int:
    """What a copy of the records would have been told: each patient, visit and photo, once."""
    feed.place()
    count = 0
    for kind, table, photo in _TOLD:
        count += execute(
            "INSERT INTO feed_change (kind, record, what, version, clinic_id, patient, photo, at) "
            f"SELECT '{kind}', r.id, 'created', 1, p.clinic_id, p.id, {photo}, r.created_at FROM {table} "
            "JOIN seed_copies c ON c.record_number = p.record_number"
        )
    execute("UPDATE feed_change SET position = id WHERE position IS NULL")
    execute("UPDATE feed_feed SET last = (SELECT max(position) FROM feed_change)")
    return count


_TOLD: Final = (
    ("patient", "patients_patient r JOIN patients_patient p ON p.id = r.id", "NULL::uuid"),
    ("visit", "visits_visit r JOIN patients_patient p ON p.id = r.patient_id", "NULL::uuid"),
    (
        "photo",
        "visits_photo r JOIN visits_visit v ON v.id = r.visit_id JOIN patients_patient p ON p.id = v.patient_id",
        "r.id",
    ),
)


def _drop_indexes() -> list[str]:
    """Take the indexes off that keep no rule; the statements that build them again."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
            "JOIN pg_class t ON t.oid = i.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace "
            "WHERE n.nspname = 'public' AND NOT i.indisunique "
            "AND t.relname ~ '^(patients|visits|inference|recovery|examination|audit|feed)_'"
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f"DROP INDEX {name}")
    return [statement for _, statement in found]
