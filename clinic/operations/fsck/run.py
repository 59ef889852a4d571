"""One check from stage to stage. It keeps where it is after each step, so that whoever comes next goes on there."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from django.utils import timezone

from clinic.operations import selectors, services, thresholds
from clinic.operations.models import CheckKind, IntegrityCheck

from . import audit, files, records
from .batch import Batch
from .codes import Fault
from .repairs import repair_for

Stage = Callable[[IntegrityCheck, str], Batch]
STAGES: dict[str, Stage] = {
    "tables": records.tables,
    "states": records.states,
    "releases": records.releases,
    "log": audit.log,
    "histories": audit.histories,
    "summaries": records.summaries,
    "ledgers": records.ledgers,
    "photos": files.photos,
    "orphans": files.orphans,
}
SLICE = 20.0
"""Seconds that a worker gives to a check before it turns to its other messages; a step is far shorter."""
IDLE = dt.timedelta(seconds=30)
"""A check that nobody moved for so long waits for its next slice, or was interrupted: it may be taken up."""
TOO_MANY = 20
"""More files of nobody in one folder, and more than half of it: is the store another database's? Nothing is moved."""
WEEK = dt.timedelta(days=6, hours=12)
SATURDAY = 5


def work(
    *,
    check: IntegrityCheck,
    seconds: float | None = None,
    say: Callable[[Fault, bool], None] = lambda _found, _repaired: None,
    step: Callable[[IntegrityCheck], None] = lambda _check: None,
) -> bool:
    """Go on with a check, for so many seconds or to its end; True once it is through.

    say: told of each finding and whether it was repaired. step: told after each step.
    """
    until = None if seconds is None else time.monotonic() + seconds
    order = list(STAGES)
    repair = repair_for(check)
    while check.stage in order:
        batch = STAGES[check.stage](check, check.cursor)
        strangers = batch.files and sum(f.code == "orphan_file" for f in batch.found) > max(
            TOO_MANY, batch.files // 2
        )
        done = [(found, not strangers and repair(found)) for found in batch.found]
        after = order[order.index(check.stage) + 1 :] + [""]
        if not services.note_step(
            check=check, batch=batch, done=done, stage=check.stage if batch.cursor else after[0]
        ):
            return True  # somebody else has taken it up: theirs now
        for found, repaired in done:
            say(found, repaired)
        step(check)
        if until is not None and time.monotonic() > until:
            break
    if check.stage:
        return False
    services.finish_check(check=check)
    return True


def start(*, kind: str, share: int = 100, repairs: bool = False) -> IntegrityCheck:
    """A new check, at its first stage."""
    return services.start_check(kind=kind, share=share, repairs=repairs, stage=next(iter(STAGES)))


def tick() -> None:
    """What beat asks for each minute: go on with the night's check, or begin it when it is due."""
    now = timezone.now()
    services.give_up_checks(before=now - dt.timedelta(days=2))
    check = selectors.interrupted_check(idle=IDLE, now=now)
    if check is None and (kind := due(now=now)):
        share = 100 if kind == CheckKind.WHOLE else thresholds.NIGHTLY_SHARE
        check = start(kind=kind, share=share)
    if check is not None:
        work(check=check, seconds=SLICE)


def due(*, now: dt.datetime) -> str:
    """The kind of check that should begin, or nothing: one a night, the whole one on the night to Saturday."""
    night = now.replace(hour=thresholds.NIGHT, minute=0, second=0, microsecond=0)
    night = night if night <= now else night - dt.timedelta(days=1)
    if selectors.checked_since(moment=night):
        return ""
    last = selectors.last_whole_check_at()
    if last is None or last < now - dt.timedelta(seconds=thresholds.WHOLE_AGE):
        return CheckKind.WHOLE
    return CheckKind.WHOLE if night.weekday() == SATURDAY and last < now - WEEK else CheckKind.SAMPLE
