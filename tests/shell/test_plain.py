"""With scripts switched off every form can be sent and nothing waits for a script."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.test import Client

from .places import Place

# Forms that only a script would send: it shows them, too.
SCRIPTED = "data-scripted"


class Forms(HTMLParser):
    """The forms of a page with what could send them, and links that lead nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, Any] | None = None
        self.forms: list[dict[str, Any]] = []
        self.outside: set[str] = set()
        self.dead: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = dict(attrs)
        if tag == "form":
            self.open = {"attrs": own, "sends": False, "token": False}
            self.forms.append(self.open)
        sends = (tag == "button" and own.get("type", "submit") == "submit") or (
            tag == "input" and own.get("type") in {"submit", "image"}
        )
        if sends and own.get("form"):
            self.outside.add(str(own["form"]))
        elif sends and self.open:
            self.open["sends"] = True
        # A single field of text is sent by Enter.
        if self.open and tag == "input" and own.get("type") in {"search", "text"}:
            self.open["sends"] = True
        if self.open and own.get("name") == "csrfmiddlewaretoken":
            self.open["token"] = True
        if tag == "a" and (own.get("href") == "#" or str(own.get("href")).startswith("javascript:")):
            self.dead.append(f"{self.get_starttag_text()} in line {self.getpos()[0]}")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.open = None


def test_every_form_can_be_sent_without_scripts(pages: list[Place], person: Any) -> None:
    client = Client()
    client.force_login(person)
    faults = []
    for place in pages:
        forms = Forms()
        forms.feed(client.get(place.path).content.decode())
        faults += [f"{place.name} {place.path}: a link to nowhere: {link}" for link in forms.dead]
        for form in forms.forms:
            attrs = form["attrs"]
            if not form["sends"] and attrs.get("id") not in forms.outside and SCRIPTED not in attrs:
                faults.append(f"{place.name}: nothing sends the form {attrs}")
            if attrs.get("method", "get").lower() == "post" and not form["token"]:
                faults.append(f"{place.name}: no CSRF token in the form {attrs}")
    assert faults == []
