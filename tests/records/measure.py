"""What one request costs: time, processor, queries, rows read, bytes and memory."""

from __future__ import annotations

import contextlib
import json
import os
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from django.core.cache import cache
from django.db import connection
from django.db.utils import OperationalError
from django.test import Client

from .pages import Page
from .seed import House

ROUNDS: Final = 20
SECONDS_A_PAGE: Final = 8.0
"""After which no further round is begun."""
LIMIT_SECONDS: Final = 120
"""For one query; one that takes longer is told as that."""
_SELECT = re.compile(r"\s*(SELECT|WITH)\b", re.IGNORECASE)
_TICK: Final = os.sysconf("SC_CLK_TCK")


@dataclass
class Cost:
    """Of one page. Times in ms; first: with an empty cache. cpu: this process's, and the database's beside it."""

    page: Page
    p50: float = 0.0
    p95: float = 0.0
    first: float = 0.0
    cpu: float = 0.0
    database_cpu: float = 0.0
    queries: int = 0
    rows: int = 0
    bytes: int = 0
    megabytes: float = 0.0
    wrong: str = ""
    plans: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times the wanted figure it took."""
        return float("inf") if self.wrong else self.p95 / self.page.wanted


def cost(page: Page, clients: dict[str, Client], house: House, *, rounds: int = ROUNDS) -> Cost:
    """Ask a page over and over, and once more with its plans looked at."""
    client = clients["api" if page.api else page.who]
    found = Cost(page)
    path = page.path(client, house)
    cache.clear()
    with _high_water() as high:
        found.first, found.bytes, found.wrong = ask(client, path, page)
    found.megabytes = high.megabytes
    if found.wrong:
        return found
    times, begun, cpu, database = [], time.monotonic(), time.process_time(), _database_cpu()
    while len(times) < rounds and (time.monotonic() - begun < SECONDS_A_PAGE or not times):
        took, _, found.wrong = ask(client, path, page)
        if found.wrong:
            return found
        times.append(took)
    found.cpu = (time.process_time() - cpu) * 1000 / len(times)
    found.database_cpu = (_database_cpu() - database) * 1000 / len(times)
    found.p50 = statistics.median(times)
    found.p95 = sorted(times)[min(len(times) - 1, round(0.95 * (len(times) - 1)))]
    asked, found.wrong = queries_of(client, path, page)
    found.queries = len(asked)
    for statement, values in asked:
        rows, plan = _plan(statement, values)
        found.rows += rows
        found.plans.append(plan)
    return found


def queries_of(client: Client, path: str, page: Page) -> tuple[list[tuple[str, Any]], str]:
    """The statements of one request with their values, and what was wrong with the answer."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        wrong = ask(client, path, page)[2]
    return asked, wrong


def ask(client: Client, path: str, page: Page) -> tuple[float, int, str]:
    """Milliseconds, bytes, and what was wrong with the answer."""
    begun = time.perf_counter()
    try:
        response = client.get(path, headers=page.headers)
        size = sum(map(len, response)) if response.streaming else len(response.content)
    except OperationalError as error:
        return 0.0, 0, str(error).splitlines()[0]
    took = (time.perf_counter() - begun) * 1000
    fine = response.status_code in (200, 204)
    return took, size, "" if fine else f"answered {response.status_code}"


def limit_queries() -> None:
    """Let no query of this connection run for ever."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = '{LIMIT_SECONDS}s'")


def _plan(statement: str, values: Any) -> tuple[int, str]:
    """The rows that a query's scans looked at, and its plan as text."""
    if not _SELECT.match(statement) or "FOR UPDATE" in statement:
        return 0, ""
    with connection.cursor() as cursor:
        try:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values)
        except OperationalError as error:
            return 0, f"{error}\n{statement}"
        found = cursor.fetchone()[0]
    top = (json.loads(found) if isinstance(found, str) else found)[0]
    return sum(map(_read, _nodes(top["Plan"]))), _written(statement, top)


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _nodes(below)


def _read(node: dict[str, Any]) -> int:
    if "Relation Name" not in node:
        return 0
    looked_at = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int(sum(node.get(name, 0) for name in looked_at) * node["Actual Loops"])


def _written(statement: str, top: dict[str, Any]) -> str:
    """A plan in a few lines: the statement's beginning, its time, and each scan with the rows that it read."""
    lines = [f"{top['Execution Time']:.1f} ms: {statement[:400]}"]
    for node in _nodes(top["Plan"]):
        if "Relation Name" in node:
            index = f" by {node['Index Name']}" if "Index Name" in node else ""
            lines.append(f"    {node['Node Type']} of {node['Relation Name']}{index}: {_read(node)} rows")
    return "\n".join(lines)


def _database_cpu() -> float:
    """Seconds of processor that this connection's server process has taken."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        stat = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text()
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / _TICK


@dataclass
class _High:
    megabytes: float = 0.0


@contextlib.contextmanager
def _high_water() -> Iterator[_High]:
    """How far the process's memory rose above where it stood."""
    found = _High()
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    yield found
    found.megabytes = max(0.0, _status("VmHWM") - before)


def _status(name: str) -> float:
    text = Path("/proc/self/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", text)[1]) / 1024  # type: ignore[index]
