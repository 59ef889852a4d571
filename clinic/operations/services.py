"""What is written about the installation itself: signs of life, checks, backups."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from clinic.audit.models import Event
from clinic.audit.services import log_event
from clinic.feed import services as feed

from .models import Backup, BackupState, CheckState, Heartbeat, IntegrityCheck, IntegrityFinding

if TYPE_CHECKING:
    from .fsck.batch import Batch
    from .fsck.codes import Fault

logger = logging.getLogger(__name__)
MOST_FINDINGS = 10_000
"""More rows than these tell nobody more; the number goes on counting."""
KEPT_CHECKS = 200


def beat_seen() -> None:
    """Note that beat is at its rounds."""
    Heartbeat.objects.update_or_create(name=Heartbeat.BEAT, defaults={"at": timezone.now()})


def start_check(*, kind: str, share: int, repairs: bool, stage: str) -> IntegrityCheck:
    """A new check; the oldest ones on record go, with what they found."""
    old = IntegrityCheck.objects.order_by("-created_at").values_list("pk", flat=True)[KEPT_CHECKS:]
    IntegrityCheck.objects.filter(pk__in=list(old)).delete()
    return IntegrityCheck.objects.create(kind=kind, share=share, repairs=repairs, stage=stage)


def note_step(*, check: IntegrityCheck, batch: Batch, done: list[tuple[Fault, bool]], stage: str) -> bool:
    """Keep what one step found and where the next one begins; False if somebody else moved the check meanwhile."""
    repaired = sum(ok for _, ok in done)
    with transaction.atomic():
        moved = IntegrityCheck.objects.filter(
            pk=check.pk, state=CheckState.RUNNING, stage=check.stage, cursor=check.cursor
        ).update(
            stage=stage,
            cursor=batch.cursor,
            updated_at=timezone.now(),
            photos=F("photos") + batch.photos,
            files=F("files") + batch.files,
            records=F("records") + batch.records,
            found=F("found") + len(done),
            repaired=F("repaired") + repaired,
        )
        if not moved:
            return False
        room = max(0, MOST_FINDINGS - check.found)
        IntegrityFinding.objects.bulk_create(
            [
                IntegrityFinding(check_run=check, code=found.code, subject=found.subject, repaired=ok)
                for found, ok in done[:room]
            ],
            ignore_conflicts=True,
        )
    check.refresh_from_db()
    return True


def finish_check(*, check: IntegrityCheck) -> None:
    """The check is through."""
    IntegrityCheck.objects.filter(pk=check.pk, state=CheckState.RUNNING).update(
        state=CheckState.DONE, finished_at=timezone.now()
    )
    check.refresh_from_db()
    log = logger.error if check.left else logger.info
    log("Integrity check %s: %s found, %s repaired", check.pk, check.found, check.repaired)


def give_up_checks(*, before: dt.datetime) -> int:
    """Close checks that nobody went on with since then; how many there were."""
    return IntegrityCheck.objects.filter(state=CheckState.RUNNING, updated_at__lt=before).update(
        state=CheckState.STOPPED, finished_at=timezone.now()
    )


def note_backup(
    *,
    started_at: dt.datetime,
    name: str = "",
    size: int = 0,
    sha256: str = "",
    photos: int = 0,
    rows: int = 0,
    missing: int = 0,
    keys: bool = False,
    error_code: str = "",
) -> Backup:
    """Write down that a backup was made, or why it was not."""
    return Backup.objects.create(
        state=BackupState.FAILED if error_code else BackupState.DONE,
        started_at=started_at,
        finished_at=timezone.now(),
        name=name,
        size=size,
        sha256=sha256,
        photos=photos,
        rows=rows,
        missing=missing,
        keys=keys,
        error_code=error_code,
    )


def note_restore(*, name: str, rows: int, files: int) -> None:
    """Write into the log of the restored installation that it is one; copies elsewhere may be ahead of it now."""
    feed.renew()
    log_event(
        kind=Event.RESTORE, user=None, page="restore", detail={"archive": name, "rows": rows, "files": files}
    )


def backup_verified(*, name: str, sha256: str) -> bool:
    """Write down that the archive was read back and is whole; False if no backup on record is that one."""
    found = Backup.objects.filter(state=BackupState.DONE, name=name, sha256=sha256)
    return bool(found.update(verified_at=timezone.now()))
