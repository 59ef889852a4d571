"""The proxy alone, before a web process that only counts: what it stores of whom, how much, and for how long."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clinic.api.catalogue import CATALOGUE
from tests.story.processes import descendants, until

from . import shipped
from .installation import Installation

pytestmark = pytest.mark.servers
VISIT = "/visits/6f2f4f5e-0000-4000-8000-000000000000/photos/"
UPLOADS = (VISIT, "/quick-check/", "/api/v1/photos/")
OTHERS = ("/account/login/", "/patients/new/", "/api/v1/patients/", "/nothing/", VISIT + "more/")
KNOWN, NOBODY = "session=known", "session=nobody"
MEGABYTE = 1024 * 1024
SECONDS = 2
"""After which the proxy's processes are renewed here, and what they hold is ended after as many more."""


class Web(http.server.BaseHTTPRequestHandler):
    """Answers the proxy's question by the cookie, and tells of everything else how long its body was."""

    protocol_version = "HTTP/1.1"
    asked: list[str]
    took: list[tuple[str, str, int]]

    def do_GET(self) -> None:
        if self.path == "/api/caller/":
            assert not int(self.headers.get("Content-Length") or 0), "the question has no body"
            self.asked.append(self.headers.get("Cookie", ""))
            self.say(204 if KNOWN in self.headers.get("Cookie", "") else 401)
        else:
            self.do_POST()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        self.took.append((self.command, self.path, length))
        self.say(200, b"taken")

    def say(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        pass


class Door:
    """nginx with the shipped template."""

    def __init__(self, house: Installation, web: type[Web]) -> None:
        self.house, self.asked, self.took = house, web.asked, web.took
        self.bodies = house.tmp("proxy") / "body"

    def stored(self) -> int:
        """Bytes in files that the proxy holds open for bodies, whether they have a name yet or not."""
        found = {}
        for pid in descendants(self.house.processes["proxy"].pid):
            for link in Path(f"/proc/{pid}/fd").glob("*"):
                try:
                    if str(self.bodies) in os.readlink(link):
                        found[os.stat(link).st_ino] = os.stat(link).st_size
                except OSError:
                    continue
        return sum(found.values())

    def connect(self) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=str(self.house.certificate))
        line = socket.create_connection(("127.0.0.1", self.house.ports["https"]), 20)
        return context.wrap_socket(line, server_hostname=shipped.SITE)

    def begin(
        self, path: str, cookie: str, length: int | None, method: str = "POST", **more: str
    ) -> ssl.SSLSocket:
        """A request whose body is still to come."""
        said = {"Cookie": cookie, **{name.replace("_", "-"): value for name, value in more.items()}}
        said |= {"Content-Length": str(length)} if length is not None else {"Transfer-Encoding": "chunked"}
        line = self.connect()
        head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n" + "".join(
            f"{k}: {v}\r\n" for k, v in said.items()
        )
        line.sendall(f"{head}\r\n".encode())
        return line

    def ask(self, path: str, cookie: str, body: bytes, **more: str) -> tuple[int, dict[str, str], bytes]:
        line = self.begin(path, cookie, len(body), **more)
        with contextlib.suppress(OSError):  # where it is answered before it was sent
            line.sendall(body)
        return answer(line)


def answer(line: ssl.SSLSocket) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of what comes; (0, {}, b"") where the line was cut."""
    got = b""
    try:
        while b"\r\n\r\n" not in got and (piece := line.recv(65536)):
            got += piece
        head, _, body = got.partition(b"\r\n\r\n")
        if not head:
            return 0, {}, b""
        first, *rest = head.decode().split("\r\n")
        headers = dict(one.split(": ", 1) for one in rest)
        while len(body) < int(headers.get("Content-Length", 0)) and (piece := line.recv(65536)):
            body += piece
    except (ConnectionError, ssl.SSLError, TimeoutError):
        return 0, {}, b""
    return int(first.split()[1]), headers, body


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with Installation() as house:

        class Own(Web):
            asked: list[str] = []
            took: list[tuple[str, str, int]] = []

        server = http.server.ThreadingHTTPServer(("127.0.0.1", house.ports["web"]), Own)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        house.start("proxy")
        until(lambda: house.is_well("proxy"), 60, "the proxy")
        try:
            yield Door(house, Own)
        finally:
            server.shutdown()


@pytest.mark.parametrize("path", [*UPLOADS, *OTHERS])
def test_of_nobodys_body_nothing_is_stored_however_it_is_sent(door: Door, path: str) -> None:
    """Declared, chunked, or behind a GET: the answer comes before the body does."""
    before = len(door.took)
    size = MEGABYTE if path in OTHERS else 20 * MEGABYTE
    for length, method in ((size, "POST"), (None, "POST"), (size, "GET"), (None, "PUT")):
        line = door.begin(path, NOBODY, length, method, Accept="application/json")
        status, headers, body = answer(line)
        assert (status, door.stored()) == (401, 0), (method, length, body)
        assert headers["Content-Type"] == "application/problem+json"
        assert json.loads(body)["code"] == "not_authenticated"
        line.close()
    assert len(door.took) == before, "nothing was handed on"


def test_slow_connections_of_nobody_fill_nothing(door: Door) -> None:
    """Forty at once that begin and never end, at every kind of address: each fills a few bytes of memory."""
    lines = []
    for number in range(40):
        path = [*UPLOADS, *OTHERS][number % 8]
        line = door.begin(path, NOBODY, (60 if path in UPLOADS else 2) * MEGABYTE)
        lines.append(line)
        with contextlib.suppress(OSError):
            line.sendall(b"x" * 256 * 1024)
    small = [door.begin("/account/login/", NOBODY, 9000) for _ in range(20)]
    for line in small:
        line.sendall(b"x" * 8000)
    assert door.stored() == 0
    status, _headers, body = door.ask(VISIT, KNOWN, b"x" * 3 * MEGABYTE)
    assert (status, body) == (200, b"taken"), "others' photos come in meanwhile"
    for line in (*lines, *small):
        line.close()


@pytest.mark.parametrize("path", UPLOADS)
def test_somebodys_photo_is_asked_for_once_and_handed_on_whole(door: Door, path: str) -> None:
    asked = len(door.asked)
    status, _headers, body = door.ask(path, KNOWN, b"x" * 30 * MEGABYTE)
    assert (status, body) == (200, b"taken")
    assert door.took[-1] == ("POST", path, 30 * MEGABYTE) and len(door.asked) == asked + 1


def test_what_is_small_is_asked_for_by_nobody(door: Door) -> None:
    asked = len(door.asked)
    for path in ("/account/login/", *UPLOADS):
        assert door.ask(path, NOBODY, b"x" * 2000)[0] == 200
    line = door.connect()
    line.sendall(b"GET /quick-check/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer(line)[0] == 200
    assert len(door.asked) == asked
    assert door.ask("/patients/new/", KNOWN, b"x" * MEGABYTE)[0] == 200
    assert len(door.asked) == asked + 1


def test_what_is_too_large_is_refused_by_its_header(door: Door) -> None:
    for path, size in ((VISIT, 60), ("/api/v1/photos/", 60), ("/patients/new/", 2), ("/api/v1/patients/", 2)):
        for accept, kind in (("application/json", "application/problem+json"), ("text/html", "text/html")):
            line = door.begin(path, KNOWN, size * MEGABYTE + 1, Accept=accept)
            status, headers, body = answer(line)
            line.close()
            kind = "application/problem+json" if path.startswith("/api/") else kind
            assert (status, headers["Content-Type"].partition(";")[0]) == (413, kind), path
            assert b"25 MB" in body


def test_one_address_has_few_uploads_on_their_way_and_all_together_have_room(door: Door) -> None:
    template = (shipped.DOCKER / "nginx" / "nginx.conf.template").read_text()
    [most] = re.findall(r"limit_conn uploads_by_address (\d+);", template)
    lines = [door.begin(VISIT, KNOWN, 30 * MEGABYTE) for _ in range(int(most))]
    for line in lines:
        line.sendall(b"x" * MEGABYTE)
    until(lambda: door.stored() >= int(most) * MEGABYTE * 0.9, 10, "they are on their way")
    for accept, kind in (("application/json", "problem+json"), ("text/html", "html")):
        status, headers, body = door.ask(VISIT, KNOWN, b"x" * MEGABYTE, Accept=accept)
        assert status == 429 and kind in headers["Content-Type"] and headers["Retry-After"] == "10", body
    assert door.ask("/patients/new/", KNOWN, b"x" * 9000)[0] == 200, "pages go on"
    for line in lines:
        line.close()
    until(lambda: door.stored() == 0, 10, "their room is free again")
    assert door.ask(VISIT, KNOWN, b"x" * MEGABYTE)[0] == 200


def test_where_there_is_no_room_it_is_said_in_words(door: Door) -> None:
    place = door.house.tmp("proxy") / "body"
    mode, owner = place.stat().st_mode, place.stat()
    if not door.house.level:
        pytest.skip("without root the folder can't be closed to the proxy")
    os.chown(place, 0, 0)
    try:
        for path, accept in ((VISIT, "application/json"), ("/api/v1/patients/", ""), (VISIT, "text/html")):
            status, headers, body = door.ask(path, KNOWN, b"x" * MEGABYTE, Accept=accept)
            assert status == 507 and (accept == "text/html" or json.loads(body)["code"] == "not_stored"), body
            assert "problem+json" in headers["Content-Type"] or b"no room" in body
    finally:
        os.chown(place, owner.st_uid, owner.st_gid)
        place.chmod(mode)
    assert door.ask(VISIT, KNOWN, b"x" * MEGABYTE)[0] == 200


def test_each_refusal_of_the_proxys_own_has_a_page_and_a_problem() -> None:
    template = (shipped.DOCKER / "nginx" / "nginx.conf.template").read_text()
    for status in (401, 403, 413, 429, 500, 507, 502):
        assert f"/proxy-pages/{status}.$words" in template
        page, problem = (shipped.DOCKER / "nginx" / "pages" / f"{status}.{kind}" for kind in ("html", "json"))
        assert 'lang="id"' in page.read_text()
        told = json.loads(problem.read_text())
        assert told["status"] == status and CATALOGUE[told["code"]] and told["detail"]


def test_a_body_that_trickles_in_ends_with_the_process_that_holds_it() -> None:
    """Each byte is in time; the whole is not. What comes meanwhile is answered by the new processes."""
    with Installation() as house:

        class Own(Web):
            asked: list[str] = []
            took: list[tuple[str, str, int]] = []

        server = http.server.ThreadingHTTPServer(("127.0.0.1", house.ports["web"]), Own)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        house.services["proxy"]["environment"]["NGINX_RELOAD_SECONDS"] = str(SECONDS)
        house.start("proxy")
        until(lambda: house.is_well("proxy"), 60, "the proxy")
        door = Door(house, Own)
        line, began = door.begin(VISIT, KNOWN, 30 * MEGABYTE), time.monotonic()
        line.sendall(b"x" * MEGABYTE)
        ended = None
        while ended is None and time.monotonic() - began < 10 * SECONDS:
            try:
                line.sendall(b"x" * 1000)
            except OSError:
                ended = time.monotonic() - began
            time.sleep(0.2)
        assert ended is not None, "it goes on for ever"
        assert ended < 4 * SECONDS + 3
        until(lambda: door.stored() == 0, 5, "its room is free again")
        assert door.ask(VISIT, KNOWN, b"x" * MEGABYTE)[0] == 200
        server.shutdown()
