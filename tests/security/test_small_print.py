"""What no room of its own tests, since somebody else's code or the absence of a thing promises it (docs/asvs.md)."""

from __future__ import annotations

import ast
import json
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.accounts import factors, notices, services
from clinic.accounts.models import User
from clinic.audit import guards
from tests import factories
from tests.conftest import logged_in
from tests.passkeys import passkey

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]
PASSWORD = reverse("accounts:password")
NEW = "another long pass phrase"


def change(client: Client, old: str, new: str) -> bool:
    form = {"old_password": old, "new_password1": new, "new_password2": new}
    return client.post(PASSWORD, form).status_code == 302


def test_a_password_is_good_for_years_and_an_old_one_may_be_taken_again(clinician) -> None:
    with time_machine.travel(timezone.now() + timezone.timedelta(days=4000)):
        client = Client()
        client.post(reverse("accounts:login"), {"username": clinician.email, "password": factories.PASSWORD})
        assert client.get(PASSWORD).status_code == 200
        assert change(client, factories.PASSWORD, NEW) and change(client, NEW, factories.PASSWORD)


def test_nobody_is_asked_a_secret_question(client) -> None:
    form = client.get(reverse("accounts:login")).context["form"]
    assert set(form.fields) == {"username", "password"}
    columns = {field.name for model in apps.get_models() for field in model._meta.get_fields()}
    assert not [name for name in columns if re.search(r"hint|secret_(question|answer)|maiden", name)]


def test_an_app_shows_what_the_rfc_says() -> None:
    """RFC 6238, appendix B, by SHA-1; the last six of its eight digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # its 20 octets "12345678901234567890"
    for moment, code in (
        (59, "287082"),
        (1111111109, "081804"),
        (1234567890, "005924"),
        (2000000000, "279037"),
    ):
        with time_machine.travel(moment, tick=False):
            assert factors.matching_counter(secret, code) == moment // 30
            assert factors.matching_counter(secret, f"{(int(code) + 1) % 10**6:06d}") is None


def options_of(client: Client) -> dict[str, Any]:
    """What a browser is asked to make a passkey by."""
    page = client.get(reverse("mfa_add_webauthn"))
    data = page.context.get("js_data")
    options: dict[str, Any] = (data or {}).get("creation_options") or {}
    return options["publicKey"]


def test_each_challenge_is_long_and_new_and_asks_for_approved_keys(as_clinician) -> None:
    made = [options_of(as_clinician) for _ in range(3)]
    challenges = {one["challenge"] for one in made}
    assert len(challenges) == 3 and all(len(one) >= 43 for one in challenges), "32 bytes by base64url"
    # COSE: ECDSA and RSA with SHA-256 or longer, EdDSA, ML-DSA.
    kinds = {one["alg"] for one in made[0]["pubKeyCredParams"]}
    assert kinds <= {-7, -8, -35, -36, -37, -38, -39, -47, -48, -49, -50, -257, -258, -259} and -7 in kinds


def test_of_a_passkey_the_public_half_alone_is_here(clinician) -> None:
    kept = passkey(clinician)
    parameters = kept.wrap().authenticator_data.credential_data.public_key
    # COSE's label of a private key (RFC 9053) is -4; of the public one: kind, algorithm, curve, x and y.
    assert set(parameters) == {1, 3, -1, -2, -3}
    assert "private" not in json.dumps(Authenticator.objects.get(pk=kept.pk).data).lower()


def secrets_of(clinician: User) -> list[str]:
    """One of each that the product draws."""
    random.seed(1)
    client = logged_in(clinician)
    _label, token = services.create_token(user=clinician, name="x", days=1)
    csrf = client.get(PASSWORD).context["csrf_token"]
    return [client.session.session_key or "", token, str(csrf)]


def test_what_is_drawn_cannot_be_guessed_from_what_was_drawn_before(clinician) -> None:
    first, second = secrets_of(clinician), secrets_of(clinician)
    assert all(one != other for one, other in zip(first, second, strict=True)), (
        "Python's own generator was asked"
    )
    assert [len(one) >= 32 for one in first] == [True] * 3


@pytest.mark.parametrize(
    "typed",
    ["a@example.org\nBcc: b@example.org", "a@example.org\r\nSubject: x", "a@example.org,b@example.org"],
)
def test_nothing_typed_gets_into_a_mails_headers(clinic, settings, typed: str) -> None:
    with pytest.raises(ValidationError):
        User(email=typed, full_name="x").full_clean(exclude=["password"])
    settings.EMAIL_HOST = "mail.example.org"
    clinic.name = "A\nBcc: b@example.org"
    clinic.save()
    user = factories.member(clinic, full_name="B\r\nBcc: b@example.org")
    notices.tell(user=user, kind="joined", clinic=clinic)
    notices.mail_waiting()
    (sent,) = mail.outbox
    assert sent.recipients() == [user.email] and "Bcc" not in dict(sent.message().items())


def test_nothing_typed_becomes_a_template(as_clinician, patient, visit) -> None:
    typed = "{{ settings.SECRET_KEY }}{% debug %}{{ 7|add:7 }}"
    type(patient).objects.filter(pk=patient.pk).update(name=typed)
    type(visit).objects.filter(pk=visit.pk).update(impression=typed)
    for name, pk in (("patients:record", patient.pk), ("visits:detail", visit.pk)):
        assert "{{ 7|add:7 }}" in as_clinician.get(reverse(name, args=[pk])).content.decode(), name
    made = re.compile(r"\bTemplate\(|from_string\(|\bengines\[")
    product = [path for room in ("clinic", "inference") for path in (ROOT / room).rglob("*.py")]
    assert [path for path in product if made.search(path.read_text())] == []


def test_names_that_stand_in_sql_are_those_of_our_tables() -> None:
    """Where a name can't be a parameter; whatever else is put into a statement's text is a constant of the module."""
    ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    assert set(guards.tables()) <= ours and all(re.fullmatch(r"[a-z0-9_]+", name) for name in ours)
    columns = {name for guard in guards.tables().values() for name in (*guard.closing, *guard.final)}
    assert all(re.fullmatch(r"[a-z_]+", name) for name in columns)
    taken_in = set()
    for path in [path for room in ("clinic", "inference") for path in (ROOT / room).rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in (
                "execute",
                "RawSQL",
                "extra",
            ):
                asked = {
                    name.id for arg in node.args[:1] for name in ast.walk(arg) if isinstance(name, ast.Name)
                }
                if asked & {"request", "form", "data", "text", "query", "search"}:
                    taken_in.add(str(path.relative_to(ROOT)))
    assert taken_in == set()


def test_a_bill_of_materials_is_written(tmp_path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    recipe = makefile[makefile.index("\nsbom:") :]
    for locked in ("requirements.txt", "docker/web-requirements.txt"):
        assert locked in recipe
        out = tmp_path / "bill.json"
        command = [sys.executable, "-W", "ignore", "-m", "cyclonedx_py", "requirements", str(ROOT / locked)]
        subprocess.run(
            [*command, "--of", "JSON", "-o", str(out)], check=True, capture_output=True, timeout=120
        )
        bill = json.loads(out.read_text())
        names = {part["name"].lower() for part in bill["components"]}
        assert bill["bomFormat"] == "CycloneDX" and {"django", "pillow"} <= names
        assert all(part["version"] for part in bill["components"])
        out.unlink()
    assert shutil.which("make"), "the recipe is make's"
