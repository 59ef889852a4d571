"""The API's requests, for type checkers and readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request

if TYPE_CHECKING:
    from clinic.accounts.models import User


class ApiUserRequest(Request):
    """Of somebody who is known: permissions are checked before any action looks at it."""

    user: User
