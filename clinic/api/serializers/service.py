"""Tokens and the catalogue of problems."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from clinic.accounts.scopes import Proof, Scope

from .fields import PersonSerializer

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
    clinic = serializers.UUIDField(
        required=False, help_text="For which it speaks; may be left out by who works in one alone."
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices),
        required=False,
        allow_empty=False,
        help_text="What it may be used for; all that its user may do if left out.",
    )


class TokenListSerializer(serializers.Serializer[Any]):
    """A token without its text, which is shown once and stored nowhere."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    owner = PersonSerializer(help_text="In whose name it speaks.")
    clinic = serializers.UUIDField(help_text="The one clinic whose records it reaches.")
    scopes = serializers.ListField(child=serializers.CharField())
    strength = serializers.ListField(
        child=serializers.ChoiceField(choices=Proof.choices),
        help_text="By what its maker proved who they are. One made with a password alone stops where the clinic asks "
        "for a second factor.",
    )
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(
        help_text="It ends sooner with the membership, or when its role changes."
    )
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_used_from = serializers.IPAddressField(allow_null=True)


class TokenSerializer(TokenListSerializer):
    """Send its text as `Authorization: Bearer …`."""

    token = serializers.CharField(help_text="Shown once and stored nowhere.")


class ProblemKindSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
