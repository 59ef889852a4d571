"""One installation for all tests of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from .installation import Installation
from .visitor import Visitor

EMAIL, PASSWORD = "sari@contoh.example", "a-long-way-to-the-sea-71"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
# One process for what are three steps of the first day; each start costs seconds.
FIRST_DAY = """
from allauth.mfa.totp.internal.auth import TOTP
from django.core.management import call_command
from clinic.accounts.models import Membership, Role, User
who = dict(email={email!r}, full_name="Sari Contoh")
# What `doctor` says of the settings that the compose file gives.
call_command("check", deploy=True, fail_level="WARNING")
call_command("setup_clinic", no_input=True, clinic="Klinik Contoh", time_zone="Asia/Jakarta", **who)
user = User.objects.get(email={email!r})
TOTP.activate(user, {secret!r})
Membership.objects.filter(user=user).update(role=Role.CLINICIAN)
"""


@pytest.fixture(scope="module")
def house() -> Iterator[Installation]:
    """The compose file's services, well, with a clinic and a clinician who has a second factor."""
    with Installation() as house:
        house.up()
        code = FIRST_DAY.format(email=EMAIL, secret=SECRET)
        house.run(
            "web", ["python", "manage.py", "shell", "--command", code], RISORIUS_ADMIN_PASSWORD=PASSWORD
        )
        yield house


@pytest.fixture(scope="module")
def guest(house: Installation) -> Visitor:
    """Somebody who is logged in through the proxy."""
    visitor = Visitor(house)
    answer = visitor.log_in(EMAIL, PASSWORD, SECRET)
    assert answer.status_code == 200, f"{answer.url}: {answer.status_code}\n{house.said()}"
    assert visitor.get("/api/v1/clinics/").status_code == 200, json.dumps(dict(visitor.cookies))
    return visitor
