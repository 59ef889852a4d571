"""What is read about the installation itself."""

from __future__ import annotations

import datetime as dt
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Min
from django.utils import timezone

from clinic.audit import chain
from clinic.audit.models import AuditEvent, Event
from clinic.store.stores import photo_store
from clinic.validation import tallies
from clinic.visits.models import Photo
from inference.jobs.states import OPEN, Status
from inference.models import Analysis, BackgroundAnalysis, Canary
from inference.releases import registry

from . import hours, thresholds
from .figures import NEVER, Disk, Durations, Queue, ServiceFigures, Sign
from .models import Backup, BackupState, CheckKind, CheckState, Heartbeat, IntegrityCheck

if TYPE_CHECKING:
    from clinic.accounts.models import User

DAY = dt.timedelta(days=1)
WEEK = dt.timedelta(days=7)
MOST = 2000
"""Analyses from which the durations are taken."""
EXAMPLES = 3


def figures(*, clinic_id: uuid.UUID | None = None) -> ServiceFigures:
    """How everything is doing at this moment, over all clinics; with one, the photos and analyses of that one.

    What only whoever runs the server may know (the database's size, everybody's failed logins) is left out then.
    """
    now = timezone.now()
    release = registry.active()
    whole = clinic_id is None
    return ServiceFigures(
        at=now,
        **_work(now, clinic_id),
        canaries=tuple(_signs(now)),
        beat=_age(Heartbeat.objects.filter(name=Heartbeat.BEAT).values_list("at", flat=True).first(), now),
        disk=_disk(),
        database_bytes=_database_bytes() if whole else 0,
        release=release.name,
        release_problems=tuple(problem.code for problem in release.problems),
        logins_failed=_logins_failed(now) if whole else 0,
        unsealed=chain.state().longest_wait,
        demo=settings.DEMO,
        **_care(now),
    )


def _work(now: dt.datetime, clinic_id: uuid.UUID | None) -> dict[str, Any]:
    """What the photos and their analyses add to the figures, of all clinics or of one."""
    analyses, jobs = Analysis.objects.all(), BackgroundAnalysis.objects.all()
    if clinic_id is not None:
        analyses = analyses.filter(photo__visit__patient__clinic_id=clinic_id)
        jobs = jobs.filter(photo__visit__patient__clinic_id=clinic_id)
    since = hours.hour_of(now - DAY)
    bad = _by(
        analyses.filter(status__in=[Status.REJECTED, Status.FAILED], queued_at__gte=since),
        "status", "error_code",
    )  # fmt: skip
    well = hours.since(moment=since, clinic_id=clinic_id)
    others = analyses.filter(status__in=[*OPEN, Status.CANCELLED])
    return {
        "queue": _queue(now, analyses, jobs),
        "states": dict.fromkeys(Status.values, 0)
        | tallies.ended(clinic_id=clinic_id)
        | {key[0]: n for key, n in _by(others, "status")},
        "ended_day": sum(n for _, n in bad) + well.succeeded,
        "failed_day": {key[1]: n for key, n in bad if key[0] == Status.FAILED},
        "rejected_day": {key[1]: n for key, n in bad if key[0] == Status.REJECTED},
        "stored_day": well.stored,
        "durations": _durations(now, analyses),
    }


def _by(rows: Any, *fields: str) -> list[tuple[tuple[str, ...], int]]:
    found = rows.order_by().values_list(*fields).annotate(Count("pk"))
    return [(tuple(row[:-1]), row[-1]) for row in found]


def _age(moment: dt.datetime | None, now: dt.datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else NEVER


def _since(moment: dt.datetime | None, now: dt.datetime) -> float:
    """Seconds since then; none where nothing waits."""
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0


def _queue(now: dt.datetime, analyses: Any, jobs: Any) -> Queue:
    waiting = analyses.filter(status=Status.QUEUED).aggregate(n=Count("pk"), oldest=Min("queued_at"))
    running = analyses.filter(status=Status.RUNNING).aggregate(n=Count("pk"), oldest=Min("started_at"))
    late = now - dt.timedelta(seconds=thresholds.OVERDUE_LEASE)
    still = (Status.QUEUED, Status.RUNNING)
    return Queue(
        waiting=waiting["n"],
        oldest=_since(waiting["oldest"], now),
        running=running["n"],
        longest=_since(running["oldest"], now),
        overdue=analyses.filter(status=Status.RUNNING, lease_until__lt=late).count(),
        background=jobs.filter(status__in=still).count(),
    )


def _signs(now: dt.datetime) -> list[Sign]:
    found = []
    # Those of later priorities wait while photos of earlier ones do, as they should.
    queues = (settings.ANALYSIS_QUEUE, settings.HOUSEKEEPING_QUEUE)
    for canary in Canary.objects.filter(queue__in=queues).order_by("queue"):
        answered = canary.sent_at is None or (canary.seen_at is not None and canary.seen_at >= canary.sent_at)
        found.append(
            Sign(canary.queue, _age(canary.seen_at, now), 0.0 if answered else _since(canary.sent_at, now))
        )
    return found


def _durations(now: dt.datetime, analyses: Any) -> Durations:
    hour = now - dt.timedelta(hours=1)
    rows = analyses.filter(
        status__in=[Status.SUCCEEDED, Status.REJECTED], queued_at__gte=now - DAY, finished_at__gte=hour
    )
    times = list(rows.order_by("-finished_at").values_list("queued_at", "started_at", "finished_at")[:MOST])
    waits = sorted(max(0.0, (start - queued).total_seconds()) for queued, start, _ in times if start)
    works = sorted(max(0.0, (end - start).total_seconds()) for _, start, end in times if start and end)
    return Durations(len(times), (_at(waits, 0.5), _at(waits, 0.95)), (_at(works, 0.5), _at(works, 0.95)))


def _at(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(share * len(values)))] if values else 0.0


def _disk() -> Disk:
    wanted = photo_store().folder
    if wanted is None:
        return Disk()
    try:
        usage = shutil.disk_usage(next(path for path in (wanted, *wanted.parents) if path.exists()))
    except (OSError, StopIteration):
        return Disk()
    return Disk(usage.free, usage.total)


def _database_bytes() -> int:
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        return path.stat().st_size if path.is_file() else 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int(cursor.fetchone()[0])


def _logins_failed(now: dt.datetime) -> int:
    since = now - dt.timedelta(seconds=thresholds.LOGINS_WINDOW)
    return AuditEvent.objects.filter(
        kind__in=[Event.LOGIN_FAILED, Event.FACTOR_FAILED], at__gte=since
    ).count()


def _care(now: dt.datetime) -> dict[str, Any]:
    """The last backups and checks."""
    done = Backup.objects.filter(state=BackupState.DONE).first()
    checks = IntegrityCheck.objects.filter(state=CheckState.DONE)
    check = checks.first()
    whole = checks.filter(kind__in=[CheckKind.WHOLE, CheckKind.RESTORE]).first()
    return {
        "backup": done,
        "backup_tried": Backup.objects.first(),
        "backup_age": _age(done.finished_at if done else None, now),
        "check": check,
        "check_running": IntegrityCheck.objects.filter(state=CheckState.RUNNING).first(),
        "check_age": _age(check.finished_at if check else None, now),
        "whole_age": _age(whole.finished_at if whole else None, now),
    }


def clinic_failures(*, user: User, clinic_id: uuid.UUID) -> list[dict[str, Any]]:
    """Why photos of this clinic could not be analysed in the last day and week, with some that the reader may see."""
    now = timezone.now()
    own = Analysis.objects.visible_to(user).filter(
        photo__visit__patient__clinic_id=clinic_id,
        status__in=[Status.FAILED, Status.REJECTED],
        queued_at__gte=now - WEEK,
    )
    week = dict(_by(own, "status", "error_code"))
    day = dict(_by(own.filter(queued_at__gte=now - DAY), "status", "error_code"))
    total = sum(week.values()) + hours.succeeded_since(moment=now - WEEK, clinic_id=clinic_id)
    return [
        {
            "failed": key[0] == Status.FAILED,
            "code": key[1],
            "day": day.get(key, 0),
            "week": number,
            "share": number / total if total else 0.0,
            "photos": list(
                own.filter(status=key[0], error_code=key[1], photo__archived_at__isnull=True)
                .order_by("-queued_at")
                .values_list("photo_id", "queued_at")[:EXAMPLES]
            ),
        }
        for key, number in sorted(week.items(), key=lambda item: (item[0][0] != Status.FAILED, -item[1]))
    ]


def findings_of(*, check: IntegrityCheck, user: User, clinic_id: uuid.UUID) -> list[dict[str, Any]]:
    """What a check found: how often each code, and those photos of this clinic that the reader may see."""
    counts = check.findings.order_by().values_list("code", "repaired").annotate(Count("pk"))
    named = check.findings.filter(code__startswith="photo_", repaired=False).values_list("code", "subject")[
        :MOST
    ]
    photos: dict[str, list[uuid.UUID]] = {}
    for code, subject in named:
        photos.setdefault(code, []).append(uuid.UUID(subject))
    seen = Photo.objects.visible_to(user).filter(visit__patient__clinic_id=clinic_id)
    return [
        {
            "code": code,
            "repaired": repaired,
            "count": number,
            "photos": []
            if repaired
            else list(seen.filter(pk__in=photos.get(code, [])).values_list("pk", "taken_at")[:EXAMPLES]),
        }
        for code, repaired, number in sorted(counts)
    ]


def recent_checks(*, most: int = 5) -> list[IntegrityCheck]:
    """The newest checks that are over."""
    return list(IntegrityCheck.objects.exclude(state=CheckState.RUNNING)[:most])


def recent_backups(*, most: int = 5) -> list[Backup]:
    """The newest backups, tried and done."""
    return list(Backup.objects.all()[:most])


def interrupted_check(
    *, idle: dt.timedelta | None, now: dt.datetime, repairs: bool = False
) -> IntegrityCheck | None:
    """The newest check that was begun and not ended; idle: only one that nobody moved for so long."""
    found = IntegrityCheck.objects.filter(state=CheckState.RUNNING, repairs=repairs)
    if idle is not None:
        found = found.filter(updated_at__lt=now - idle)
    return found.order_by("-created_at").first()


def checked_since(*, moment: dt.datetime) -> bool:
    """Whether a check of files and records was begun since then."""
    kinds = [CheckKind.SAMPLE, CheckKind.WHOLE]
    return IntegrityCheck.objects.filter(kind__in=kinds, created_at__gte=moment).exists()


def last_whole_check_at() -> dt.datetime | None:
    """When a check that read everything was last begun."""
    found = IntegrityCheck.objects.filter(kind__in=[CheckKind.WHOLE, CheckKind.RESTORE])
    return found.exclude(state=CheckState.STOPPED).values_list("created_at", flat=True).first()
