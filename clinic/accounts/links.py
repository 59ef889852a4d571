"""Secrets in links that are handed over: to set a password, to accept an invitation. Nothing of them is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.tokens import PasswordResetTokenGenerator

if TYPE_CHECKING:
    from .models import Membership, User


class PasswordLinks(PasswordResetTokenGenerator):
    """Good once, for some days, and until anything of the account's access changes: a role, a clinic."""

    key_salt = "clinic.accounts.links.password"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        access = user.memberships.order_by("pk").values_list(
            "pk", "version", "role", "is_active", "accepted_at"
        )
        return f"{super()._make_hash_value(user, timestamp)}{user.credential_generation}{list(access)}"


class InvitationLinks(PasswordResetTokenGenerator):
    """Good once, for some days, and until the invitation is changed or taken back.

    Django's generator is of users by its types alone: it signs whatever `_make_hash_value` says of a record.
    """

    key_salt = "clinic.accounts.links.invitation"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        invitation: Membership = user
        return f"{invitation.pk}{invitation.version}{invitation.accepted_at}{invitation.is_active}{timestamp}"

    def secret_of(self, invitation: Membership) -> str:
        """What opens the invitation."""
        return self.make_token(cast(Any, invitation))

    def opens(self, invitation: Membership, secret: str) -> bool:
        """Whether the secret was made for the invitation as it stands."""
        return self.check_token(cast(Any, invitation), secret)


password_links = PasswordLinks()
invitation_links = InvitationLinks()
