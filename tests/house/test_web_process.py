"""The web process stays light, answers every address, and puts nobody's name into one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.db import connection
from django.utils import timezone

from clinic.examination import services
from tests import emptying, factories
from tests.home.scenes import programme_of
from tests.passkeys import passkey

ROOT = Path(__file__).resolve().parents[2]
NAME = "Zebulonia Quetzalcoatl"
# Needs a token or a link to a member.
NOT_REACHED = (
    "account/password/set/",
    "account/tokens/",
    "metrics",
    "account/invitations/%(pk)s/%(secret)s/",
    "second-readings/%(pk)s/",  # of whoever took it alone: tests/examination/test_second.py
    "handed-over/",  # of a session that is handed over: tests/examination/test_handed_over.py
)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def walked(django_db_setup, django_db_blocker):
    """What a process of its own says after visiting every address with one of each record."""
    with django_db_blocker.unblock():
        brought = emptying.filled()
        clinic = factories.ClinicFactory()
        user = factories.member(clinic, "administrator", is_staff=True, is_superuser=True)
        patient = factories.PatientFactory(clinic=clinic, name=NAME)
        episode = factories.EpisodeFactory(patient=patient)

        treatment = factories.TreatmentFactory(
            episode=episode, kind="botulinum_toxin", date=timezone.localdate()
        )
        consent = factories.ConsentFactory(patient=patient)
        visit = factories.VisitFactory(episode=episode, clinician=user)
        photos = [factories.PhotoFactory(visit=visit, exercise=exercise) for exercise in ("smile", "rest")]
        analyses = [factories.AnalysisFactory(photo=photo) for photo in photos]
        confirmation = factories.ConfirmationFactory(analysis=analyses[0])
        correction = factories.CorrectionFactory(patient=patient, recorded_by=user)
        closed = factories.PatientFactory(clinic=clinic, restricted_at=timezone.now())
        task = services.raise_task(user=user, episode=episode, kind="eye_closure")
        programme = programme_of(episode, user)
        member = user.memberships.get()
        invitation = factories.MembershipFactory(user=user, accepted_at=None)
        TOTP.activate(user, generate_totp_secret())
        key = passkey(user)
        records = (
            patient,
            episode,
            treatment,
            consent,
            visit,
            *photos,
            *analyses,
            confirmation,
            correction,
            closed,
            task,
            programme,
            clinic,
            member,
            invitation,
            user,
            key,
        )
        values = [
            *(str(record.pk) for record in records),
            "smile",
            "toxin_recall",
            analyses[0].release,
            *releases(),
        ]
        answer = subprocess.run(
            [sys.executable, "-m", "tests.house.walk", str(user.pk), NAME.split()[0], *values],
            env={
                **os.environ,
                "DJANGO_SETTINGS_MODULE": "clinic.config.settings.test",
                "RISORIUS_DATABASE_URL": database_url(),
                "RISORIUS_VAR_DIR": str(settings.VAR_DIR),
            },
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        emptying.empty(keep=brought)
    assert answer.returncode == 0, answer.stderr[-3000:]
    return json.loads(answer.stdout)


def releases() -> list[str]:
    return [path.name for path in settings.MODEL_ARTIFACTS_DIR.iterdir()]


def database_url() -> str:
    parts = connection.settings_dict
    return f"postgres://{parts['USER']}@{parts['HOST']}:{parts['PORT']}/{parts['NAME']}"


def test_nothing_of_the_worker_is_loaded(walked):
    assert walked["count"] > 40
    assert walked["loaded"] == []


def test_every_address_answers(walked):
    assert not walked["errors"], "\n".join(walked["errors"])


def test_every_address_was_reached(walked):
    # The catch-all of the API answers every unknown address with 404, as it should.
    unreached = [path for path in walked["unreached"] if path != "api/" and not path.startswith(NOT_REACHED)]
    assert unreached == []


def test_no_address_holds_a_name(walked):
    assert walked["leaks"] == []
