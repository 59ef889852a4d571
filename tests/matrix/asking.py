"""Sends one row's request for one person, and says what came back and whether anything was changed by it."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.urls import reverse

from clinic.audit.models import Access, AuditEvent

from .rows import Row
from .world import Place, World

# What may change by the mere fact that somebody asked.
RESTLESS = (
    "django_session",
    "usersessions_",
    "axes_",
    "audit_",
    "django_migrations",
    "accounts_failures",
    "accounts_tokenuse",
)


@dataclass
class Answer:
    status: int
    location: str
    text: str
    """The body and all headers, in lower case."""
    changed: bool
    read: bool
    logged: bool
    tables: frozenset[str] = frozenset()
    """The tables that it wrote to."""

    @property
    def outcome(self) -> str:
        """The answer in the table's words."""
        doors = ("/account/login/", "/admin/login/")
        to_login = self.status in (301, 302) and self.location.startswith(doors)
        if self.status == 401 or to_login:
            return "login"
        return str(self.status)


def writes() -> dict[str, int]:
    """How many rows of each table this transaction has written so far, be it taken back or not."""
    return _looked_at()[0]


def _looked_at() -> tuple[dict[str, int], int]:
    """The same, and the newest line of the log. It is asked before and after each request, so in one go."""
    with connection.cursor() as cursor:
        # What pg_stat_xact_user_tables says of these, without its joins.
        cursor.execute(
            "SELECT relname, pg_stat_get_xact_tuples_inserted(oid) + pg_stat_get_xact_tuples_updated(oid) "
            "+ pg_stat_get_xact_tuples_deleted(oid) FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace "
            "UNION ALL SELECT '', coalesce(max(id), 0) FROM audit_auditevent"
        )
        found = dict(cursor.fetchall())
    last = found.pop("")
    return {name: count for name, count in found.items() if count and not name.startswith(RESTLESS)}, last


@functools.cache
def release() -> tuple[str, str]:
    """The release in use, and a figure of its card."""
    from inference.releases import cards, registry

    active = registry.active()
    names = [path.name for path in sorted(active.folder.rglob("*.png"))]
    return active.name, next(name for name in names if cards.figure_path(active, name))


def address(row: Row, place: Place) -> str:
    if row.name.startswith("/"):
        return row.name
    known = {
        "release": release()[0],
        "figure": release()[1],
        "token_key": place.records.token.token_key,
        "token_id": place.records.token.label.pk,
        "invitation": place.records.invitation.pk,
        "wording": place.records.wording.pk,
    }
    kwargs: dict[str, Any] = {name: known.get(value, value) for name, value in row.args.items()}
    if row.on and not row.args.keys() & {"pk", "key"}:
        kwargs["pk"] = getattr(place.records, row.on).pk
    if row.name == "api:nothing":
        return "/api/v9/nothing/here/"
    return reverse(row.name, kwargs=kwargs) + row.query


def ask(world: World, row: Row, who: str, place: Place) -> Answer:
    """One request, taken back afterwards."""
    path, body = address(row, place), row.body(place.records)
    if row.is_api:
        return send(world, who, row.method, path, body, api=True)
    # A form says which version of its record it was opened for; all of this world are new.
    return send(world, who, row.method, path, {"version": "1", **body} if row.method == "POST" else body)


def send(
    world: World, who: str, method: str, path: str, body: dict[str, Any], *, api: bool = False, **headers: str
) -> Answer:
    client = world.client(who)
    headers = {"if-match": "*", **headers} if api else headers
    options: dict[str, Any] = {"headers": headers} if headers else {}
    if api and who in world.tokens:
        client = type(client)()
        options["headers"] = {**headers, "authorization": f"Bearer {world.tokens[who]}"}
    files = any(hasattr(value, "read") for value in body.values())
    if api and method in ("POST", "PATCH", "PUT") and not files:
        options["content_type"] = "application/json"
    jar = client.cookies.copy()
    client.raise_request_exception = False
    with transaction.atomic():
        before, last = _looked_at()
        response = getattr(client, method.lower())(path, body, **options)
        content = b"".join(response) if response.streaming else response.content
        now, newest = _looked_at()
        lines = (
            AuditEvent.objects.filter(pk__gt=last).values_list("kind", "patient_id") if newest > last else ()
        )
        answer = Answer(
            status=response.status_code,
            location=response.headers.get("Location", ""),
            text=(content.decode(errors="replace") + repr(response.headers) + str(response.cookies)).lower(),
            changed=now != before,
            tables=frozenset(name for name, count in now.items() if count != before.get(name)),
            read=any(kind in Access.values and patient for kind, patient in lines),
            logged=bool(lines),
        )
        transaction.set_rollback(True)
    client.cookies = jar
    return answer


def secrets(place: Place, *, said: str, clinical_only: bool = False) -> list[str]:
    """What must stand in no answer to somebody who may not see that clinic, but for what they said themselves."""
    words = [place.word] if clinical_only else [place.word, place.house, *sorted(place.ids())]
    return [word for word in words if word not in said]


def said_by(path: str, body: dict[str, Any]) -> str:
    return (path + " " + " ".join(map(str, body.values()))).lower()
