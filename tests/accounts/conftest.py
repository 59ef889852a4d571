"""Second factors for tests: an app's secret, its code now, and a login in two steps."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client
from django.urls import reverse

from clinic.audit.models import AuditEvent

from .. import factories

LOGIN, CODE = reverse("accounts:login"), reverse("mfa_authenticate")


def code_of(secret: str, steps: int = 0) -> str:
    """What the app shows now, or so many half minutes later."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def with_app(user: Any) -> str:
    """Give the user an authenticator app and recovery codes; the secret."""
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def recovery_codes(user: Any) -> list[str]:
    return list(Authenticator.objects.get(user=user, type="recovery_codes").wrap().get_unused_codes())


def post_login(client: Client, email: str, password: str = factories.PASSWORD, **more: Any) -> Any:
    return client.post(LOGIN, {"username": email, "password": password}, **more)


def kinds(user: Any = None) -> list[str]:
    """What the log holds of the door, in order."""
    events = AuditEvent.objects.order_by("pk")
    return list((events.filter(user=user) if user else events).values_list("kind", flat=True))


@pytest.fixture
def colleague(clinic: Any) -> Any:
    return factories.member(clinic, email="sari@example.org")
