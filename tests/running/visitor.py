"""A person with a browser, without the browser: keeps cookies, fills in forms, tells TLS apart from nonsense."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import struct
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin

import requests


class Door(Protocol):
    """What a visitor must know of an installation."""

    @property
    def url(self) -> str:
        """Of its proxy."""

    @property
    def certificate(self) -> Path:
        """The file by which its proxy is known."""

    def said(self) -> str:
        """All logs."""


class Forms(HTMLParser):
    """The forms of a page: where each goes, and the fields with what stands in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.found.append((given.get("action") or "", {}))
        elif tag == "input" and self.found and given.get("name"):
            self.found[-1][1][str(given["name"])] = given.get("value") or ""

    def with_field(self, name: str) -> tuple[str, dict[str, str]] | None:
        return next((form for form in self.found if name in form[1]), None)


class Visitor(requests.Session):
    """Talks to the proxy of an installation."""

    def __init__(self, house: Door) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = str(house.certificate)
        self.house = house

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        options.setdefault("timeout", 90)
        return super().request(method, urljoin(f"{self.house.url}/", str(url)), *args, **options)

    def send_form(self, page: requests.Response, field: str, **values: str) -> requests.Response:
        """Fill in the form of the page that has this field, and send it."""
        form = Forms(page.text).with_field(field)
        assert form, f"no form with {field} at {page.url}: {page.status_code} {page.text[:2000]}"
        action, fields = form
        where = urljoin(page.url, action)
        return self.post(where, data={**fields, **values}, headers={"Referer": "https://localhost/"})

    def log_in(self, email: str, password: str, secret: str) -> requests.Response:
        """By password, then by the code of the second factor."""
        page = self.get("/account/login/")
        found = Forms(page.text).with_field("password")
        assert found, f"{page.status_code} {page.text}\n{self.house.said()}"
        name = next(field for field in found[1] if field in ("login", "username", "email"))
        page = self.send_form(page, "password", **{name: email, "password": password})
        assert Forms(page.text).with_field("code"), f"asked for no code at {page.url}: {page.text[:2000]}"
        return self.send_form(page, "code", code=one_time_code(secret))

    def csrf(self) -> dict[str, str]:
        """The headers by which a script of ours proves that it is one."""
        token = re.search(r'name="csrf-token" content="(\w+)"', self.get("/").text)
        assert token, "no page of somebody who is logged in"
        return {"X-CSRFToken": token[1], "Referer": "https://localhost/"}

    def ask_red_flags(self, episode: str) -> None:
        """Ask them as the page does, and find none; a version that asks nothing is asked for nothing."""
        asked = self.get(f"/api/v1/episodes/{episode}/").json().get("red_flags")
        if asked == "unasked":
            known = self.get(f"/api/v1/episodes/{episode}/red-flags/").json()
            self.made(
                f"episodes/{episode}/red-flags", answers={one["code"]: "no" for one in known["questions"]}
            )

    def made(self, path: str, **fields: Any) -> dict[str, Any]:
        """What the API made of it."""
        answer = self.post(f"/api/v1/{path}/", json=fields, headers=self.csrf())
        assert answer.status_code == 201, answer.text
        record: dict[str, Any] = answer.json()
        return record


def one_time_code(secret: str) -> str:
    """What an authenticator shows now (RFC 6238)."""
    key = base64.b32decode(secret)
    digest = hmac.new(key, struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    start = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[start : start + 4])[0] & 0x7FFFFFFF) % 1_000_000:06d}"
