from __future__ import annotations

import datetime as dt
import re
import subprocess
import zlib
from pathlib import Path

import pytest

from clinic.report import rendering
from clinic.report.audience import Audience, ReportChoice
from clinic.report.document import Report, make_report
from tests import factories
from tests.recovery import scenes

DAY = dt.date(2026, 11, 30)


@pytest.fixture
def episode(patient):  # type: ignore[no-untyped-def]
    return factories.EpisodeFactory(patient=patient, onset_date=scenes.ONSET)


def made(episode, author, audience=Audience.REFERRER, language="en", **more) -> Report:  # type: ignore[no-untyped-def]
    episode.refresh_from_db()
    return make_report(episode=episode, choice=ReportChoice(audience, language, DAY, **more), author=author)


class Paper:
    """A finished PDF, read by poppler's tools."""

    def __init__(self, content: bytes, folder: Path) -> None:
        self.path = folder / "report.pdf"
        self.path.write_bytes(content)
        self.content = content

    def _read(self, *command: str) -> str:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert not done.stderr, done.stderr
        return done.stdout

    @property
    def objects(self) -> bytes:
        """All that stands in the file, unpacked."""
        packed = re.findall(rb"/FlateDecode.*?stream\r?\n(.*?)\r?\nendstream", self.content, re.DOTALL)
        return self.content + b"".join(zlib.decompressobj().decompress(one) for one in packed)

    @property
    def text(self) -> str:
        return self._read("pdftotext", "-layout", str(self.path), "-")

    @property
    def tags(self) -> str:
        return self._read("pdfinfo", "-struct-text", str(self.path))

    @property
    def facts(self) -> dict[str, str]:
        lines = self._read("pdfinfo", str(self.path)).splitlines()
        return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    @property
    def pages(self) -> int:
        return int(self.facts["Pages"])


@pytest.fixture
def paper(tmp_path):  # type: ignore[no-untyped-def]
    def drawn(report: Report) -> Paper:
        return Paper(rendering.pdf(report.document), tmp_path)

    return drawn
