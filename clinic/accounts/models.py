"""Who logs in, and what each may do in which clinic."""

from __future__ import annotations

import uuid
import zoneinfo
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from clinic.common.models import Record, Versioned

from . import scopes
from .memberships import clinics_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(value)s” is not a time zone. Use a name such as Asia/Jakarta."), params={"value": value}
        )


class Role(models.TextChoices):
    CLINICIAN = "clinician", _("Clinician")
    ADMINISTRATOR = "administrator", _("Clinic administrator")
    REVIEWER = "reviewer", _("Read-only reviewer")
    INTEGRATION = "integration", _("Integration")


# Shorter than a treatment is a nuisance, longer than a lunch break leaves faces on an empty desk.
IDLE_MINUTES = [
    (minutes, ngettext_lazy("%d minute", "%d minutes") % minutes) for minutes in (10, 15, 30, 45, 60)
]


class ModelUse(models.TextChoices):
    """What a clinic lets a model do."""

    IN_USE = "in_use", _("In use: photos are analysed, and the results are shown")
    SHADOW = "shadow", _("Unseen: photos are analysed, and nobody is shown a result")
    OFF = "off", _("Off: photos are stored, and nothing analyses them")


def uses_model(path: str, *uses: str) -> models.Q:
    """Whether a clinic's use of the model is one of those. path: the query's way to the clinic, with underscores."""
    chosen = models.Q(**{f"{path}model_use__in": uses})
    return chosen | models.Q(**{f"{path}model_use": ""}) if settings.MODEL_USE in uses else chosen


class ClinicQuerySet(models.QuerySet["Clinic"]):
    def visible_to(self, user: User | AnonymousUser) -> ClinicQuerySet:
        """The user's own clinics."""
        return self.filter(pk__in=clinics_of(user).keys())


class Clinic(Record, Versioned):
    """A tenant: the owner of patients. Nothing is shared between two clinics."""

    name = models.CharField(_("name"), max_length=120)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    language = models.CharField(_("language"), max_length=8, default="en")
    require_second_factor = models.BooleanField(_("second factor required"), default=False, db_default=False)
    idle_minutes = models.PositiveSmallIntegerField(
        _("minutes without input until the session ends"), choices=IDLE_MINUTES, default=30, db_default=30
    )

    model_use = models.CharField(
        _("analysis by the model"),
        max_length=8,
        choices=ModelUse.choices,
        blank=True,
        default="",
        db_default="",
        help_text="empty: as the installation has it (MODEL_USE)",
    )
    protocol = models.CharField(
        _("exercises of new visits"),
        max_length=24,
        blank=True,
        default="",
        db_default="",
        help_text="key of a capture protocol (clinic.visits.protocols); empty: the default",
    )

    objects = ClinicQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def effective_model_use(self) -> str:
        """What it lets a model do: its own choice, else the installation's. A value of `ModelUse`."""
        return self.model_use or settings.MODEL_USE

    @property
    def shows_results(self) -> bool:
        """Whether photos are analysed and the results shown."""
        return self.effective_model_use == ModelUse.IN_USE


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: object) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin, Versioned):
    """A person, or another system, that logs in. Records are reached through memberships alone."""

    # By which the API names a person: a number would tell how many there are, and who came before whom.
    public_id = models.UUIDField(default=uuid.uuid4, null=True, editable=False)
    email = models.EmailField(_("e-mail address"), unique=True)
    full_name = models.CharField(_("full name"), max_length=120)
    language = models.CharField(_("language"), max_length=8, blank=True, default="")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    # Raised where all that was handed out for the account ends: sessions, password links, invitations.
    credential_generation = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    date_joined = models.DateTimeField(auto_now_add=True)

    # What one request knows of its user; see policies and clinic.patients.visibility.
    _roles_by_clinic: dict[uuid.UUID, str]
    _blind_to: frozenset[uuid.UUID]
    _opened_records: frozenset[uuid.UUID]

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["full_name"]

    def __str__(self) -> str:
        return self.full_name or self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session's own must equal, or it is over: of the password, and of the credentials' generation."""
        made_of = self.password
        if self.credential_generation:
            made_of = f"{self.password}\0{self.credential_generation}"
        salt = "django.contrib.auth.models.AbstractBaseUser.get_session_auth_hash"
        return salted_hmac(salt, made_of, secret=secret, algorithm="sha256").hexdigest()

    def get_full_name(self) -> str:
        return self.full_name

    def get_short_name(self) -> str:
        return self.full_name.split()[0] if self.full_name else self.email


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self) -> MembershipQuerySet:
        """Those that open their clinic: accepted, and not taken away."""
        return self.filter(is_active=True, accepted_at__isnull=False)

    def invitations(self) -> MembershipQuerySet:
        """Those that their holders haven't accepted yet."""
        return self.filter(is_active=True, accepted_at__isnull=True)


class Membership(Record, Versioned):
    """One person's role in one clinic. Until its holder accepts it, it is an invitation and opens nothing."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    clinic = models.ForeignKey(Clinic, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=16, choices=Role.choices)
    is_active = models.BooleanField(default=True)
    accepted_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "clinic"], name="one_membership_per_clinic"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        ]

    @property
    def shown_name(self) -> str:
        """What the clinic calls its member: of somebody who never accepted it knows the address alone."""
        return str(self.user) if self.accepted_at else self.user.email

    def __str__(self) -> str:
        return f"{self.user_id} {self.role} {self.clinic_id}"


class ApiToken(Record):
    """An API token of one person or integration: for one clinic, for some uses, with an end.

    Of the token's text only a hash is stored, in knox's row, which also holds its owner and its end.
    """

    token = models.OneToOneField(settings.KNOX_TOKEN_MODEL, on_delete=models.CASCADE, related_name="label")
    name = models.CharField(_("name"), max_length=60)
    scopes = models.CharField(max_length=200, default=scopes.EVERY, db_default=scopes.EVERY)
    # Empty only in rows of a release before this one; such a token opens nothing.
    clinic = models.ForeignKey(
        Clinic, on_delete=models.CASCADE, related_name="tokens", null=True, db_index=False
    )
    strength = models.CharField(
        max_length=60, blank=True, default="", db_default="", help_text="with which proofs it was made"
    )
    made_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, related_name="+", null=True, blank=True, db_index=False
    )

    class Meta:
        ordering = ["-created_at"]

    @property
    def scope_labels(self) -> list[str]:
        """What it may be used for, in words."""
        return [str(scopes.Scope(code).label) for code in self.scopes.split()]

    @property
    def strength_labels(self) -> list[str]:
        """With which proofs it was made, in words."""
        return [str(scopes.Proof(code).label) for code in self.strength.split()]

    @property
    def is_strong(self) -> bool:
        """Whether more than a password was proved when it was made."""
        return scopes.has_second_factor(self.strength.split())

    def __str__(self) -> str:
        return f"API token {self.pk}"


class TokenUse(models.Model):
    """When and from where a token was used last; apart from the token, whose row nothing changes."""

    token = models.OneToOneField(ApiToken, on_delete=models.CASCADE, related_name="use", primary_key=True)
    at = models.DateTimeField()
    address = models.GenericIPAddressField(null=True, blank=True)

    def __str__(self) -> str:
        return f"use of {self.token_id}"


class NoticeKind(models.TextChoices):
    """What the holder of an account is told of, whoever did it."""

    TOKEN_MADE = "token_made", _("An API token was made for you.")
    TOKEN_REVOKED = "token_revoked", _("An API token of yours was revoked.")
    TOKENS_ENDED = "tokens_ended", _("Your API tokens were ended.")
    LINK_MADE = "link_made", _("A link to set your password was made.")
    PASSWORD_CHANGED = "password_changed", _("Your password was changed.")
    PASSWORD_SET = "password_set", _("Your password was set by a link.")
    FACTOR_ADDED = "factor_added", _("A second factor was added.")
    FACTOR_REMOVED = "factor_removed", _("A second factor was removed.")
    CODES_MADE = "codes_made", _("New recovery codes were made.")
    FACTORS_RESET = "factors_reset", _("Your second factor was taken away by an administrator.")
    INVITED = "invited", _("A clinic invited you.")
    JOINED = "joined", _("You accepted a clinic's invitation.")
    ROLE_CHANGED = "role_changed", _("Your role was changed.")
    ACCESS_TAKEN = "access_taken", _("Your access to a clinic was taken away.")
    ACCESS_GIVEN = "access_given", _("Your access to a clinic was given back.")
    ADDRESS_CHANGED = "address_changed", _("The e-mail address by which you log in was changed.")
    ACCOUNT_CLOSED = "account_closed", _("Your account was closed.")
    ACCOUNT_OPENED = "account_opened", _("Your account was opened again.")


class Notice(Record):
    """One line on the account page of whom it concerns: what happened to their account, and in which clinic."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices", db_index=False)
    clinic = models.ForeignKey(
        Clinic, on_delete=models.CASCADE, related_name="+", null=True, blank=True, db_index=False
    )
    kind = models.CharField(max_length=24, choices=NoticeKind.choices)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["user", "-created_at"], name="notices_of_a_person")]

    def __str__(self) -> str:
        return f"{self.kind} {self.user_id}"


class Failures(models.Model):
    """Failed attempts to log in, by a keyed hash of whom and where they were for; no name is kept."""

    key = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0, db_default=0)
    last_at = models.DateTimeField(db_index=True)
    locked_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.count} failures"
