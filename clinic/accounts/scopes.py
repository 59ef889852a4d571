"""What a token may be used for: never more than its user may do, and less where its maker said so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .models import ApiToken


class Scope(models.TextChoices):
    PATIENTS_READ = "patients.read", _("Read patients, episodes, treatments, consents and visits")
    PATIENTS_WRITE = "patients.write", _("Write patients, episodes, treatments, consents and visits")
    PHOTOS_WRITE = "photos.write", _("Upload photos and file them")
    RESULTS_READ = "results.read", _("Read photos, results, confirmations and the recovery history")
    RESULTS_CONFIRM = "results.confirm", _("Confirm results and give grades and impressions, as a clinician")


class Proof(models.TextChoices):
    """By what somebody proved who they are, as allauth names it."""

    PASSWORD = "password", _("password")
    TOTP = "totp", _("authenticator app")
    WEBAUTHN = "webauthn", _("passkey")
    RECOVERY_CODES = "recovery_codes", _("recovery code")


PEOPLE_ONLY: Final = frozenset({Scope.RESULTS_CONFIRM})
"""What another system's token never has: a clinician's word comes from a clinician."""
EVERY: Final = " ".join(Scope.values)


def written(scopes: Iterable[str]) -> str:
    """The scopes as they are stored: their codes, in their order, with blanks between."""
    wanted = set(scopes)
    return " ".join(scope for scope in Scope.values if scope in wanted)


def proofs(methods: Iterable[str]) -> str:
    """The proofs as they are stored: their codes, each once, in their order, with blanks between."""
    made = set(methods)
    return " ".join(proof for proof in Proof.values if proof in made)


def has_second_factor(methods: Iterable[str]) -> bool:
    """Whether these proofs are more than a password."""
    return bool(set(methods) - {Proof.PASSWORD})


def of_token(token: Any) -> frozenset[str]:
    """The scopes of a token; none for a token without a name, which opens nothing."""
    label: ApiToken | None = getattr(token, "label", None)
    return frozenset((label.scopes if label else "").split())
