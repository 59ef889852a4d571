"""Visit every URL in a process of its own and print, as JSON, what it loaded and what went wrong.

Usage: python -m tests.house.walk USER_ID MARK VALUE... (the database is the environment's; MARK is a patient's name)
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections.abc import Iterator
from http.cookies import Morsel

WORKER_ONLY = ("tensorflow", "keras", "jax", "ai_edge_litert", "mediapipe", "cv2")
ADDRESSES = re.compile(r"""(?:href|src|action|hx-get|hx-post|data-[a-z-]*url)=["']([^"']*)["']""")
# Combinations of arguments to try for one address.
TRIES = 64
NONE: Morsel[str] = Morsel()
# What an argument of that name may be, where it is no record's identifier.
OF_NAME = {"code": ["sunnybrook", "saq"], "language": ["en"], "milestone": ["toxin_recall"], "place": ["1"]}


def main() -> None:
    user_id, mark, *values = sys.argv[1:]
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import get_user_model
    from django.test import Client
    from django.urls import get_resolver

    user = get_user_model().objects.get(pk=user_id)
    client, session = Client(raise_request_exception=False), ""
    reached: dict[str, list[int]] = {}
    errors: list[str] = []
    leaks: list[str] = []
    # Of addresses that begin alike, what led to a record.
    known: dict[str, dict[str, None]] = {}
    for method in ("get", "post"):
        # What closes a record comes last, so that the others still find it open.
        for template, names in sorted(set(templates(get_resolver())), key=lambda t: ("archive" in t[0], t)):
            led = known.setdefault(template.partition("%")[0], {})
            for path in paths(template, names, list(dict.fromkeys([*led, *values]))):
                if client.cookies.get(settings.SESSION_COOKIE_NAME, NONE).value != session:
                    client.force_login(user)
                    session = client.cookies[settings.SESSION_COOKIE_NAME].value
                response = getattr(client, method)(path)
                reached.setdefault(template, []).append(response.status_code)
                if response.status_code >= 500:
                    reason = getattr(response, "exc_info", None) or (None, response.status_code)
                    errors.append(f"{method.upper()} /{template}: {reason[1]!r}")
                body = b"" if response.streaming else response.content
                found = ADDRESSES.findall(body.decode(errors="replace")) + [response.get("Location", "")]
                leaks += [f"/{template}: {address}" for address in found if mark.lower() in address.lower()]
                response.close()
                if response.status_code not in (403, 404):
                    led.update(dict.fromkeys(value for value in values if value in path))
                    break
    unreached = [template for template, statuses in reached.items() if set(statuses) == {404}]
    loaded = [name for name in WORKER_ONLY if name in sys.modules]
    answer = {
        "loaded": loaded,
        "errors": sorted(set(errors)),
        "leaks": sorted(set(leaks)),
        "unreached": unreached,
    }
    json.dump({**answer, "count": len(reached)}, sys.stdout)


def templates(resolver, prefix: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each address with places for its arguments, through all namespaces."""
    for key in resolver.reverse_dict:
        for possibilities, *_rest in resolver.reverse_dict.getlist(key):
            for template, names in possibilities:
                yield prefix + template, tuple(names)
    for inner_prefix, inner in resolver.namespace_dict.values():
        yield from templates(inner, prefix + inner_prefix)


def paths(template: str, names: tuple[str, ...], values: list[str]) -> list[str]:
    """The address with every combination of the values, up to a limit."""
    each = (OF_NAME.get(name, values) for name in names)
    combinations = itertools.islice(itertools.product(*each), TRIES)
    return ["/" + template % dict(zip(names, combination, strict=True)) for combination in combinations]


if __name__ == "__main__":
    main()
