"""Tokens and the catalogue of problems."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.accounts.scopes import Scope

LONGEST_DAYS = 90


class TokenInput(serializers.Serializer[Any]):
    email = serializers.EmailField()
    password = serializers.CharField(trim_whitespace=False, write_only=True, style={"input_type": "password"})
    code = serializers.CharField(
        max_length=32,
        required=False,
        default="",
        allow_blank=True,
        write_only=True,
        help_text="Of the authenticator app, or a recovery code: for whoever has a second factor.",
    )
    name = serializers.CharField(
        max_length=60, required=False, default="API", help_text="By which you will know it in your profile."
    )
    days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_DAYS, required=False, default=1, help_text="For how long it works."
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices),
        required=False,
        allow_empty=False,
        help_text="What it may be used for; all that its user may do if left out.",
    )


class TokenSerializer(serializers.Serializer[Any]):
    """Send it as `Authorization: Bearer …`. It is shown once and stored nowhere."""

    token = serializers.CharField()
    expires_at = serializers.DateTimeField()
    scopes = serializers.ListField(child=serializers.CharField())


class ProblemKindSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
