"""The catalogue of what may be wrong, and the exception by which a view answers with one of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One sort of problem: its code never changes its meaning, its title is for people."""

    code: str
    status: int
    title: str | Promise


def _catalogue(*kinds: ProblemKind) -> dict[str, ProblemKind]:
    return {kind.code: kind for kind in kinds}


# What intake says of a photo: the codes of clinic.visits.refusals.
INTAKE = _catalogue(
    ProblemKind("same_in_visit", 409, _("This photo is already in this visit.")),
    ProblemKind("same_in_patient", 409, _("This photo is already in another visit of this patient.")),
    ProblemKind("same_elsewhere", 409, _("The same photo is in another patient's record.")),
    ProblemKind("not_a_photo", 415, _("The file is not a photo.")),
    ProblemKind("unsupported_type", 415, _("The file is of a type that is not taken in.")),
    ProblemKind("empty", 422, _("The file is empty.")),
    ProblemKind("too_many_pixels", 422, _("The picture has too many pixels.")),
    ProblemKind("too_small", 422, _("The picture has too few pixels.")),
    ProblemKind(
        "too_narrow", 422, _("The picture is a strip, much longer in one direction than in the other.")
    ),
    ProblemKind("too_costly", 422, _("The photo takes more work to read than it may.")),
    ProblemKind("busy", 503, _("Too many photos are coming in at once.")),
    ProblemKind("animated", 422, _("The file holds several pictures.")),
    ProblemKind("damaged", 422, _("The file is damaged or was cut short.")),
    ProblemKind("unknown_exercise", 422, _("The protocol has no such exercise.")),
    ProblemKind("restricted", 403, _("The record is restricted.")),
    ProblemKind("no_consent", 403, _("There is no consent to the clinical record.")),
    ProblemKind("key_missing", 503, _("The key of this clinic is not there.")),
    ProblemKind("no_file", 422, _("No file was sent.")),
    ProblemKind("disk_full", 507, _("The server's disk is full.")),
    ProblemKind("store_away", 503, _("The server's store of photos does not answer.")),
    ProblemKind("not_stored", 507, _("The server could not write the photo.")),
)
CATALOGUE = _catalogue(
    ProblemKind("malformed", 400, _("The request can't be read.")),
    ProblemKind("validation_failed", 400, _("Some fields are missing or wrong.")),
    ProblemKind("malformed_key", 400, _("An Idempotency-Key has 1 to 255 printable characters of ASCII.")),
    ProblemKind("not_authenticated", 401, _("Log in or send a valid token.")),
    ProblemKind("wrong_credentials", 401, _("The e-mail address or the password is wrong.")),
    ProblemKind("code_required", 401, _("Send the code of your second factor too.")),
    ProblemKind("wrong_code", 401, _("The code is wrong, or it was used already.")),
    ProblemKind(
        "second_factor_required",
        403,
        _("Set up a second factor on the pages first: your clinic asks for one."),
    ),
    ProblemKind("not_permitted", 403, _("Your role in this clinic does not permit this.")),
    ProblemKind("out_of_scope", 403, _("This token was not made for that.")),
    ProblemKind("csrf_failed", 403, _("The request lacks the CSRF token of its session.")),
    ProblemKind("step_up_required", 403, _("Please confirm that it is you.")),
    ProblemKind(
        "record_restricted", 403, _("The record is restricted: kept, but neither shown, changed nor used.")
    ),
    ProblemKind("not_found", 404, _("There is nothing here that you may see.")),
    ProblemKind("method_not_allowed", 405, _("This resource does not know this method.")),
    ProblemKind("not_acceptable", 406, _("The answer can't be had in the media type asked for.")),
    ProblemKind("conflict", 409, _("This contradicts what is on record.")),
    ProblemKind(
        "in_progress", 409, _("A request of this Idempotency-Key is at work. Come back in a moment.")
    ),
    ProblemKind("archived", 409, _("The record is archived. Restore it before changing it.")),
    ProblemKind("no_result", 409, _("Only a photo with a result can be confirmed or corrected.")),
    ProblemKind("no_token", 409, _("The request carries no token that could be revoked.")),
    ProblemKind("retry_not_possible", 409, _("Trying this analysis again can't help.")),
    ProblemKind("cursor_expired", 410, _("This place in the changes is no longer known. Begin anew.")),
    ProblemKind(
        "precondition_failed", 412, _("The record was changed since the version that If-Match names.")
    ),
    ProblemKind("too_large", 413, _("The request or the photo is too large.")),
    ProblemKind("unsupported_media", 415, _("The request's media type is not supported.")),
    ProblemKind("key_reused", 422, _("This Idempotency-Key was used for another request.")),
    ProblemKind(
        "precondition_required", 428, _("Say in If-Match which version of the record you mean to change.")
    ),
    ProblemKind("throttled", 429, _("Too many requests. Wait and try again.")),
    ProblemKind("file_altered", 503, _("The photo's file is not the one that was stored.")),
    ProblemKind("report_unavailable", 503, _("The report can't be made now.")),
    ProblemKind("server_error", 500, _("Something broke on our side.")),
    *INTAKE.values(),
)


class Problem(exceptions.APIException):
    """Raised by a view to answer with that code of the catalogue."""

    def __init__(
        self, code: str, detail: str | Promise = "", *, headers: dict[str, str] | None = None, **extra: Any
    ) -> None:
        self.kind = CATALOGUE[code]
        self.status_code = self.kind.status
        self.headers = headers or {}
        self.extra = extra
        super().__init__(force_str(detail or self.kind.title), code)
