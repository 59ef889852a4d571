"""Who may log in, by whatever proof: people. Another system has tokens and nothing else."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from .models import User
from .selectors import is_integration_account


class PeopleBackend(ModelBackend):
    """Django's own, but for integrations: no password of theirs counts."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Asked with each login."""
        return super().user_can_authenticate(user) and not (
            isinstance(user, User) and is_integration_account(user=user)
        )

    def get_user(self, user_id: Any) -> User | None:
        """Whose session this is; asked with each request. No session of another system ever begins."""
        return User.objects.filter(pk=user_id, is_active=True).first()
