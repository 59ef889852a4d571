"""Sends malformed uploads to page and API, and looks after each batch whether anything was left half done."""

from __future__ import annotations

import re
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, Phase, Verbosity, given, seed
from hypothesis import settings as how
from hypothesis import strategies as st

from clinic.visits.models import Photo
from inference.models import Analysis

from .cost import Dearest, Meter
from .malformed import Sent, forms

# What no answer may show: where the code lies, how it failed, what the database said.
TELLING = re.compile(
    rb'Traceback|File "/|site-packages|psycopg|django\.(?:db|http|core)|DETAIL:|'
    + str(settings.BASE_DIR).encode()
)
MALFORMED_ARE_REFUSED = range(200, 500)


@dataclass
class Tally:
    """What was sent and what came of it."""

    kinds: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0
    left: Counter[str] = field(default_factory=Counter)
    dearest: dict[str, Dearest] = field(default_factory=dict)

    def reckon(self, where: str, sent: Sent, meter: Meter) -> None:
        """Keep what the request cost; more than a bound is wrong."""
        spent, stopped = meter.stop()
        kind = self.dearest.setdefault(sent.kind, Dearest())
        kind.note(spent, f"{where}, {len(sent.body):,} bytes")
        kind.stopped += stopped
        if told := spent.wrong():
            self.wrong.append(f"{where} {told}: {describe(sent)}")

    def note(self, where: str, sent: Sent, answer: Any, seconds: float) -> None:
        """Count one answer; a 5xx or one that tells too much is wrong."""
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        self.kinds[sent.kind] += 1
        self.answers[f"{where} {answer.status_code}"] += 1
        self.slowest = max(self.slowest, seconds)
        if answer.status_code not in MALFORMED_ARE_REFUSED:
            self.wrong.append(f"{where} answered {answer.status_code} to {describe(sent)}; {cause(answer)}")
        if told := TELLING.search(content):
            self.wrong.append(f"{where} showed {told.group()!r} to {describe(sent)}")


def describe(sent: Sent) -> str:
    headers = {name: value[:20] for name, value in sent.headers.items()}
    return f"{sent.kind}: {sent.content_type[:80]!r} {headers} {sent.body[:240]!r}"


def cause(answer: Any) -> str:
    """What broke, and where."""
    found = getattr(answer, "exc_info", None)
    if not found:
        return "nothing was raised"
    last = traceback.extract_tb(found[2])[-1]
    return f"{found[0].__name__}: {str(found[1])[:200]} at {last.filename}:{last.lineno}"


def consistent() -> list[str]:
    """Rows and files agree: each photo has its two files and its analysis, and no file is nobody's."""
    folder = Path(settings.STORAGES["photos"]["OPTIONS"]["location"])
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    named = {name for pair in Photo.objects.values_list("image", "thumbnail") for name in pair}
    without = Photo.objects.exclude(pk__in=Analysis.objects.values("photo")).count()
    wrong = [f"a file of nobody: {name}" for name in sorted(found - named)[:5]]
    wrong += [f"a row without its file: {name}" for name in sorted(named - found)[:5]]
    return wrong + [f"{without} photos without an analysis"] * bool(without)


def run(*, user: Any, visit: Any, token: str, count: int, seed_of: int, batch: int = 250) -> Tally:
    """Send that many; raises nothing, so that the tally can say all that is wrong."""
    tally, meter = Tally(), Meter()
    session = Client(raise_request_exception=False)
    session.force_login(user)
    stranger = Client(raise_request_exception=False)
    page, api = reverse("visits:upload", args=[visit.pk]), reverse("api:photo-list")
    ways = {
        "page": (session, page, {"Accept": "text/html"}),
        "script": (session, page, {"Accept": "application/json"}),
        "api": (stranger, api, {"Authorization": f"Bearer {token}"}),
        "nobody": (stranger, api, {}),
    }

    @seed(seed_of)
    @how(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
    )
    @given(data=st.data(), where=st.sampled_from(["page", "script", "script", "api", "api", "api", "nobody"]))
    def send(data: st.DataObject, where: str) -> None:
        sent = data.draw(forms(str(visit.pk), api=where in ("api", "nobody")))
        client, url, headers = ways[where]
        meter.start()
        started = time.monotonic()
        answer = client.generic(
            "POST", url, sent.body, content_type=sent.content_type, headers={**sent.headers, **headers}
        )
        tally.note(where, sent, answer, time.monotonic() - started)
        tally.reckon(where, sent, meter)
        if sum(tally.kinds.values()) % batch == 0:
            tally.wrong.extend(consistent())

    send()
    tally.wrong.extend(consistent())
    tally.left = Counter({"photos": Photo.objects.count(), "analyses": Analysis.objects.count()})
    return tally
