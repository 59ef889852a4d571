"""Ten thousand guesses at addresses that take an identifier, by two people of another clinic: none opens anything.

They go straight to the view that the address leads to, with the middleware's own questions asked first: the same code
answers as behind the web server, without drawing ten thousand pages that say "not found". A sample of them goes the
whole way.
"""

from __future__ import annotations

import base64
import random
import uuid
from collections import Counter
from collections.abc import Iterator
from urllib.parse import quote, unquote

import pytest
from django.conf import settings
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import BadRequest, PermissionDenied, SuspiciousOperation
from django.http import Http404
from django.test import RequestFactory
from django.urls import Resolver404, resolve, reverse
from django_htmx.middleware import HtmxDetails

from clinic.accounts.middleware import CurrentClinicMiddleware
from clinic.audit.models import ReadEvent

from .asking import address, secrets, writes
from .rows import Row
from .table import ROWS
from .world import World

pytestmark = pytest.mark.django_db
GUESSES = 10_000
WHOLE_WAY = 150
SEED = 20261121

# What stands for an identifier in an address: each row of the table that names a record.
TARGETS = [row for row in ROWS if row.on and not row.args and not row.name.startswith("mfa_")]


def identifiers(rng: random.Random, real: list[str]) -> Iterator[str]:
    """Made-up identifiers, for ever: near real ones, far from them, and of other kinds."""
    tricks = (
        lambda pk: str(uuid.UUID(int=uuid.UUID(pk).int ^ (1 << rng.randrange(128)))),
        lambda pk: str(uuid.UUID(int=(uuid.UUID(pk).int + rng.choice((-2, -1, 1, 2))) % 2**128)),
        lambda pk: pk,  # the right one, asked for by the wrong person
        lambda pk: pk.upper(),
        lambda pk: pk.replace("-", ""),
        lambda pk: "{" + pk + "}",
        lambda pk: "urn:uuid:" + pk,
        lambda pk: quote(pk[0], safe="").join(("", pk[1:])) + "%00",
        lambda pk: pk + "%2e%2e",
        lambda pk: f"../{pk}",
        lambda pk: f"{pk}/../{rng.choice(real)}",
        lambda pk: f"%2e%2e%2f{pk}",
        lambda pk: pk + ".json",
        lambda pk: pk + "'--",
        lambda pk: pk + "%20or%201=1",
        lambda pk: base64.urlsafe_b64encode(uuid.UUID(pk).bytes).decode().rstrip("="),
        lambda pk: str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        lambda pk: str(uuid.UUID(int=rng.getrandbits(128))),
        lambda pk: str(rng.randrange(-5, 5000)),
        lambda pk: str(rng.getrandbits(64)),
        lambda pk: rng.randbytes(16).hex(),
        lambda pk: rng.randbytes(32).hex(),
        lambda pk: rng.choice(("me", "0", "null", "None", "undefined", "*", "%", "..", "new", "all", "true")),
        lambda pk: "00000000-0000-0000-0000-00000000000" + rng.choice("0123456789"),
        lambda pk: "".join(
            chr(rng.choice((rng.randrange(64, 127), rng.randrange(0x660, 0x66A)))) for _ in range(36)
        ),
    )
    while True:
        yield rng.choice(tricks)(rng.choice(real))


def guesses(world: World) -> list[tuple[str, Row, str]]:
    """(who, row, address): the table's own addresses with the identifier replaced."""
    rng = random.Random(SEED)
    real = sorted(pk for pk in world.mine.ids() if len(pk) == 36)
    made = identifiers(rng, real)
    found = []
    for number in range(GUESSES):
        row = rng.choice(TARGETS)
        right = str(getattr(world.mine.records, row.on).pk)
        path = address(row, world.mine).replace(right, next(made))
        found.append((("stranger", "nobody")[number % 2], row, path))
    return found


def open_view(world: World, who: str, row: Row, path: str) -> tuple[str, str]:
    """What the address answers: the outcome in a word, and what it would show."""
    try:
        match = resolve(unquote(path.partition("?")[0]))
    except Resolver404:
        return "no such address", ""
    request = getattr(RequestFactory(), row.method.lower())("/", data=row.body(world.other.records))
    user = world.users[who]
    user.__dict__.pop("_roles_by_clinic", None)
    request.user, request.resolver_match = user, match
    request.session = SessionStore()
    request.htmx = HtmxDetails(request)
    request._messages = FallbackStorage(request)
    request._dont_enforce_csrf_checks = True
    answers = []

    def view(request):
        middleware = CurrentClinicMiddleware(lambda r: r)
        early = middleware.process_view(request, match.func, match.args, match.kwargs)
        answers.append(early or match.func(request, *match.args, **match.kwargs))
        return answers[-1]

    try:
        CurrentClinicMiddleware(view)(request)
    except (Http404, PermissionDenied, SuspiciousOperation, BadRequest) as refusal:
        return type(refusal).__name__, ""
    answer = answers[-1]
    if hasattr(answer, "render"):
        answer.accepted_renderer = getattr(answer, "accepted_renderer", None)
        answer.render()
    body = b"" if answer.streaming else answer.content
    return str(answer.status_code), (body.decode(errors="replace") + repr(answer.headers)).lower()


def test_none_of_ten_thousand_guesses_opens_anything(world: World) -> None:
    found: Counter[str] = Counter()
    opened = []
    before, reads = writes(), ReadEvent.objects.count()
    hidden = [world.mine.word, world.mine.house]
    for who, row, path in guesses(world):
        outcome, shown = open_view(world, who, row, path)
        found[outcome] += 1
        elsewhere = outcome.startswith("3") and "/account/" not in shown
        if outcome.startswith(("2", "5")) or elsewhere or any(word in shown for word in hidden):
            opened.append(f"{who} {row.method} {path}: {outcome}")
    assert opened == []
    assert writes() == before and ReadEvent.objects.count() == reads
    assert sum(found.values()) == GUESSES and len(found) > 2, found
    # Enough of them got past the address to the question who may see the record.
    assert found["Http404"] + found["404"] > GUESSES / 10, found


def test_the_same_way_opens_to_those_who_may(world: World) -> None:
    """Or the test above would pass with a door that opens to nobody."""
    world.users["mine"] = world.users["administrator"]
    rows = [row for row in TARGETS if row.name in ("patients:record", "visits:detail", "patients:archive")]
    rows = [row for row in rows if not row.on.startswith("restricted")]
    for row in rows:
        outcome, _shown = open_view(world, "mine", row, address(row, world.mine))
        assert outcome in ("200", "302"), f"{row}: {outcome}"


def test_a_sample_of_them_goes_the_whole_way(world: World) -> None:
    sample = random.Random(SEED).sample(guesses(world), WHOLE_WAY)
    for who, row, path in sample:
        client = world.client(who)
        client.raise_request_exception = False
        method = getattr(client, row.method.lower())
        answer = method(
            path, **({"content_type": "application/json"} if row.is_api and row.method != "GET" else {})
        )
        assert answer.status_code in (301, 302, 400, 401, 403, 404, 405), f"{row.method} {path}"
        body = (b"" if answer.streaming else answer.content).decode(errors="replace").lower()
        told = [word for word in secrets(world.mine, said=unquote(path).lower()) if word in body]
        assert not told, f"{row.method} {path} tells {told}"


@pytest.mark.parametrize("token", ["", "x", "0" * 64, "Bearer", "null", "../../etc/passwd", "é"])
def test_a_made_up_token_opens_nothing(world: World, token: str) -> None:
    client = type(world.client("anonymous"))()
    answer = client.get(reverse("api:patient-list"), headers={"authorization": f"Bearer {token}"})
    assert answer.status_code == 401 and settings.SECRET_KEY not in answer.content.decode()


def test_a_real_token_with_one_letter_changed_opens_nothing(world: World) -> None:
    token, rng = world.tokens["integration"], random.Random(SEED)
    client = type(world.client("anonymous"))()
    ask = lambda text: client.get(reverse("api:clinic-list"), headers={"authorization": f"Bearer {text}"})  # noqa: E731
    assert ask(token).status_code == 200
    for _ in range(40):
        place = rng.randrange(len(token))
        other = rng.choice([letter for letter in "0123456789abcdef" if letter != token[place]])
        assert ask(token[:place] + other + token[place + 1 :]).status_code == 401
