"""A search of the log runs along an index, whatever is asked; `python -m tests.audit.many` measures it on a million."""

from __future__ import annotations

from clinic.audit import log

from . import many

ROWS = 60_000


def test_no_search_reads_every_row(db) -> None:
    made = many.fill(ROWS)
    for name, search in many.searches(made):
        found = many.plan(log.events(clinic=made["clinic"], search=search)[: log.PAGE + 1])
        assert not many.scans_everything(found), f"{name}: {found}"
        read = sum(node.get("Rows Removed by Filter", 0) for node in many.nodes(found["Plan"]))
        assert read < ROWS / 10, f"{name} looks at {read} rows for a page of {log.PAGE}"
