"""While red flags point to a stroke every page, list, file and answer is as if no model had ever looked."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.test import Client
from django.utils import timezone

from clinic.audit.guards import erasing
from clinic.examination import red_flags
from clinic.examination.models import Task
from clinic.examination.services_red_flags import answer_red_flags
from clinic.recovery.services import refresh_summary
from inference.models import Analysis, WithheldAnalysis

from .asking import address
from .rows import Row
from .table import ROWS
from .world import WHO, Place, World

pytestmark = pytest.mark.django_db
AS = WHO.index("clinician")
# Each look is one more line of the log; a file's bytes are the photo's own; the figures of the whole installation name
# nobody; and a second factor is drawn anew for each look.
APART = (
    "audit:",
    "patients:log",
    "api:changes",
    "visits:image",
    "visits:thumbnail",
    "operations:",
    "api:schema",
    "mfa_",
)
RUNNING_ON = re.compile(r'csrf|nonce|name="version"|data-session|"request_id"|ETag')
NO = {one.code: "no" for one in red_flags.questions(cause="bells_palsy")}


def reads() -> list[Row]:
    """Every row that a clinician may read."""
    allowed = [row for row in ROWS if row.method == "GET" and row.expected[AS] == "ok"]
    return [row for row in allowed if not row.name.startswith(("/", *APART)) and row.on != "confirmation"]


def told(client: Client, place: Place) -> dict[str, str]:
    """What each address answers, by its row, without what differs between any two looks."""
    found = {}
    for row in reads():
        answer = client.get(address(row, place) + (f"?{row.query}" if row.query else ""))
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
        lines = body.decode(errors="replace").splitlines()
        found[str(row)] = "\n".join(line for line in lines if not RUNNING_ON.search(line))
    return found


def test_it_is_as_if_no_model_had_looked(world: World, time_machine) -> None:
    place, clinician = world.mine, world.users["clinician"]
    patient, episode = place.records.patient, place.records.episode
    Task.objects.filter(episode=episode, analysis__isnull=False).delete()
    with erasing():
        place.records.confirmation.delete()
    time_machine.move_to(timezone.now() + dt.timedelta(minutes=1), tick=False)
    client = Client()
    client.force_login(clinician)
    answer_red_flags(user=clinician, episode=episode, answers=NO)
    shown = told(client, place)
    answer_red_flags(user=clinician, episode=episode, answers=NO | {"other_neurology": "yes"})
    withheld = told(client, place)
    changed = {name for name in shown if shown[name] != withheld[name]}
    assert {
        "GET visits:detail",
        "GET visits:photo",
        "GET api:photo-detail",
        "GET api:analysis-list",
    } <= changed
    WithheldAnalysis.objects.all().delete()
    with erasing():
        Analysis.everything.filter(photo__visit__episode=episode).delete()
    refresh_summary(patient_id=patient.pk)
    never = told(client, place)
    assert {name for name in never if never[name] != withheld[name]} == set()
