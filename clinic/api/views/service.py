"""What is no patient's record: tokens, the protocol of exercises, the catalogue of problems, unknown addresses."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from knox.auth import TokenAuthentication
from rest_framework import permissions
from rest_framework.exceptions import ErrorDetail, Throttled, ValidationError
from rest_framework.response import Response

from clinic.accounts import events, factors, lockout, stepup
from clinic.accounts import services as accounts
from clinic.accounts.models import Clinic
from clinic.accounts.scopes import Proof
from clinic.accounts.selectors import tokens_visible_to
from clinic.visits.exercises import PROTOCOL
from clinic.visits.protocols import PROTOCOLS

from ..catalogue import CATALOGUE, Problem
from ..permissions import FREE
from ..serializers.photos import ExerciseSerializer
from ..serializers.series import ProtocolSerializer
from ..serializers.service import ProblemKindSerializer, TokenInput, TokenListSerializer, TokenSerializer
from ..throttles import ByAccount, ByAddress, Everything
from .base import Strict, Systems, given

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest
    from knox.models import AuthToken
    from rest_framework.request import Request

    from clinic.accounts.models import User

    from ..requests import ApiUserRequest


class TokenView(Strict):
    """Getting a token, and giving it back."""

    inputs: ClassVar[dict[str, Any]] = {"post": TokenInput}

    def scope(self) -> str:
        return FREE

    def get_throttles(self) -> list[Any]:
        asking = self.request.method == "POST"
        return [throttle() for throttle in ((ByAddress, ByAccount) if asking else (Everything,))]

    def get_authenticators(self) -> list[Any]:
        # Whoever asks for a token has none yet, and a session must not hand one out without the password.
        asking = self.request is not None and self.request.method == "POST"
        return [] if asking else list(super().get_authenticators())

    def get_permissions(self) -> list[Any]:
        return [] if self.request.method == "POST" else list(super().get_permissions())

    @extend_schema(
        summary="Get a token",
        description=(
            "For e-mail address and password. It speaks for one clinic, and may do there what its user may do. "
            "Wrong ones of either answer alike, "
            "and attempts are few a minute. Whoever has a second factor sends its current code too (or a recovery "
            "code); whoever must have one and has none is refused until it is set up on the pages. An integration "
            "has no password: its token is made on the page of API tokens by its clinic's administrator."
        ),
        auth=[],
        request=TokenInput,
        responses={201: TokenSerializer},
    )
    def post(self, request: Request) -> Response:
        asked = given(TokenInput, request.data)
        user, proofs = self._proven(request._request, asked)
        label, text = accounts.create_token(
            user=user,
            name=asked["name"],
            days=asked["days"],
            scopes=asked.get("scopes"),
            clinic=self._clinic(user, asked.get("clinic")),
            strength=proofs,
        )
        made = {**described(label.token), "token": text}
        return Response(TokenSerializer(made, context={"systems": Systems(user)}).data, status=201)

    def _clinic(self, user: User, pk: uuid.UUID | None) -> Clinic | None:
        """The clinic that was asked for, as its own error where the user doesn't work there."""
        if pk is None:
            return None
        clinic = Clinic.objects.visible_to(user).filter(pk=pk).first()
        if clinic is None:
            said = _("You work in no clinic with this identifier.")
            raise ValidationError({"clinic": [ErrorDetail(said, "not_found")]})
        return clinic

    def _proven(self, request: HttpRequest, asked: dict[str, Any]) -> tuple[User, list[str]]:
        """Whoever these words prove, and by what: the password, and the second factor of who has or needs one."""
        refused = {"WWW-Authenticate": "Bearer"}
        proofs = [str(Proof.PASSWORD)]
        try:
            user = stepup.check_password(request, account=asked["email"], password=asked["password"])
            if user is None:
                raise Problem("wrong_credentials", headers=refused)
            if factors.has_factor(user=user):
                if not asked["code"]:
                    raise Problem("code_required", headers=refused)
                found = stepup.check_code(request, user=user, code=asked["code"])
                if found is None:
                    raise Problem("wrong_code", headers=refused)
                proofs.append(str(found.type))
            elif factors.is_required(user=user):
                raise Problem("second_factor_required")
        except lockout.Locked as locked:
            raise Throttled(wait=locked.seconds, detail=locked.sentence) from locked
        events.note(request, events.Event.LOGIN, user, how="token")
        return user, proofs

    @extend_schema(
        summary="List tokens",
        description=(
            "Of a session: its user's own tokens, and all for the clinics that they administer. Of a token: itself, so "
            "that a program can tell when it ends. The newest first; those that have ended are not listed."
        ),
        responses=TokenListSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        context = {"systems": Systems(request.user)}
        return Response(
            TokenListSerializer(map(described, _visible(request)), many=True, context=context).data
        )

    @extend_schema(
        summary="Revoke the token that this request carries",
        description="It is worth nothing from then on; other tokens of the same user go on.",
        request=None,
        responses={204: None},
    )
    def delete(self, request: ApiUserRequest) -> Response:
        if not isinstance(request.successful_authenticator, TokenAuthentication):
            raise Problem("no_token")
        accounts.revoke_token(token=request.auth, by=request.user)
        return Response(status=204)


def described(token: Any) -> dict[str, Any]:
    """What the API says of a token."""
    label = token.label
    use = getattr(label, "use", None)
    return {
        "id": label.pk,
        "name": label.name,
        "owner": token.user,
        "clinic": label.clinic_id,
        "scopes": label.scopes.split(),
        "strength": label.strength.split(),
        "created_at": token.created,
        "expires_at": token.expiry,
        "last_used_at": use.at if use else None,
        "last_used_from": use.address if use else None,
    }


def _visible(request: Request) -> QuerySet[AuthToken]:
    """The tokens that the caller may see and revoke; for a token itself alone."""
    found = tokens_visible_to(user=request.user)
    if isinstance(request.successful_authenticator, TokenAuthentication):
        return found.filter(pk=request.auth.pk)
    return found


class OneTokenView(Strict):
    """Revoking a token by its identifier: one's own, or one for a clinic that one administers."""

    def scope(self) -> str:
        return FREE

    @extend_schema(
        operation_id="tokens_revoke",
        summary="Revoke a token",
        description=(
            "It is worth nothing from then on. Its owner may, and the clinic's administrators; their session must "
            "have proved lately who they are. A token can revoke itself alone."
        ),
        request=None,
        responses={204: None},
    )
    def delete(self, request: ApiUserRequest, pk: uuid.UUID) -> Response:
        token = _visible(request).filter(label__pk=pk).first()
        if token is None:
            raise Http404
        by_token = isinstance(request.successful_authenticator, TokenAuthentication)
        if not by_token and not stepup.is_fresh(request._request):
            raise Problem("step_up_required")
        accounts.revoke_token(token=token, by=request.user)
        return Response(status=204)


class ExerciseView(Strict):
    def scope(self) -> str:
        return FREE

    @extend_schema(
        summary="The exercises that a patient can be asked for",
        description="All of them, in the order in which photos are shown. It will grow: take the codes from here.",
        responses=ExerciseSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return Response(ExerciseSerializer(PROTOCOL, many=True, context={"request": request}).data)


class ProtocolsView(Strict):
    def scope(self) -> str:
        return FREE

    @extend_schema(
        summary="The protocols with which visits begin",
        description="Which exercises a visit asks for, and in which order. A clinic chooses one for its new visits.",
        responses=ProtocolSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return Response(ProtocolSerializer(PROTOCOLS, many=True, context={"request": request}).data)


class CallerView(Strict):
    """Whether the caller is somebody: the proxy asks with a request's headers before it takes the body in."""

    schema = None
    throttle_classes: ClassVar[list[Any]] = []

    def scope(self) -> str:
        return FREE

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # Asked in the name of pages too, and answered without words.
        return super().perform_content_negotiation(request, force=True)

    def get(self, request: Request) -> Response:
        """204, or the problem that says why not."""
        return Response(status=204)


class ProblemsView(Strict):
    permission_classes: ClassVar[list[Any]] = [permissions.AllowAny]
    authentication_classes: ClassVar[list[Any]] = []

    @extend_schema(
        summary="Every code that a problem can have",
        description="Codes keep their meaning; there may be new ones. Titles are in the reader's language.",
        responses=ProblemKindSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        return Response(ProblemKindSerializer(CATALOGUE.values(), many=True).data)


class ProblemView(Strict):
    permission_classes: ClassVar[list[Any]] = [permissions.AllowAny]
    authentication_classes: ClassVar[list[Any]] = []

    @extend_schema(
        summary="What one code means",
        description="Where a problem's `type` points to.",
        responses=ProblemKindSerializer,
    )
    def get(self, request: Request, code: str) -> Response:
        if code not in CATALOGUE:
            raise Http404
        return Response(ProblemKindSerializer(CATALOGUE[code]).data)


class NothingHere(Strict):
    """Every address under the API that nothing else answers."""

    permission_classes: ClassVar[list[Any]] = [permissions.AllowAny]
    authentication_classes: ClassVar[list[Any]] = []
    schema = None

    def known_parameters(self) -> frozenset[str]:
        return frozenset(self.request.query_params)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404
