"""System checks of an installation, each with its remedy. `manage.py doctor` runs them all.

The cheap ones run with every command. Those that talk to the database or the broker run with the doctor, and
with `manage.py check --deploy`, so that ordinary commands stay quick.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from celery import current_app
from django.conf import settings
from django.core.checks import CheckMessage, Critical, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from clinic.accounts.models import Clinic
from clinic.report import rendering
from clinic.start.serve import is_running
from clinic.store import keyring
from clinic.store.stores import photo_store
from inference.models import Canary
from inference.releases import registry
from inference.selectors import analysis_delayed

from .database import rights
from .production import exposure
from .store import store

SPACE = 1024**3
RELEASED = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
"""This code did not exist before."""
CLOCK_DIFFERENCE = 30.0
RECOVERY = 80
"""Seconds until a lost worker's photos are on the queue again, so that all are done within 90."""


@dataclass(frozen=True, slots=True)
class Examination:
    """One line of the doctor's list."""

    name: str
    look: Callable[[], list[CheckMessage]]
    network: bool = False


def model_use() -> list[CheckMessage]:
    """What clinics let a model do by default is one of the things that they can."""
    if settings.MODEL_USE in ("in_use", "shadow", "off"):
        return []
    return [
        Error(
            f"RISORIUS_MODEL_USE is {settings.MODEL_USE!r}.",
            hint="Write in_use, shadow (the model runs, and nobody sees its results) or off.",
            id="risorius.E012",
        )
    ]


def secret() -> list[CheckMessage]:
    """A secret key is set, and long enough."""
    try:
        key = settings.SECRET_KEY
    except ImproperlyConfigured:
        key = ""
    if not key:
        return [
            Critical(
                "No secret key is set.",
                hint="Set RISORIUS_SECRET_KEY to a long random text and keep it: "
                "python -c 'import secrets; print(secrets.token_urlsafe(50))'. “make run” makes one for the demo.",
                id="risorius.E001",
            )
        ]
    if len(key) < 32 and not settings.DEMO:
        return [
            Warning("The secret key is short.", hint="Use at least 50 random characters.", id="risorius.W001")
        ]
    return []


def folders() -> list[CheckMessage]:
    """The folders that the product writes to can be written, and have room."""
    messages: list[CheckMessage] = []
    # Looks, and makes nothing: a check that root runs must not leave folders that the service can't write.
    there = [next(path for path in (wanted, *wanted.parents) if path.exists()) for wanted in _folders()]
    for folder in dict.fromkeys(there):
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError as error:
            messages.append(
                Error(
                    f"The folder {folder} can't be written: {error.strerror}.",
                    hint=f"Give it to the user that runs Risorius (chown {os.getuid()} {folder}), "
                    "or set RISORIUS_VAR_DIR to another folder.",
                    id="risorius.E002",
                )
            )
            continue
        free = shutil.disk_usage(folder).free
        if free < SPACE:
            messages.append(
                Warning(
                    f"Only {free // 1024**2} MB are free in {folder}.",
                    hint="Make room: a photo with its thumbnail takes about 1 MB.",
                    id="risorius.W002",
                )
            )
    return messages


def _folders() -> list[Path]:
    found = [Path(settings.VAR_DIR)]
    photos = photo_store().folder
    if photos is not None:
        found.append(photos)
        if not settings.DEMO and found[1].is_dir() and found[0] in found[1].parents:
            # In a container the folder around is read-only, and the photos are a volume inside of it.
            del found[0]
    if settings.CELERY_BROKER_URL.startswith("filesystem"):
        found.append(Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_in"]))
    return found


def models() -> list[CheckMessage]:
    """The active model release is complete and unaltered."""
    registry.forget()
    return [
        # A warning, since the clinic works without: photos are stored, and analysed once the models are back.
        Warning(
            f"{problem.detail} Photos will be stored but not analysed.",
            hint=f"Restore {settings.MODEL_ARTIFACTS_DIR} from the release that you installed "
            "(git checkout -- inference/artifacts), then restart the worker.",
            id="risorius.W003",
        )
        for problem in registry.active().problems
    ]


def queue_timing() -> list[CheckMessage]:
    """A lost job is soon taken up again, and no running one is handed to a second worker."""
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    messages: list[CheckMessage] = []
    if settings.ANALYSIS_LEASE + settings.WATCHDOG_EVERY > RECOVERY:
        messages.append(
            Error(
                "A killed worker's photos would wait for longer than a minute and a half.",
                hint="Lower RISORIUS_ANALYSIS_LEASE (30) or RISORIUS_WATCHDOG_EVERY (20).",
                id="risorius.E003",
            )
        )
    if settings.CELERY_BROKER_URL.startswith("redis") and options.get("visibility_timeout", 3600) < (
        2 * settings.ANALYSIS_HARD_LIMIT
    ):
        messages.append(
            Error(
                "Redis would hand a running analysis to a second worker.",
                hint="Set visibility_timeout to at least twice ANALYSIS_HARD_LIMIT.",
                id="risorius.E004",
            )
        )
    return messages


def clock() -> list[CheckMessage]:
    """The computer's clock is not in the past."""
    now = dt.datetime.now(dt.UTC)
    if now >= RELEASED:
        return []
    return [
        Error(
            f"The clock says {now:%Y-%m-%d}, which is before this version was made.",
            hint="Set the clock (timedatectl set-ntp true): visits and weeks since onset would be wrong.",
            id="risorius.E005",
        )
    ]


def reports() -> list[CheckMessage]:
    """Reports can be set as PDF; all else works without."""
    if rendering.is_available():
        return []
    return [
        Warning(
            "Reports as PDF can't be made: WeasyPrint finds no Pango.",
            hint=f"{rendering.install_command()} (all else works without).",
            id="risorius.W050",
        )
    ]


def database() -> list[CheckMessage]:
    """The database answers, has all tables, and agrees on the time."""
    file = Path(connection.settings_dict["NAME"]) if connection.vendor == "sqlite" else None
    if file and not file.exists() and not cast(Any, connection).is_in_memory_db():
        return [
            Error(
                f"There is no database yet: {file}.",
                hint="“make run” makes it; so does: python manage.py migrate",
                id="risorius.E010",
            )
        ]
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        difference = abs((_database_time() - dt.datetime.now(dt.UTC)).total_seconds())
    except DatabaseError as error:
        return [
            Error(
                f"The database does not answer: {str(error).strip().splitlines()[0]}",
                hint=f"Restore {file} from your last backup."
                if file
                else "Start it, and check RISORIUS_DATABASE_URL.",
                id="risorius.E006",
            )
        ]
    messages: list[CheckMessage] = []
    if missing:
        messages.append(
            Error(
                f"{len(missing)} changes of the database are not applied.",
                hint="Run: python manage.py migrate",
                id="risorius.E007",
            )
        )
    if difference > CLOCK_DIFFERENCE:
        messages.append(
            Error(
                f"The database's clock differs by {difference:.0f} s.",
                hint="Let both computers take their time from the same server (timedatectl set-ntp true).",
                id="risorius.E008",
            )
        )
    return messages


def _database_time() -> dt.datetime:

    if connection.vendor == "sqlite":
        return dt.datetime.now(dt.UTC)
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_TIMESTAMP")
        now: dt.datetime = cursor.fetchone()[0]
    return now.astimezone(dt.UTC)


def broker() -> list[CheckMessage]:
    """The queue's broker answers."""
    try:
        with current_app.connection_for_write(connect_timeout=3) as found:
            found.ensure_connection(max_retries=1, interval_start=0, interval_step=0.2, timeout=5)
    except Exception as error:  # noqa: BLE001  # every transport has errors of its own
        return [
            Error(
                f"The broker does not answer: {type(error).__name__}.",
                hint="Start it, and check RISORIUS_BROKER_URL. Uploads are stored meanwhile, and analysed later.",
                id="risorius.E009",
            )
        ]
    return []


def clinic_keys() -> list[CheckMessage]:
    """Where photos are sealed, each clinic has a key that the master key opens."""
    if not keyring.is_on():
        return []
    try:
        clinics = list(Clinic.objects.values_list("pk", flat=True))
    except DatabaseError:
        return []
    messages: list[CheckMessage] = []
    for clinic in clinics:
        try:
            keyring.key(clinic, keyring.state_of(clinic).key_id)
        except keyring.KeyMissing as error:
            messages.append(
                Error(
                    f"Photos of a clinic can be neither stored nor shown. {error}",
                    hint="A new clinic: manage.py keys create --clinic with its identifier. Any other: put its key, or "
                    "the master key that wrapped it, back from where the keys are kept; a new one opens no old photo.",
                    id="risorius.E011",
                )
            )
    return messages


def worker() -> list[CheckMessage]:
    """A worker and the watchdog were alive within the last minutes, if they ever were."""
    if settings.DEMO and not is_running(settings.VAR_DIR):
        return []
    try:
        canary = Canary.objects.filter(queue=settings.ANALYSIS_QUEUE).first()
        delayed = analysis_delayed()
    except DatabaseError:
        return []
    messages: list[CheckMessage] = []
    if delayed:
        messages.append(
            Warning(
                "Analysis is delayed: the queue does not move.",
                hint="Is a worker running? celery -A clinic.config worker",
                id="risorius.W004",
            )
        )
    elif canary and canary.seen_at and timezone.now() - canary.seen_at > dt.timedelta(minutes=5):
        messages.append(
            Warning(
                f"No sign of life from the queue since {canary.seen_at:%Y-%m-%d %H:%M} UTC.",
                hint="If the service is meant to run: is beat running? celery -A clinic.config beat",
                id="risorius.W005",
            )
        )
    return messages


EXAMINATIONS: tuple[Examination, ...] = (
    Examination("Secret key", secret),
    Examination("Door", exposure),
    Examination("Folders can be written", folders),
    Examination("Analysis models", models),
    Examination("Use of the model", model_use),
    Examination("Time limits of the queue", queue_timing),
    Examination("Clock", clock),
    Examination("Reports as PDF", reports, network=True),
    Examination("Database", database, network=True),
    Examination("Rights in the database", rights, network=True),
    Examination("Store of photos", store, network=True),
    Examination("Keys of the clinics", clinic_keys, network=True),
    Examination("Broker", broker, network=True),
    Examination("Worker and watchdog", worker, network=True),
)


def register_all() -> None:
    """Make Django run the examinations: all with --deploy, the cheap ones always."""
    for examination in EXAMINATIONS:

        def check(app_configs: Any, look: Any = examination.look, **_: Any) -> list[CheckMessage]:
            return look()

        # Django keeps a set of functions and shows their names in errors.
        check.__name__ = examination.look.__name__
        register(check, "doctor", deploy=examination.network)
