"""What the OpenAPI document says beyond what drf-spectacular finds by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from drf_spectacular import authentication
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from rest_framework.permissions import AllowAny

from clinic.common.models import Versioned

from . import (
    contracts,
    etags,
    examples,
    examples_assessments,
    examples_home,
    examples_landmarks,
    examples_links,
    examples_red_flags,
    examples_tasks,
)
from .catalogue import CATALOGUE, INTAKE, ProblemKind
from .permissions import InScope
from .problems import MEDIA_TYPE

if TYPE_CHECKING:
    from .views.base import Records, Strict

TAG = {"type": "string", "examples": ['"7d6a1c52-0f1e-4d0a-9a53-1f1a1d6a2a11.3"']}
ETAG = {"schema": TAG, "description": "The version of the record that this answer shows."}
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    # Not marked as required: without it the answer is 428, and not 400.
    "required": False,
    "schema": TAG,
    "description": (
        "The `ETag` of the version that you read and mean to change; without it 428, with another one 412. `*` changes "
        "the record whatever it holds by now."
    ),
}
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "required": False,
    "schema": TAG,
    "description": "The `ETag` of the version that you hold: 304 if it is still the present one.",
}
ANSWERS = {
    "200": "As asked.",
    "201": "Made; `Location` is its address.",
    "202": "Taken in; the analysis follows.",
    "204": "Done; there is nothing to say.",
    "304": "Unchanged: what you have is the same.",
    "400": "The request is malformed, or a field or parameter is wrong or unknown.",
    "401": "No valid token or session.",
    "403": "Your role or the token's scopes do not permit this, or a session's CSRF token is missing.",
    "404": "There is nothing here, or nothing that the body names, that you may see.",
    "409": "The request contradicts what is on record.",
    "410": "The cursor's place is no longer known: begin anew.",
    "412": "The record has another version than `If-Match` says; `ETag` and `etag` are the present one's.",
    "413": "The request or the photo is too large.",
    "415": "The media type, or the type of the photo, is not supported.",
    "422": "The photo can't be taken in, or the `Idempotency-Key` was used for another request.",
    "428": "`If-Match` is missing.",
    "429": "Too many requests; `Retry-After` says when to come back.",
    "507": "The photo is fine and was not stored: the server has no room or can't write.",
    "503": "A photo's key or file is not what it was, the store is away, or the report can't be made.",
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": False,
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": 257,
        "examples": ["8e03978e-40d5-43dd-bc93-6894a57f9324"],
    },
    "description": (
        "A new random name for this request, by which it can be repeated for a day when its answer got lost: the "
        "record is made once, and shown again with `Idempotency-Replayed: true`. 422 for another body, 409 while the "
        "first one is still at work."
    ),
}
REPLAYED = {
    "schema": {"type": "string", "const": "true"},
    "description": "There if the record was made by an earlier request of this `Idempotency-Key`.",
}
CREATES = {
    f"{name}_create"
    for name in (
        "patients", "episodes", "treatments", "consents", "visits", "visits_confirm", "photos", "confirmations",
        "episodes_red_flags", "assessments", "patient_links", "analyses_points", "home_programmes",
    )
}  # fmt: skip
# What only some operations answer with; any other code of the same status may come from all of them.
ONLY = {
    "wrong_credentials": {"tokens_create"},
    "no_token": {"tokens_destroy"},
    "cursor_expired": {"changes_list"},
    "malformed_key": CREATES,
    "in_progress": CREATES,
    "key_reused": CREATES,
    "step_up_required": {"episodes_history_retrieve", "episodes_report_retrieve"},
    "report_unavailable": {"episodes_report_retrieve"},
    "no_result": {"confirmations_create"},
    "retry_not_possible": {"photos_retry_create"},
    "same_in_visit": {"photos_create", "photos_restore_create"},
    **{code: {"photos_create"} for code in INTAKE if code != "same_in_visit"},
    "key_missing": {
        "photos_create",
        "photos_image_retrieve",
        "photos_thumbnail_retrieve",
        "episodes_report_retrieve",
    },
    "store_away": {
        "photos_create",
        "photos_image_retrieve",
        "photos_thumbnail_retrieve",
        "episodes_report_retrieve",
    },
    "file_altered": {"photos_image_retrieve", "photos_thumbnail_retrieve", "episodes_report_retrieve"},
    # Of forms alone: here a missing or unknown value is a field's error.
    "no_file": set(),
    "unknown_exercise": set(),
}
TAGS = {
    "tokens": "How another program gets in, and gives its key back.",
    "clinics": "The tenants. Nothing is shared between two of them.",
    "patients": "Who is treated.",
    "episodes": "One illness of the face each: cause, weak side, onset, and the recovery since.",
    "treatments": "What was done, as marks on the time axis.",
    "consents": "To which uses of the photos a patient agreed, and what was taken back.",
    "changes": "What happened to the records, for programs that keep a copy.",
    "visits": "When a patient was seen, and what the clinician thought.",
    "photos": "One exercise each, upright and without metadata, and what was found in it.",
    "analyses": "One release's look at one photo: the job and its result.",
    "confirmations": "What clinicians say of the models' findings.",
    "releases": "The models and their model cards.",
    "exercises": "What a patient can be asked to do.",
    "protocols": "Which exercises a visit asks for.",
    "tasks": "What has to be looked after: eyes that do not close, and what people set themselves.",
    "assessments": "Clinical scales and questionnaires of a visit, item by item; a missing item gives no total.",
    "patient-links": "What patients are sent: a link each by which they answer without an account.",
    "home-programmes": "What patients practise at home, and how much of it they did.",
    "problems": "The codes of every error.",
}


examples.BY_SCHEMA |= examples_tasks.BY_SCHEMA | examples_assessments.BY_SCHEMA
examples.BY_SCHEMA |= examples_red_flags.BY_SCHEMA | examples_links.BY_SCHEMA | examples_landmarks.BY_SCHEMA
examples.BY_SCHEMA |= examples_home.BY_SCHEMA


class SessionScheme(authentication.SessionScheme):
    target_class = "clinic.api.authentication.SessionAuthentication"


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "clinic.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """A token of `POST /api/v1/tokens/`, or one made in the profile."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "From `POST /api/v1/tokens/`, or made on the page of API tokens.",
        }


class Schema(AutoSchema):
    """Adds to each operation the problems that it may answer with, and examples."""

    def get_operation(self, *args: Any, **kwargs: Any) -> dict[str, Any] | None:
        operation = super().get_operation(*args, **kwargs)
        if operation is None:
            return None
        for status, response in operation["responses"].items():
            response["description"] = response.get("description") or ANSWERS[status]
            _exemplify(response, accepted=status == "202")
        for status in self._problem_statuses("requestBody" in operation):
            operation["responses"].setdefault(status, _named_problem(status, operation["operationId"]))
        _exemplify(operation.get("requestBody", {}))
        self._tag(operation)
        operation["responses"] = dict(sorted(operation["responses"].items()))
        self._tell_scope(operation)
        return operation

    def _tell_scope(self, operation: dict[str, Any]) -> None:
        """The scope that a token needs, in words and beside its scheme."""
        if InScope not in self.view.permission_classes or not operation.get("security"):
            return
        if scope := cast("Strict", self.view).scope():
            operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope}`.".strip()
            operation["security"] = [
                {name: [str(scope)] if name == "token" else [] for name in way}
                for way in operation["security"]
            ]

    def _tag(self, operation: dict[str, Any]) -> None:
        """Say where a record's entity tag is told, and where it is asked for."""
        if self.asks_for_match:
            operation.setdefault("parameters", []).append(IF_MATCH)
        if operation["operationId"] in CREATES:
            operation.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
            for status in ("201", "202"):
                if status in operation["responses"]:
                    operation["responses"][status].setdefault("headers", {})["Idempotency-Replayed"] = (
                        REPLAYED
                    )
        if not self._shows_a_record():
            return
        for status, response in operation["responses"].items():
            if status in ("200", "201", "202"):
                response.setdefault("headers", {})["ETag"] = ETAG
        if self.method == "GET" and cast("Records", self.view).whole_in_its_version:
            operation.setdefault("parameters", []).append(IF_NONE_MATCH)
            operation["responses"]["304"] = {"description": ANSWERS["304"]}

    def _shows_a_record(self) -> bool:
        shape = getattr(getattr(self.view, "serializer_class", None), "Meta", None)
        model = getattr(shape, "model", None)
        own = getattr(self.view, "action", "") in (
            "retrieve",
            "create",
            "partial_update",
            "retry",
            *etags.MATCHED_ACTIONS,
        )
        return own and model is not None and issubclass(model, Versioned)

    @property
    def asks_for_match(self) -> bool:
        return etags.asks_for_match(self.method, self.path)

    def _problem_statuses(self, with_body: bool) -> set[str]:
        found = {"400", "429"}
        if with_body:
            found |= {"413", "415"}
        if "{" in self.path:
            found.add("404")
        if AllowAny in self.view.permission_classes:
            return found
        found |= {"401", "403"}
        if self.path.startswith("/api/v1/tokens"):
            return found | (set() if with_body else {"409", "403"})
        if self.method in ("POST", "PATCH"):
            found.add("404")
            if not self.path.endswith("/search/"):
                found.add("409")
        if self.path == "/api/v1/changes/":
            found.add("410")
        if self.asks_for_match:
            found |= {"412", "428"}
        if getattr(self.view, "action", "") in ("create", "confirm"):
            found.add("422")
        if self.method == "POST" and self.path == "/api/v1/photos/":
            found |= {"503", "507"}
        if self.path.endswith(("/image/", "/thumbnail/", "/report/")):
            found.add("503")
        return found


def _codes(status: str, operation: str) -> list[str]:
    """The codes of that status that the operation may answer with."""
    return [
        kind.code
        for kind in CATALOGUE.values()
        if str(kind.status) == status and operation in ONLY.get(kind.code, {operation})
    ]


def _named_problem(status: str, operation: str) -> dict[str, Any]:
    """The response that is shared by all operations without codes of their own, or this one's own."""
    codes = _codes(status, operation)
    if codes == _codes(status, ""):
        return {"$ref": f"#/components/responses/Problem{status}"}
    return _problem(status, codes)


def _problem(status: str, codes: list[str]) -> dict[str, Any]:
    """The problems of that status: their codes, and the most telling one as an example."""
    listed = ", ".join(f"`{code}`" for code in codes)
    shown = CATALOGUE[codes[-1 if status in ("400", "401", "409") else 0]]
    response: dict[str, Any] = {
        "description": f"{ANSWERS[status]} Codes: {listed}.",
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": _example(shown),
            }
        },
    }
    if status == "429":
        seconds = {"type": "integer", "minimum": 1}
        response["headers"] = {"Retry-After": {"schema": seconds, "description": "Seconds to wait."}}
    return response


def _exemplify(part: dict[str, Any], *, accepted: bool = False) -> None:
    """Put the example of its schema beside each content of a request or a response."""
    for media_type, content in part.get("content", {}).items():
        example = examples.of(content.get("schema", {}), media_type, accepted=accepted)
        if example is not None:
            content.setdefault("example", example)


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add the shape that every problem has, and what the groups of operations are."""
    result["components"]["schemas"]["Problem"] = _problem_shape()
    result["components"]["responses"] = {
        f"Problem{status}": _problem(status, codes)
        for status in ANSWERS
        if status >= "400" and (codes := _codes(status, ""))
    }
    contracts.close_requests(result)
    contracts.open_answers(result)
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    return result


def _problem_shape() -> dict[str, Any]:
    text = {"type": "string"}
    error = {
        "type": "object",
        "required": ["field", "code", "detail"],
        "properties": {
            "field": {**text, "description": "Empty where the error is about the whole."},
            "code": text,
            "detail": text,
        },
    }
    photo = {
        "type": "object",
        "description": "The photo that was made from the same file: with `same_in_visit` and `same_in_patient`.",
        "required": ["id", "url"],
        "properties": {"id": {**text, "format": "uuid"}, "url": {**text, "format": "uri"}},
    }
    patient = {
        "type": "object",
        "description": "Who has the record number: with `conflict` of a patient.",
        "required": ["id", "url", "state"],
        "properties": {
            "id": {**text, "format": "uuid"},
            "url": {**text, "format": "uri"},
            "state": {**text, "examples": ["current", "archived", "restricted"]},
        },
    }
    return {
        "type": "object",
        "description": "Problem details (RFC 9457). Decide by `code`; titles and details are for people.",
        "required": ["type", "title", "status", "code", "detail", "instance"],
        "properties": {
            "type": {**text, "format": "uri", "description": "Where the code is explained."},
            "title": text,
            "status": {"type": "integer"},
            # No enum: a new code must not break a generated client.
            "code": {**text, "description": "One of `GET /api/v1/problems/`.", "examples": list(CATALOGUE)},
            "detail": text,
            "instance": {**text, "description": "The path that was asked for."},
            "etag": {**text, "description": "The present version's: with `precondition_failed`."},
            "errors": {"type": "array", "items": error, "description": "What is wrong, field by field."},
            "photo": photo,
            "patient": patient,
            "scope": {**text, "description": "With `out_of_scope`: what the token was not made for."},
        },
    }


def _example(kind: ProblemKind) -> dict[str, Any]:
    """An example of a problem of that kind."""
    wrong = {"field": "name", "code": "unknown", "detail": "There is no such field here."}
    more: dict[str, Any] = {"errors": [wrong]} if kind.code == "validation_failed" else {}
    if kind.code == "precondition_failed":
        more = {"etag": TAG["examples"][0]}
    if kind.code.startswith("same_in_"):
        more = {"photo": {"id": examples.PHOTO_ID, "url": examples.PHOTO["url"]}}
    return {
        "type": f"{examples.API}/problems/{kind.code}/",
        "title": str(kind.title),
        "status": kind.status,
        "code": kind.code,
        "detail": str(kind.title),
        "instance": "/api/v1/…/",
        **more,
    }
