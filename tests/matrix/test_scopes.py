"""A token opens what its scopes name and nothing else, on every address of the API."""

from __future__ import annotations

import pytest
from django.test import Client

from clinic.accounts.scopes import Scope
from clinic.accounts.services import create_token

from .asking import ask, send
from .rows import Row
from .table import API_ROWS

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
    "release": (None, None),
    "exercises": (None, None),
    "caller": (None, None),
    "changes": (READ, None),
}
APART = {
    "patient-search": READ,
    "patient-history": RESULT,
    "episode-history": RESULT,
    "visit-findings": RESULT,
    "visit-filing": RESULT,
    "visit-confirm": CONFIRM,
    "release-agreement": RESULT,
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
    reads, writes = RESOURCES[name.partition("-")[0]]
    return APART.get(name, reads if row.method == "GET" else writes)


@pytest.fixture(scope="module")
def bearers(world):
    """One more caller for each scope: the clinician, with a token of that scope alone."""
    user = world.users["clinician"]
    for scope in Scope:
        world.clients[scope.value] = Client()
        world.tokens[scope.value] = create_token(user=user, name=scope, days=1, scopes=[scope])[1]
    return [scope.value for scope in Scope]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_token_opens_what_its_scope_names(row: Row, world, bearers) -> None:
    needed = scope_of(row)
    whole = ask(world, row, "clinician", world.mine).outcome
    for scope in bearers:
        answer = ask(world, row, scope, world.mine)
        if needed in (None, scope):
            assert answer.outcome == whole, scope
        else:
            assert answer.outcome == "403" and "out_of_scope" in answer.text, scope
            assert f'scope=\\"{needed.value}\\"' in answer.text or f'scope="{needed.value}"' in answer.text
            assert not answer.changed and not answer.read
            assert world.mine.word not in answer.text


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
            free = ("/tokens/", "/clinics/", "/exercises/", "/problems/", "/releases/")
            assert bool(named) != any(part in path for part in free) or "ledger" in path, f"{method} {path}"


def test_a_visits_grade_needs_the_scope_to_confirm(world, bearers) -> None:
    row = next(row for row in ROWS if str(row) == "POST api:visit-list")
    said = {**row.body(world.mine.records), "grade": 3}
    address = f"/api/v1/visits/{world.mine.records.visit.pk}/"
    for method, path, body in (("POST", "/api/v1/visits/", said), ("PATCH", address, {"impression": "x"})):
        answer = send(world, WRITE.value, method, path, body, api=True)
        assert (answer.status, answer.changed) == (403, False) and CONFIRM.value in answer.text
        assert send(world, CONFIRM.value, method, path, body, api=True).status == 403
    at = world.mine.records.visit.at.isoformat()
    assert send(world, WRITE.value, "PATCH", address, {"at": at}, api=True).status == 200
