"""The permission matrix, row by row: who may, who may not, what they see, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, get_resolver

from .asking import Answer, address, ask, said_by, secrets, send
from .rows import Row
from .table import ROWS
from .world import MEMBERS, WHO, Place, World

pytestmark = pytest.mark.django_db
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def patterns() -> Iterator[tuple[str, str]]:
    """Each address of the product as (route, name)."""

    def walk(resolver, route: str, space: str) -> Iterator[tuple[str, str]]:
        for pattern in resolver.url_patterns:
            here = route + str(pattern.pattern)
            if isinstance(pattern, URLPattern):
                yield here, space + (pattern.name or "")
            else:
                inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
                yield from walk(pattern, here, inner)

    return walk(get_resolver(), "", "")


def test_every_address_is_in_the_table() -> None:
    names = {row.name for row in ROWS}
    by_route: dict[str, set[str]] = {}
    for route, name in patterns():
        by_route.setdefault(route, set()).add(name)
    missing = []
    for route, here in by_route.items():
        if not here & names:
            missing.append(f'{sorted(here)[0] or route}  (route "{route}")')
    assert not missing, (
        "These addresses are not in tests/matrix/table.py. Add for each one and each of its methods a row such as\n"
        '    get("NAME", PAGE, "patient"),    or    post("NAME", WRITE, "patient", lambda r: {...}),\n'
        "with the answer that each of world.WHO must get:\n  " + "\n  ".join(missing)
    )


def test_the_table_holds_no_address_that_is_gone() -> None:
    names = {name for _, name in patterns()}
    assert sorted({row.name for row in ROWS} - names) == []


def test_each_row_says_something_of_everybody() -> None:
    assert [str(row) for row in ROWS if len(row.expected) != len(WHO)] == []


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row, world: World) -> None:
    wrong = []
    for who, expected in zip(WHO, row.expected, strict=True):
        place = world.other if who == "stranger" and not row.on and expected == "ok" else world.mine
        wrong += judge(world, row, who, expected, place)
    if row.on:
        stranger = row.expected[WHO.index("stranger")]
        for who in MEMBERS:
            own = row.expected[WHO.index(who)]
            # A page that is closed to a role says nothing of the record; what is closed by the record isn't there.
            closed = (who == "integration" and (row.by_scope or not row.is_api)) or (
                row.by_role and own != "ok"
            )
            wrong += judge(world, row, who, own if closed else stranger, world.other)
    assert not wrong, f"{row}\n  " + "\n  ".join(wrong)


def judge(world: World, row: Row, who: str, expected: str, place: Place) -> list[str]:
    """All that is wrong with the answer to one person, in words."""
    answer = ask(world, row, who, place)
    whose = "own" if place is world.mine else "the other clinic's"
    wanted = str(row.success) if expected == "ok" else expected
    found = []
    if answer.outcome != wanted:
        found.append(f"got {answer.outcome} instead of {wanted}: {answer.location or answer.text[:300]}")
    elif expected == "ok":
        found += allowed(row, who, answer, place)
    else:
        found += refused(answer)
    found += leaks(world, row, who, answer, place)
    return [f"{who} ({whose} record): {one}" for one in found]


def allowed(row: Row, who: str, answer: Answer, place: Place) -> list[str]:
    """An allowed answer shows the record, and is logged if it did."""
    found = []
    wanted = {None: place.word if row.method == "GET" else "", "house": place.house}.get(row.sees, row.sees)
    if row.sees == "id":
        kind = row.on or row.name.split(":")[1].split("-")[0]
        sees_none = who in ("nobody", "staff")
        wanted = "" if sees_none else str(getattr(place.records, kind).pk)
    if wanted and wanted not in answer.text:
        found.append(f"the answer lacks “{wanted}”")
    shows = row.reads if row.reads is not None else bool(row.on and row.method == "GET" and row.sees is None)
    if shows and not answer.read:
        found.append("the read is not in the log")
    told = {table for table in answer.tables - QUIET if not table.startswith(QUIET_FEED)}
    if told and not answer.logged:
        found.append(f"the log says nothing of a change of {', '.join(sorted(told))}")
    if row.on in CLINICAL and row.writes and row.method != "GET" and not answer.changed:
        found.append("nothing was changed: the row's body is wrong, and proves nothing of refusals")
    return found


# Whatever is written stands in the log, by whichever address it comes, but for what the log says already, told to the
# person or to other programs; when a token was used last; that a request was answered; figures made of records.
QUIET = {"accounts_notice", "accounts_tokenuse", "api_repeatablerequest", "recovery_patientsummary"}
QUIET_FEED = "feed_"
CLINICAL = {
    "patient",
    "archived_patient",
    "episode",
    "treatment",
    "consent",
    "visit",
    "archived_visit",
    "photo",
    "archived_photo",
}


def refused(answer: Answer) -> list[str]:
    """A refusal changes nothing and is no read."""
    found = []
    if answer.changed:
        found.append("refused, and changed something all the same")
    if answer.read:
        found.append("refused, and logged as a read")
    return found


def leaks(world: World, row: Row, who: str, answer: Answer, place: Place) -> list[str]:
    """No word and no identifier of a clinic reaches somebody who does not work there."""
    said = said_by(address(row, place), row.body(place.records))
    if who == "staff":
        # Runs the server: by the pages, no more than anybody else without a clinic.
        hidden = [word for shown in (world.mine, world.other) for word in secrets(shown, said=said)]
    elif who in MEMBERS:
        hidden = secrets(world.other, said=said)
    elif who == "stranger":
        hidden = secrets(world.mine, said=said)
    elif who in ("nobody", "inactive"):
        hidden = [*secrets(world.mine, said=said, clinical_only=True), *secrets(world.other, said=said)]
    else:
        hidden = [*secrets(world.mine, said=said), *secrets(world.other, said=said)]
    return [f"the answer tells “{word}”" for word in hidden if word in answer.text]


LISTED = sorted({row.name for row in ROWS if row.name != "api:nothing"})


@pytest.mark.parametrize("name", LISTED)
def test_a_method_that_is_not_in_the_table_does_nothing(name: str, world: World) -> None:
    """PUT and the like may be answered as GET is, POST must be refused: or it belongs into the table."""
    rows = {row.method: row for row in ROWS if row.name == name}
    some = next(iter(rows.values()))
    for method in METHODS:
        if method in rows:
            continue
        path = address(some, world.mine)
        refusals = {405, 404, 403, 401}
        for who in ("administrator", "stranger"):
            answer = send(world, who, method, path, {}, api=some.is_api)
            fine = refusals if method in ("GET", "POST") else {*refusals, 200, 302}
            if answer.outcome == "login" and not answer.changed:
                break
            assert answer.status in fine and not answer.changed, (
                f"{method} {name} answers {answer.status} to the {who}. Add a row for it to tests/matrix/table.py:\n"
                f'    {method.lower()}("{name}", WRITE, "{some.on}", lambda r: {{...}}),'
            )
            if answer.status in refusals:
                break  # whom not even the clinic's administrator may, nobody may
            told = [word for word in secrets(world.mine, said=path.lower()) if word in answer.text]
            assert who == "administrator" or not told, f"{method} {name} tells the stranger {told}"
