"""The short form: a few requests to every operation of the OpenAPI schema, as an administrator and as nobody."""

from __future__ import annotations

import pytest

from tests.api.contract import document

from . import api

SEED = 20261121
DOCUMENTED = {
    f"{method.upper()} {path}" for path, methods in document()["paths"].items() for method in methods
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("who", "phases"), [("administrator", ("fuzzing",)), ("nobody", ("fuzzing",))])
def test_every_operation_takes_what_is_made_up(who, phases):
    tally = api.run(who=who, examples=2, seed_of=SEED, phases=phases)
    assert tally.wrong == []
    assert DOCUMENTED - tally.operations == set(), "every operation was asked"
    assert any(phase.startswith("fuzzing") for phase in tally.phases)
    allowed = "200 201 202 204 400 401 403 404 405 409 412 413 415 422 428 429 503"
    assert set(tally.answers) <= set(allowed.split())
    if who == "administrator":
        assert tally.answers["200"] >= 10 and tally.answers["401"] < sum(tally.answers.values()) / 4
