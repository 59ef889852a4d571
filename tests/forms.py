"""The forms of a page, as a browser would send them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from django.test import Client


@dataclass
class PageForm:
    """A form with what its controls hold when the page is loaded."""

    method: str
    action: str
    fields: dict[str, Any] = field(default_factory=dict)
    controls: dict[str, str] = field(default_factory=dict)
    """What kind each control is: an input's type, "textarea" or "select"."""


class _Reader(HTMLParser):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path, self.forms, self.open = path, [], None
        self.text: str | None = None
        self.select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.open = PageForm((given.get("method") or "get").lower(), given.get("action") or self.path)
            self.forms.append(self.open)
        elif self.open is None:
            return
        elif tag == "input":
            self._input(given)
        elif tag == "textarea":
            self.text = given["name"]
            self.open.fields[self.text], self.open.controls[self.text] = "", "textarea"
        elif tag == "select" and given.get("name"):
            self.select = given["name"]
            self.open.controls[self.select] = "select"
        elif tag == "option" and self.select and ("selected" in given or self.select not in self.open.fields):
            self.open.fields[self.select] = given.get("value") or ""

    def _input(self, given: dict[str, str | None]) -> None:
        name, kind = given.get("name"), given.get("type") or "text"
        if not name or kind in ("submit", "button", "file", "image"):
            return
        self.open.controls[name] = kind
        if kind in ("radio", "checkbox"):
            if "checked" in given:
                self.open.fields[name] = given.get("value") or "on"
        else:
            self.open.fields[name] = given.get("value") or ""

    def handle_data(self, data: str) -> None:
        if self.text and self.open:
            self.open.fields[self.text] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.text and self.open:
            # Browsers drop the first line break, and send the others as CR LF.
            shown = self.open.fields[self.text].replace("\r\n", "\n").removeprefix("\n")
            self.open.fields[self.text] = shown.replace("\n", "\r\n")
            self.text = None
        elif tag == "select":
            self.select = None
        elif tag == "form":
            self.open = None


def forms_of(response: Any, path: str = "") -> list[PageForm]:
    """The forms of an answer that are sent by POST."""
    reader = _Reader(path or response.wsgi_request.get_full_path())
    reader.feed(response.content.decode())
    return [form for form in reader.forms if form.method == "post"]


def form_of(client: Client, page: str, action: str = "", having: str = "") -> PageForm:
    """The page's form of that action, by default its own address; `having`: the one that holds this field."""
    forms = forms_of(client.get(page), page)
    found = [
        form for form in forms if form.action == (action or page) and (not having or having in form.controls)
    ]
    assert found, f"{page} has no such form"
    return found[0]


def send(client: Client, form: PageForm, **typed: Any) -> Any:
    """Send the form as it was shown, but for what was typed."""
    return client.post(form.action, {**form.fields, **typed})


def edited(record: Any, typed: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """What a form sends that was opened just now to change the record."""
    now = type(record)._base_manager.get(pk=record.pk)
    return {"version": now.version, **(typed or {}), **more}
