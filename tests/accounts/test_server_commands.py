"""What whoever runs the server does to an account ends what was handed out for it, and its holder is told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from clinic.accounts import services, services_account, services_invitations
from clinic.accounts.management.commands import changepassword
from clinic.accounts.models import Notice, Role

from .. import factories
from ..conftest import logged_in

pytestmark = pytest.mark.django_db
NEW = "another long pass phrase"
API = "/api/v1/patients/"


def bearing(text: str) -> Client:
    return Client(headers={"authorization": f"Bearer {text}"})


@pytest.fixture
def handed_out(clinician) -> dict[str, Any]:
    """A session, a token and a link to set the password, which all work."""
    found = {"session": logged_in(clinician)}
    found["token"] = bearing(services.create_token(user=clinician, name="x", days=1)[1])
    parts = services.password_link_parts(membership=clinician.memberships.get())
    found["link"] = reverse("accounts:set_password", args=parts)
    assert works(found) == ["session", "token", "link"]
    return found


def works(handed_out: dict[str, Any]) -> list[str]:
    session, token = (handed_out[name].get(API).status_code == 200 for name in ("session", "token"))
    link = Client().get(handed_out["link"]).status_code == 302
    return [name for name, fine in (("session", session), ("token", token), ("link", link)) if fine]


def close_and_open(user: Any) -> None:
    services_account.set_open(user=user, is_open=False)
    services_account.set_open(user=user, is_open=True)


@pytest.mark.parametrize(
    ("act", "left"),
    [
        (close_and_open, []),
        (lambda user: services_account.set_password(user=user, password=NEW), []),
        # A token speaks for its clinic whatever its owner's address is.
        (lambda user: services_account.change_address(user=user, email="new@example.org"), ["token"]),
    ],
    ids=["closed and opened", "another password", "another address"],
)
def test_nothing_that_was_handed_out_lives_on(handed_out, clinician, act: Any, left: list[str]) -> None:
    before = list(Notice.objects.values_list("pk", flat=True))
    act(clinician)
    assert works(handed_out) == left
    assert Notice.objects.filter(user=clinician).exclude(pk__in=before).exists(), "the holder is told"


def test_no_password_is_set_for_another_system(clinic, monkeypatch) -> None:
    robot = factories.member(clinic, Role.INTEGRATION)
    with pytest.raises(ValidationError, match="no password"):
        services_account.set_password(user=robot, password=NEW)
    monkeypatch.setattr(changepassword.getpass, "getpass", lambda prompt: NEW)
    with pytest.raises(CommandError, match="no password"):
        call_command("changepassword", robot.email)
    robot.refresh_from_db()
    assert not robot.check_password(NEW)


def test_an_administrator_who_has_not_accepted_keeps_no_clinic_open(administrator, clinic) -> None:
    invited = factories.member(factories.ClinicFactory(), Role.CLINICIAN)
    services.add_member(
        clinic=clinic, email=invited.email, full_name="", role=Role.ADMINISTRATOR, by=administrator
    )
    assert services_invitations.is_open(invited.memberships.get(clinic=clinic))
    with pytest.raises(ValidationError, match="no other administrator"):
        services_account.set_open(user=administrator, is_open=False)
