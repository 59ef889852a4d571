"""The stages that follow the log's chain of seals, and the histories that it points at."""

from __future__ import annotations

import itertools

from clinic.audit import alterations, chain, statements
from clinic.audit.records import kept
from clinic.operations.models import IntegrityCheck

from .batch import END, Batch, next_of

MOST = 1000
AT_ONCE = 20_000
"""Lines that one step follows."""


def log(check: IntegrityCheck, cursor: str) -> Batch:
    """The next lines of the log: each as it was when it was sealed, and none gone. A sample takes the newest."""
    end = chain.state().position
    first = int(cursor or (1 if check.share >= 100 else max(1, end - AT_ONCE)))
    last = first + AT_ONCE - 1
    batch = Batch(END if last >= end else str(last + 1))
    for broken in itertools.islice(chain.verify(first=first, last=last), MOST):
        batch.add("audit_chain_broken", broken.position)
    batch.records += max(0, min(last, end) - first + 1)
    if batch.cursor == END and check.share >= 100:
        for statement in statements.STATEMENTS:
            for pk in itertools.islice(statements.unlogged(statement), MOST) if statement.logged else ():
                batch.add("statement_untold", pk)
    return batch


def histories(check: IntegrityCheck, cursor: str) -> Batch:
    """The next records of a table whose history is kept: each is what its newest line says."""
    names = sorted(kept())
    name, _colon, after = (cursor or f"{names[0]}:").partition(":")
    rows = kept()[name].instance_type._base_manager.all()
    batch, wanted = next_of(check, after, rows, most=alterations.BATCH)
    for pk in alterations.rewritten(name=name, pks=wanted):
        batch.add("record_altered", pk)
    batch.records = len(wanted)
    rest = names[names.index(name) + 1 :]
    if batch.cursor:
        batch.cursor = f"{name}:{batch.cursor}"
    elif rest:
        batch.cursor = f"{rest[0]}:"
    return batch
