"""How PostgreSQL reads: by which index, and whether a query has to look at all rows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet


def nodes(rows: QuerySet[Any], *, ordered: bool = False) -> list[dict[str, Any]]:
    """The steps of the query's plan. Small tables are scanned and sorted because they are small: here an index has to
    do if any will. ordered: whether the order of an index is wanted."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            for way in ("seqscan", "sort", "hashjoin", "mergejoin", "bitmapscan" if ordered else "seqscan"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
        plan = rows.explain(format="json")
    found: list[dict[str, Any]] = []

    def walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        yield node
        for child in node.get("Plans", []):
            yield from walk(child)

    for one in json.loads(plan):
        found += walk(one["Plan"])
    return found


def indexes(rows: QuerySet[Any], *, ordered: bool = False) -> set[str]:
    """The names of the indexes that the query is answered by."""
    return {node["Index Name"] for node in nodes(rows, ordered=ordered) if "Index Name" in node}


def scanned(rows: QuerySet[Any]) -> set[str]:
    """The tables that are read from end to end, since no index answers the question."""
    return {node["Relation Name"] for node in nodes(rows) if node["Node Type"].endswith("Seq Scan")}


def sorts(rows: QuerySet[Any]) -> bool:
    """Whether rows are put in order before the first is known."""
    return any(node["Node Type"] == "Sort" for node in nodes(rows, ordered=True))
