"""Secrets in links that are handed over: to set a password, to accept an invitation. Nothing of them is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.tokens import PasswordResetTokenGenerator

if TYPE_CHECKING:
    from .models import Membership, User


class PasswordLinks(PasswordResetTokenGenerator):
    """Good once, for some days, and until anything of the account's access changes: a role, a clinic."""

    key_salt = "clinic.accounts.links.password"

    def _make_hash_value(self, user: User, timestamp: int) -> str:  # type: ignore[override]
        access = user.memberships.order_by("pk").values_list(
            "pk", "version", "role", "is_active", "accepted_at"
        )
        return f"{super()._make_hash_value(user, timestamp)}{user.credential_generation}{list(access)}"


class InvitationLinks(PasswordResetTokenGenerator):
    """Good once, for some days, and until the invitation is changed or taken back."""

    key_salt = "clinic.accounts.links.invitation"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        invitation: Membership = user
        return f"{invitation.pk}{invitation.version}{invitation.accepted_at}{invitation.is_active}{timestamp}"


password_links = PasswordLinks()
invitation_links = InvitationLinks()
