"""The second factor: who has one, who needs one, whether a code is right, and what ends one."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import transaction

from .models import Membership, User
from .notices import NoticeKind, tell
from .services_tokens import end_tokens

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from .models import Clinic

FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
# From here on the pages say that the recovery codes run out.
FEW_CODES = 3


def has_factor(*, user: User | AnonymousUser) -> bool:
    """Whether the person proves more than a password at login."""
    return user.pk is not None and Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).exists()


def is_required(*, user: User | AnonymousUser, clinics: list[Clinic] | None = None) -> bool:
    """Whether the installation, or any clinic that the account belongs to, asks for a second factor.

    clinics: all of those, where the caller has them.
    """
    if settings.REQUIRE_SECOND_FACTOR:
        return True
    if clinics is not None:
        return any(clinic.require_second_factor for clinic in clinics)
    mine = Membership.objects.in_force().filter(user_id=user.pk)
    return mine.filter(clinic__require_second_factor=True).exists()


def is_missing(*, user: User | AnonymousUser, clinics: list[Clinic] | None = None) -> bool:
    """Whether the person must set a second factor up before they see any record."""
    return is_required(user=user, clinics=clinics) and not has_factor(user=user)


@transaction.atomic
def verify_code(*, user: User, code: str) -> Authenticator | None:
    """The authenticator that this code belongs to; no code is good twice.

    The counter that was used last is kept with the secret: a cache could be emptied, or be another process's.
    """
    code = "".join(code.split())
    rows = Authenticator.objects.select_for_update().filter(user_id=user.pk)
    for row in rows.exclude(type=Authenticator.Type.WEBAUTHN):
        if row.type == Authenticator.Type.RECOVERY_CODES:
            if row.wrap().validate_code(code):
                return row
            continue
        counter = matching_counter(decrypt(row.data["secret"]), code)
        if counter is not None and counter > row.data.get("counter", 0):
            row.data["counter"] = counter
            row.save(update_fields=["data"])
            return row
    return None


def matching_counter(secret: str, code: str) -> int | None:
    """The step of time whose code this is; all of them are compared, whichever fits."""
    found = None
    for counter in yield_hotp_counters_from_time():
        if compare_user_code(actual=code, expected=format_hotp_value(hotp_value(secret, counter))):
            found = counter
    return found


def codes_left(*, user: User | AnonymousUser) -> int | None:
    """How many recovery codes are unused; None for a person who has none at all."""
    row = Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES).first()
    return None if row is None else len(row.wrap().get_unused_codes())


def is_last(*, authenticator: Authenticator) -> bool:
    """Whether nothing but recovery codes would be left without this one."""
    others = Authenticator.objects.filter(user_id=authenticator.user_id, type__in=FACTORS)
    return not others.exclude(pk=authenticator.pk).exists()


@transaction.atomic
def reset(*, user: User) -> int:
    """Take a person's factors, recovery codes and API tokens away: whoever found the device may have them all.

    Ending their sessions is the caller's. How many factors there were.
    """
    removed = Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS).count()
    Authenticator.objects.filter(user_id=user.pk).delete()
    end_tokens(user=user, why="factor_reset")
    tell(user=user, kind=NoticeKind.FACTORS_RESET)
    return removed


def _box() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    derived = [hashlib.sha256(b"clinic.accounts.factors\0" + key.encode()).digest() for key in keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(one)) for one in derived])


def seal(text: str) -> str:
    """A factor's secret as the database keeps it: of no use without the installation's secret key."""
    return _box().encrypt(text.encode()).decode()


def unseal(text: str) -> str:
    return _box().decrypt(text.encode()).decode()


def describe(authenticator: Authenticator) -> dict[str, Any]:
    """What a page shows of a passkey."""
    wrapped = authenticator.wrap()
    return {
        "pk": authenticator.pk,
        "name": wrapped.name,
        "added": authenticator.created_at,
        "used": authenticator.last_used_at,
    }
