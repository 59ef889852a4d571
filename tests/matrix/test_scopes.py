"""A token opens what its scopes name and its holder's role may, on every address of the API, and nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from clinic.accounts.models import ApiToken
from clinic.accounts.scopes import PEOPLE_ONLY, Scope
from clinic.accounts.services import create_token

from .asking import address, ask, said_by, secrets, send
from .rows import Row
from .table import API_ROWS
from .world import MEMBERS, WHO

pytestmark = pytest.mark.django_db
READ, WRITE = Scope.PATIENTS_READ, Scope.PATIENTS_WRITE
PHOTO, RESULT, CONFIRM = Scope.PHOTOS_WRITE, Scope.RESULTS_READ, Scope.RESULTS_CONFIRM
# What reads and writes of each resource need; None is open to every token.
RESOURCES = {
    "clinic": (None, None),
    "patient": (READ, WRITE),
    "episode": (READ, WRITE),
    "treatment": (READ, WRITE),
    "consent": (READ, WRITE),
    "visit": (READ, WRITE),
    "photo": (RESULT, PHOTO),
    "analysis": (RESULT, None),
    "confirmation": (RESULT, CONFIRM),
    "task": (RESULT, CONFIRM),
    "assessment": (RESULT, CONFIRM),
    "home": (RESULT, CONFIRM),
    "release": (None, None),
    "exercises": (None, None),
    "protocols": (None, None),
    "caller": (None, None),
    "changes": (READ, None),
}
APART = {
    "patient-search": READ,
    "patient-history": RESULT,
    "episode-history": RESULT,
    "episode-report": RESULT,
    "visit-findings": RESULT,
    "visit-filing": RESULT,
    "visit-confirm": CONFIRM,
    "episode-red-flags": (READ, CONFIRM),
    "analysis-points": (RESULT, CONFIRM),
    "release-agreement": RESULT,
    "patient-link-list": (RESULT, CONFIRM),
    "patient-link-detail": RESULT,
    "patient-link-revoke": CONFIRM,
}
# Asked without a token, or ending the one that asks.
NOT_ASKED = {"token", "one_token", "problems", "problem", "schema", "docs", "nothing"}
ROWS = [
    row
    for row in API_ROWS
    if row.name.removeprefix("api:") not in NOT_ASKED
    # Its body has an impression, which needs two scopes: below.
    and str(row) != "PATCH api:visit-detail"
]


def scope_of(row: Row) -> Scope | None:
    name = row.name.removeprefix("api:")
    apart = APART.get(name)
    if isinstance(apart, Scope):
        return apart
    reads, writes = apart or RESOURCES[name.partition("-")[0]]
    return reads if row.method == "GET" else writes


@dataclass(frozen=True)
class Bearer:
    """Somebody with a token of one scope."""

    holder: str
    scope: Scope

    def __str__(self) -> str:
        return f"{self.scope.value} of the {self.holder}"


@pytest.fixture(scope="module")
def bearers(world) -> list[Bearer]:
    """One more caller for each scope and each role; another system's too, with a scope that it can't be given."""
    found = [Bearer(holder, scope) for holder in MEMBERS for scope in Scope]
    for one in found:
        given = READ if one.holder == "integration" and one.scope in PEOPLE_ONLY else one.scope
        label, text = create_token(user=world.users[one.holder], name="one", days=1, scopes=[given])
        ApiToken.objects.filter(pk=label.pk).update(scopes=one.scope.value)
        world.clients[str(one)], world.tokens[str(one)] = Client(), text
    return found


def lacks(scope: Scope | None) -> str:
    """What the refusal's header says."""
    return f'bearer error="insufficient_scope", scope="{scope}"'


def role_of(row: Row, one: Bearer) -> str:
    """What the table says that the holder gets, all scopes given."""
    may = row.expected[WHO.index(one.holder)]
    return str(row.success) if may == "ok" else may


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_token_opens_what_its_scope_names_and_its_holder_may(row: Row, world, bearers) -> None:
    needed, wrong = scope_of(row), []
    said = said_by(address(row, world.mine), row.body(world.mine.records))
    foreign = secrets(world.other, said=said)
    for one in bearers:
        answer = ask(world, row, str(one), world.mine)
        if in_scope := needed in (None, one.scope):
            if answer.outcome != role_of(row, one):
                wrong.append(f"{one}: {answer.outcome} instead of {role_of(row, one)}")
        elif answer.outcome != "403" or lacks(needed) not in answer.text:
            wrong.append(f"{one}: {answer.outcome} without {needed}")
        opened = in_scope and answer.outcome == str(row.success)
        if not opened and (answer.changed or answer.read or world.mine.word in answer.text):
            wrong.append(f"{one}: refused, and something was written or told")
        wrong += [f"{one}: tells “{word}” of the other clinic" for word in foreign if word in answer.text]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("row", [row for row in ROWS if row.on], ids=str)
def test_no_token_opens_a_record_of_another_clinic(row: Row, world, bearers) -> None:
    needed = scope_of(row)
    for one in bearers:
        if needed in (None, one.scope):
            answer = ask(world, row, str(one), world.other)
            assert answer.outcome in ("403", "404"), one
            assert not answer.changed and not answer.read and world.other.word not in answer.text, one


def test_another_system_is_given_no_scope_that_only_people_have(world) -> None:
    for scope in PEOPLE_ONLY:
        with pytest.raises(ValidationError):
            create_token(user=world.users["integration"], name="x", days=1, scopes=[scope])


def test_a_token_lists_and_ends_itself_alone(world, bearers) -> None:
    other = world.mine.records.token.label.pk
    for one in bearers:
        said = send(world, str(one), "GET", "/api/v1/tokens/", {}, api=True).text
        (mine,) = json.JSONDecoder().raw_decode(said)[0]
        assert mine["scopes"] == [one.scope.value], one
        refused = send(world, str(one), "DELETE", f"/api/v1/tokens/{other}/", {}, api=True)
        assert (refused.status, refused.changed) == (404, False), one
        for path in ("/api/v1/tokens/", f"/api/v1/tokens/{mine['id']}/"):
            assert send(world, str(one), "DELETE", path, {}, api=True).status == 204, one
        body = {"name": "another", "days": 1}
        assert send(world, str(one), "POST", "/api/v1/tokens/", body, api=True).status == 400, one


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_the_document_names_the_scope_that_is_tried(row: Row, world) -> None:
    """So that a new operation inherits no neighbour's scope in the table above."""
    from ..api.contract import document

    path = address(row, world.mine).partition("?")[0]
    for template, methods in document()["paths"].items():
        # An identifier, or the name of a release; never a word that is another address.
        if re.fullmatch(re.sub(r"\{\w+\}", r"(?=[^/]*\\d)[^/]+", template), path):
            asked = [way["token"] for way in methods[row.method.lower()]["security"] if "token" in way]
            assert asked == [[scope.value for scope in [scope_of(row)] if scope]]
            return
    assert row.name == "api:caller", f"{path} is not in the document"


def test_every_operation_of_the_document_names_its_scope() -> None:
    from ..api.contract import document

    listed = {row.name.removeprefix("api:").partition("-")[0] for row in ROWS}
    assert listed <= set(RESOURCES)
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            named = [scope for way in operation.get("security", []) for scope in way.get("token", [])]
            assert set(named) <= set(Scope.values)
            said = [scope for scope in Scope.values if f"Scope: `{scope}`" in operation["description"]]
            assert named == said, f"{method} {path}"
            free = ("/tokens/", "/clinics/", "/exercises/", "/protocols/", "/problems/", "/releases/")
            assert bool(named) != any(part in path for part in free) or "ledger" in path, f"{method} {path}"


def test_a_visits_grade_needs_the_scope_to_confirm(world, bearers) -> None:
    row = next(row for row in ROWS if str(row) == "POST api:visit-list")
    said = {**row.body(world.mine.records), "grade": 3}
    path = f"/api/v1/visits/{world.mine.records.visit.pk}/"
    at = world.mine.records.visit.at.isoformat()
    for holder in MEMBERS:
        write, confirm = str(Bearer(holder, WRITE)), str(Bearer(holder, CONFIRM))
        for method, where, body in (("POST", "/api/v1/visits/", said), ("PATCH", path, {"impression": "x"})):
            answer = send(world, write, method, where, body, api=True)
            assert (answer.status, answer.changed) == (403, False)
            assert holder not in ("clinician", "administrator") or CONFIRM.value in answer.text
            answer = send(world, confirm, method, where, body, api=True)
            assert (answer.status, answer.changed) == (403, False)
        # Of what a person wrote, another system changes nothing; a reviewer changes nothing at all.
        expected = 200 if holder in ("clinician", "administrator") else 403
        assert send(world, write, "PATCH", path, {"at": at}, api=True).status == expected
