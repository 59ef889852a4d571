"""The commands of docs/api.md, as they stand there, against real servers and the real models."""

from __future__ import annotations

import csv
import os
import re
import subprocess
from pathlib import Path

import pytest
from django.conf import settings
from knox.models import AuthToken
from PIL import Image
from rest_framework.settings import api_settings

from clinic.audit.models import Access, ReadEvent
from clinic.demo import people
from clinic.patients.models import Patient
from clinic.visits.models import Confirmation
from inference.models import Analysis
from tests import factories
from tests.story.conftest import house, photos_lie_in  # noqa: F401  fixtures

from .contract import errors_of

GUIDE = Path(settings.BASE_DIR) / "docs" / "api.md"
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
# The token is given back at the end of the story; what the page tells further down is asked with it before.
BLOCKS.sort(key=lambda block: "--request DELETE" in block)


@pytest.fixture
def reader(transactional_db):
    """The person whom the guide logs in as, who is in the demo."""
    login = people.LOGINS[0]
    assert login.email in "".join(BLOCKS)
    return factories.member(
        factories.ClinicFactory(time_zone=people.TIME_ZONE), email=login.email, password=people.PASSWORD
    )


@pytest.mark.servers
def test_the_story_of_the_guide_runs_as_it_stands(reader, house, tmp_path):  # noqa: F811
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", "\n".join(BLOCKS)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "RISORIUS": house.url, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    told = f"{done.stdout}\n{done.stderr}\n{house.said()}"
    assert done.returncode == 0, told
    assert done.stderr == "curl: (22) The requested URL returned error: 409\n", told
    assert "\nsucceeded\n" in done.stdout, told

    patient = Patient.objects.get(record_number="API-0001")
    analysis = Analysis.objects.get(photo__visit__patient=patient)
    assert (analysis.status, analysis.release) == ("succeeded", active_release())
    assert Confirmation.objects.get().analysis == analysis
    *_, at_the_photo, cursor = done.stdout.splitlines()
    assert at_the_photo == f"{house.url}/api/v1/photos/{analysis.photo_id}/", told
    assert re.fullmatch(r"[\w-]{20,}", cursor), told
    assert not AuthToken.objects.exists()

    rows = list(csv.DictReader((tmp_path / "recovery.csv").open(encoding="utf-8-sig")))
    assert {row["record"] for row in rows} == {"visit", "photo"}
    assert rows[0]["model_release"] == analysis.release
    assert Image.open(tmp_path / "photo.jpg").size == (analysis.photo.width, analysis.photo.height)
    assert set(ReadEvent.objects.values_list("kind", flat=True)) == set(Access.values) - {Access.LISTED}
    check_result(analysis)


def active_release() -> str:
    return (Path(settings.BASE_DIR) / "inference" / "artifacts" / "ACTIVE").read_text().strip()


def check_result(analysis: Analysis) -> None:
    """What real models found fits the document; the other tests make their findings up."""
    from rest_framework.test import APIRequestFactory

    from clinic.api.serializers.analyses import AnalysisSerializer

    request = APIRequestFactory().get("/")
    shown = AnalysisSerializer(analysis, context={"confirmed": set(), "request": request}).data
    assert errors_of({"$ref": "#/components/schemas/Analysis"}, dict(shown)) == []


def test_the_guide_says_the_limits_that_hold():
    from clinic.config.settings import base

    text = GUIDE.read_text(encoding="utf-8")
    limits = re.findall(r"^\| .+? \| (\d+) a minute(?:, (\d+) a day)? \|$", text, re.MULTILINE)
    rates = [base.RATES[name] for name in ("api", "upload", "export", "token", "token_account")]
    assert [f"{minute}/min" + f" {day}/day" * bool(day) for minute, day in limits] == rates
    assert f"`page_size` is {api_settings.PAGE_SIZE} unless" in text


def test_the_guide_tells_how_to_renew_the_document():
    from .test_schema import RENEW

    assert f"\n{RENEW}\n" in GUIDE.read_text(encoding="utf-8")
