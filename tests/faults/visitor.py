"""Somebody with a browser: pages and uploads over HTTP, as a proxy hands them on."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings
from django.test import Client
from django.urls import reverse

TOKEN = "a" * 32
"""Of the right form; what counts is that cookie and header agree."""


@dataclass(frozen=True)
class Answer:
    """status 0: none came."""

    status: int
    seconds: float
    body: dict[str, Any]
    text: str


class Visitor:
    """A logged-in clinician."""

    def __init__(self, user: Any, port: int) -> None:
        client = Client()
        client.force_login(user)
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.root = f"http://127.0.0.1:{port}"
        cookies = {settings.SESSION_COOKIE_NAME: session, settings.CSRF_COOKIE_NAME: TOKEN}
        self.headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "X-Forwarded-Proto": "https",
            "X-CSRFToken": TOKEN,
            "Referer": f"https://127.0.0.1:{port}/",
        }

    def page(self, name: str, *args: Any) -> Answer:
        """One of the pages."""
        return self._ask("GET", reverse(name, args=args), {"Accept": "text/html"})

    def upload(self, visit: uuid.UUID, content: bytes) -> Answer:
        """One photo, as the page's script sends it."""
        files = {"photo": ("photo.jpg" if content[:2] == b"\xff\xd8" else "photo.png", content)}
        where = reverse("visits:upload", args=[visit])
        return self._ask(
            "POST", where, {"Accept": "application/json"}, files=files, data={"exercise": "smile"}
        )

    def _ask(self, method: str, path: str, headers: dict[str, str], **body: Any) -> Answer:
        start = time.monotonic()
        try:
            answer = requests.request(
                method,
                self.root + path,
                headers=self.headers | headers,
                timeout=60,
                allow_redirects=False,
                **body,
            )
        except requests.RequestException:
            return Answer(0, time.monotonic() - start, {}, "")
        is_json = "json" in answer.headers.get("Content-Type", "")
        return Answer(
            answer.status_code, time.monotonic() - start, answer.json() if is_json else {}, answer.text
        )
