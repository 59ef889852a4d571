"""Schemathesis over the whole OpenAPI schema: what it documents, what it forbids, and whole stories of requests."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import schemathesis
from django.core.wsgi import get_wsgi_application
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

from clinic.accounts.models import Role
from clinic.accounts.services import create_token
from tests import factories
from tests.api.conftest import everything
from tests.api.contract import template_of

from .uploads import TELLING

PHASES = ("examples", "coverage", "fuzzing", "stateful")


@dataclass
class Tally:
    """What was asked, and what came of it."""

    answers: Counter[str] = field(default_factory=Counter)
    operations: set[str] = field(default_factory=set)
    phases: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


class Watched:
    """The application, with every answer looked at on its way out."""

    def __init__(
        self, application: Callable[..., Iterable[bytes]], tally: Tally, new_token: Callable[[], str]
    ) -> None:
        self.application = application
        self.tally = tally
        self.new_token = new_token
        self.token = new_token()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterator[bytes]:
        if self.token:
            environ["HTTP_AUTHORIZATION"] = f"Bearer {self.token}"
        said: list[str] = []

        def start(status: str, headers: Any, *rest: Any) -> Any:
            said.append(status)
            return start_response(status, headers, *rest)

        answer = self.application(environ, start)
        try:
            content = b"".join(answer)
        finally:
            with contextlib.suppress(AttributeError):
                answer.close()  # type: ignore[attr-defined]
        self._note(environ, int(said[-1].split()[0]), content)
        return iter([content])

    def _note(self, environ: dict[str, Any], status: int, content: bytes) -> None:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        template = template_of(path)
        if template:
            self.tally.operations.add(f"{method} {template}")
        self.tally.answers[str(status)] += 1
        if (method, status) == ("DELETE", 204):
            # It gave its own token back.
            self.token = self.new_token()
        asked = f"{method} {path[:120]!r} ?{environ.get('QUERY_STRING', '')[:200]}"
        if status >= 500:
            self.tally.wrong.append(f"{status} to {asked}")
        if told := TELLING.search(content):
            self.tally.wrong.append(f"{told.group()!r} shown to {asked}")


def run(*, who: str, examples: int, seed_of: int, phases: Iterable[str] = PHASES, only: str = "") -> Tally:
    """All operations (or those whose path fits `only`), by an administrator with a token, or by nobody."""
    tally = Tally()
    clinic = factories.ClinicFactory()
    user = factories.member(clinic, Role.ADMINISTRATOR)
    everything(factories.VisitFactory(episode__patient__clinic=clinic, clinician=user), user)

    def new_token() -> str:
        return create_token(user=user, name="fuzz", days=1)[1] if who == "administrator" else ""

    config = SchemathesisConfig.from_dict(
        {
            "seed": seed_of,
            "generation": {"max-examples": examples, "no-shrink": True, "with-security-parameters": False},
            # The watch above looks at every answer; this keeps the engine from looking for more than it.
            "checks": {"enabled": False, "not_a_server_error": {"enabled": True}},
            "phases": {name: {"enabled": name in phases} for name in PHASES},
        }
    )
    application = Watched(get_wsgi_application(), tally, new_token)
    schema = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application, config=config)
    if only:
        schema = schema.include(path_regex=only)
    for event in from_schema(schema).execute():
        if isinstance(event, events.PhaseFinished):
            tally.phases.append(f"{event.phase.name.value} {event.status.value}")
        elif isinstance(event, events.NonFatalError | events.FatalError):
            tally.wrong.append(f"the fuzzer itself: {re.sub(chr(10), ' ', str(event))[:400]}")
    return tally
