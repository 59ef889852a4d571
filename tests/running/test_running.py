"""docker/compose.yml as plain processes, and the main story through its proxy."""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import requests

from tests.story.processes import descendants, until

from . import shipped
from .installation import Installation
from .sandbox import Level
from .visitor import Visitor

pytestmark = pytest.mark.servers
PHOTO = shipped.ROOT / "tests" / "people" / "t1-left-palsy-smile.jpg"
FORGED = {
    "X-Forwarded-For": "198.51.100.7",
    "X-Forwarded-Host": "thief.example",
    "X-Forwarded-Proto": "http",
    "X-Real-IP": "198.51.100.7",
    "Forwarded": "for=198.51.100.7;host=thief.example;proto=http",
}


@pytest.fixture(scope="module")
def story(house: Installation, guest: Visitor) -> dict[str, Any]:
    """A patient, a visit, and a photo that has its result."""
    patient = guest.made("patients", record_number="C-1", name="Budi Contoh", birth_date="1979-04-02")
    episode = guest.made(
        "episodes", patient=patient["id"], cause="bells_palsy", weak_side="left", onset_date="2026-01-12"
    )
    guest.ask_red_flags(episode["id"])
    guest.made("consents", patient=patient["id"], use="record", given_on="2026-01-14")
    visit = guest.made("visits", patient=patient["id"], episode=episode["id"])
    with PHOTO.open("rb") as stream:
        sent = guest.post(
            f"/visits/{visit['id']}/photos/",
            files={"photo": ("smile.jpg", stream, "image/jpeg")},
            data={"exercise": "smile"},
            headers={**guest.csrf(), "Accept": "application/json"},
        )
    assert sent.status_code == 201, f"{sent.text}\n{house.said()}"
    photo = sent.json()["id"]

    def settled() -> dict[str, Any] | None:
        seen = guest.get(f"/api/v1/photos/{photo}/").json()
        return seen if seen["analysis"]["status"] not in ("queued", "running") else None

    seen = until(settled, 90, "the result")
    return {"visit": visit["id"], "photo": photo, "seen": seen}


def test_a_photo_gets_the_real_releases_result(story: dict[str, Any], house: Installation) -> None:
    analysis = story["seen"]["analysis"]
    assert analysis["status"] == "succeeded", f"{analysis}\n{house.said()}"
    active = (shipped.ROOT / "inference" / "artifacts" / "ACTIVE").read_text().strip()
    assert database(house, "SELECT release, attempt FROM inference_analysis") == [(active, 1)]


def test_the_proxy_sends_photos_that_django_allowed(
    story: dict[str, Any], house: Installation, guest: Visitor
) -> None:
    for name in ("image", "thumbnail"):
        answer = guest.get(f"/photos/{story['photo']}/{name}/")
        assert answer.status_code == 200 and answer.content.startswith(b"\xff\xd8\xff"), name
        told = {key.lower() for key in answer.headers}
        assert "x-accel-redirect" not in told
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
        assert answer.headers["Cache-Control"].startswith("private, no-")
        assert "last-modified" not in told, "when a photo was stored is told by no header"
        # nginx writes the line once its answer is out, which may be after it was read.
        line = re.compile(rf'"path":"/protected/(?:../)+\w+\.jpg"|"path":"/photos/[0-9a-f-]+/{name}/"')
        until(
            lambda line=line: line.search(house.log("proxy").read_text()), 10, "its line in the proxy's log"
        )
    answer = guest.get(f"/photos/{story['photo']}/thumbnail/")
    again = guest.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_no_other_way_leads_to_a_photos_file(
    story: dict[str, Any], house: Installation, guest: Visitor
) -> None:
    [(image,)] = database(house, "SELECT image FROM visits_photo")
    stored = Path(house.outside("web", "/var/lib/risorius/photos")) / image
    assert stored.is_file()
    for path in (
        f"/protected/{image}",
        f"/static/../photos/{image}",
        f"/static/..%2fphotos/{image}",
        f"/static../photos/{image}",
        f"/photos/{image}",
        f"/protected//{image}",
        f"/proxy-pages/../protected/{image}",
    ):
        answer = raw(house, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert re.match(rb"HTTP/1.1 (404|400) ", answer), (path, answer[:300])
        assert b"\xff\xd8\xff" not in answer
    assert requests.get(
        f"{house.url}/photos/{story['photo']}/image/", verify=house.certificate, allow_redirects=False
    ).status_code in (302, 401, 403, 404)


def test_what_a_visitor_claims_to_be_is_not_believed(
    story: dict[str, Any], house: Installation, guest: Visitor
) -> None:
    before = database(house, "SELECT count(*) FROM audit_auditevent")
    answer = guest.get(f"/photos/{story['photo']}/image/", headers=FORGED)
    assert answer.status_code == 200
    assert database(house, "SELECT count(*) FROM audit_auditevent") != before, "the read was written down"
    addresses = database(
        house, "SELECT DISTINCT host(address) FROM audit_auditevent WHERE address IS NOT NULL"
    )
    assert addresses == [("127.0.0.1",)]
    stranger = Visitor(house)
    page = stranger.get("/patients/", headers=FORGED, allow_redirects=False)
    assert page.status_code == 302 and "thief" not in page.headers["Location"]
    assert page.headers["Location"].startswith("/"), "https was believed, http was not"
    assert "thief" not in stranger.get("/account/login/", headers=FORGED).text


def test_a_name_that_is_not_ours_gets_nothing(house: Installation) -> None:
    with pytest.raises(ssl.SSLError):
        raw(house, "", name="thief.example")
    answer = raw(house, "GET / HTTP/1.1\r\nHost: thief.example\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 421 "), answer[:300]
    plain = requests.get(
        f"http://127.0.0.1:{house.ports['http']}/",
        headers={"Host": "thief.example"},
        allow_redirects=False,
        timeout=10,
    )
    assert plain.status_code == 421


def test_plain_http_leads_to_https(house: Installation) -> None:
    answer = requests.get(
        f"http://localhost:{house.ports['http']}/patients/?page=2", allow_redirects=False, timeout=10
    )
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://localhost/patients/?page=2")
    assert answer.headers["Server"] == "nginx", "no version"


def test_cookies_and_hsts(house: Installation, guest: Visitor) -> None:
    cookies = {cookie.name: cookie for cookie in guest.cookies}
    assert {"__Host-sessionid", "__Host-csrftoken"} <= set(cookies)
    for name, cookie in cookies.items():
        assert cookie.secure and cookie.path == "/" and not cookie.domain_specified, name
    for path in ("/", "/account/login/", "/proxy-pages/413.html", "/api/v1/clinics/", "/static/none.css"):
        answer = guest.get(path)
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000"), path
        assert "," not in answer.headers["Strict-Transport-Security"], f"{path}: said twice"


def test_only_modern_tls(house: Installation) -> None:
    for version, fits in (
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ):
        context = ssl.create_default_context(cafile=str(house.certificate))
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        assert spoken(house, context) == fits, version
    old = ssl.create_default_context(cafile=str(house.certificate))
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    old.set_ciphers("ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA256")
    assert not spoken(house, old), "a cipher without authenticated encryption"


def test_a_body_over_the_limit_is_refused_in_words(
    story: dict[str, Any], house: Installation, guest: Visitor
) -> None:
    csrf = guest.csrf()
    page = guest.post("/patients/new/", data=b"x" * (3 * 1024 * 1024 + 1), headers=csrf)
    assert page.status_code == 413 and "Photos may have 25 MB each" in page.text and 'lang="id"' in page.text
    problem = guest.post("/api/v1/patients/", data=b"x" * (3 * 1024 * 1024 + 1), headers=csrf)
    assert problem.status_code == 413 and problem.json()["code"] == "too_large"
    assert problem.headers["Content-Type"] == "application/problem+json"
    # Nothing of it was sent on: the length alone is too much.
    for path, words in (
        (f"/visits/{story['visit']}/photos/", b"Photos may have 25 MB"),
        ("/api/v1/photos/", b"too_large"),
    ):
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 104857601\r\nConnection: close\r\n\r\n"
        answer = raw(house, head)
        assert answer.startswith(b"HTTP/1.1 413 ") and words in answer, answer[:500]
    # What is a little over a photo's limit gets its sentence from Risorius itself.
    large = {"photo": ("large.jpg", b"\xff\xd8\xff" + b"0" * (25 * 1024 * 1024 + 1), "image/jpeg")}
    told = guest.post(
        f"/visits/{story['visit']}/photos/",
        files=large,
        data={"exercise": "rest"},
        headers={**csrf, "Accept": "application/json"},
    )
    assert told.status_code in (413, 422) and "25 MB" in told.json()["detail"], told.text


def test_static_files_come_from_the_proxy(house: Installation, guest: Visitor) -> None:
    style = re.search(r'href="(/static/css/risorius\.\w+\.css)"', guest.get("/").text)
    assert style
    answer = guest.get(style[1])
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "text/css"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert guest.get("/static/staticfiles.json").status_code == 404
    for path in ("/metrics", "/readyz", "/readyz/", "/./readyz", "/%72eadyz"):
        answer = guest.get(path)
        assert answer.status_code == 404 and "migrations" not in answer.text, path


def test_each_process_has_the_limits_that_the_file_says(house: Installation, story: dict[str, Any]) -> None:
    if not house.level:
        pytest.skip("without root nobody can become another user")
    for name, process in house.processes.items():
        for pid in descendants(process.pid):
            told = dict(
                line.split(":\t", 1)
                for line in Path(f"/proc/{pid}/status").read_text().splitlines()
                if ":\t" in line
            )
            uid = house.user(name).partition(":")[0]
            assert set(told["Uid"].split()) == {uid} and uid != "0", (name, told["Uid"])
            assert int(told["CapBnd"], 16) == int(told["CapEff"], 16) == 0 and told["NoNewPrivs"] == "1", name
            if house.level == Level.WHOLE:
                assert how_the_root_is_mounted(pid) == "ro", name


def how_the_root_is_mounted(pid: int) -> str:
    lines = Path(f"/proc/{pid}/mounts").read_text().splitlines()
    [*_, flags] = [line.split()[3] for line in lines if line.split()[1] == "/"]
    return flags.partition(",")[0]


def test_database_and_broker_ask_for_their_passwords(house: Installation) -> None:
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(
            f"postgresql://risorius@127.0.0.1:{house.ports['database']}/risorius", passfile="/dev/null"
        )
    with socket.create_connection(("127.0.0.1", house.ports["broker"]), 5) as broker:
        broker.sendall(b"PING\r\n")
        assert broker.recv(100).startswith(b"-NOAUTH")
    everything = []
    for pid in [pid for process in house.processes.values() for pid in descendants(process.pid)]:
        with contextlib.suppress(OSError):  # a process of PostgreSQL's may have ended meanwhile
            everything += [Path(f"/proc/{pid}/{what}").read_bytes() for what in ("cmdline", "environ")]
    assert len(everything) > 20
    for name in ("secret_key", "database_password", "database_application_password", "broker_password"):
        secret = house.secret(name).read_bytes().strip()
        assert not [text for text in everything if secret in text], f"{name} stands in a list of processes"
        assert secret.decode() not in house.said()


def test_no_log_names_the_patient(story: dict[str, Any], house: Installation, guest: Visitor) -> None:
    guest.get("/patients/?q=Budi+Contoh")
    logs = "\n".join(path.read_text(errors="replace") for path in house.folder.glob("*.log"))
    for word in ("Budi", "1979-04-02", "smile.jpg", "sari@"):
        assert word not in logs, word


def test_a_backup_is_made_by_its_own_command(story: dict[str, Any], house: Installation) -> None:
    """`docker compose run --rm backup`: it reads photos and database, and writes the archive and nothing else."""
    said = house.run("backup")
    [archive] = Path(house.outside("backup", "/var/lib/risorius/backups")).glob("*.backup.tar")
    assert archive.stat().st_size > 10_000 and b"Budi" not in archive.read_bytes(), said


def test_the_web_process_is_ready(house: Installation) -> None:
    """What Kubernetes asks before it sends requests to a pod."""
    house.run("web", ["python", "docker/health.py", "web", "/readyz"])


def test_prometheus_asks_the_web_process_itself(house: Installation) -> None:
    url = f"http://127.0.0.1:{house.ports['web']}/metrics"
    assert requests.get(url, timeout=10).status_code == 404
    token = house.secret("metrics_token").read_text().strip()
    answer = requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
    assert answer.status_code == 200 and "risorius_" in answer.text


def test_a_reload_of_the_web_process_fails_no_request(house: Installation, guest: Visitor) -> None:
    """What `docker compose kill -s HUP web` does: new processes take over from the old ones."""
    web = house.processes["web"]
    old = set(descendants(web.pid)) - {web.pid}
    cookies, done = dict(guest.cookies), threading.Event()

    def keep_asking(_number: int) -> list[int]:
        statuses = []
        with requests.Session() as session:
            while not done.is_set():
                answer = session.get(
                    f"{house.url}/patients/", cookies=cookies, verify=house.certificate, timeout=60
                )
                statuses.append(answer.status_code)
        return statuses

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(keep_asking, number) for number in range(3)]
        try:
            time.sleep(0.5)
            web.send_signal(signal.SIGHUP)
            until(lambda: not old & set(descendants(web.pid)), 60, "the old processes end")
            time.sleep(0.5)
        finally:
            done.set()
        statuses = [status for one in asked for status in one.result()]
    assert set(descendants(web.pid)) - {web.pid}
    assert len(statuses) > 5 and set(statuses) == {200}, statuses


def test_health_checks_tell_who_is_not_well(house: Installation) -> None:
    """At the end: beat and the web process are stopped here."""
    os.utime(house.tmp("beat") / "heartbeat", (0, 0))
    os.killpg(house.processes["beat"].pid, signal.SIGSTOP)
    assert not house.is_well("beat")
    os.killpg(house.processes["beat"].pid, signal.SIGCONT)
    started = time.monotonic()
    house.ask_to_stop("web")
    assert house.processes["web"].wait(45) == 0
    assert time.monotonic() - started < shipped.seconds(house.services["web"]["stop_grace_period"])
    assert not house.is_well("web")
    stranger = Visitor(house)
    page, problem = stranger.get("/account/login/"), stranger.get("/api/v1/clinics/")
    assert (page.status_code, problem.status_code) == (502, 502)
    assert "What was saved before is safe" in page.text and page.headers["Retry-After"] == "10"
    assert problem.json()["code"] == "server_error"


def database(house: Installation, query: str) -> list[tuple[Any, ...]]:
    # Closed, or PostgreSQL would wait for it when it is asked to stop.
    opened = contextlib.closing(psycopg2.connect(house.database_url()))
    with opened as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def raw(house: Installation, request: str, name: str = shipped.SITE) -> bytes:
    """What stands on the line, for requests that a well-behaved program wouldn't send."""
    context = ssl.create_default_context(cafile=str(house.certificate))
    context.check_hostname = False
    with (
        socket.create_connection(("127.0.0.1", house.ports["https"]), 20) as line,
        context.wrap_socket(line, server_hostname=name) as tls,
    ):
        tls.sendall(request.encode())
        answer = b""
        while piece := tls.recv(65536):
            answer += piece
        return answer


def spoken(house: Installation, context: ssl.SSLContext) -> bool:
    with socket.create_connection(("127.0.0.1", house.ports["https"]), 20) as line:
        try:
            context.wrap_socket(line, server_hostname=shipped.SITE).close()
        except OSError:
            return False
        return True


def test_the_shipped_configuration_is_nginxs() -> None:
    """`nginx -t` with what start.sh makes of the template."""
    with Installation() as house:
        log = house.log("proxy")
        log.touch()
        log.chmod(0o666)  # as the container's standard output, which its user may open
        with log.open("wb") as stream:
            done = subprocess.run(
                house.confine("proxy", [*house.command("proxy"), "-t"]),
                env=house.environment("proxy"),
                stdout=stream,
                stderr=stream,
                check=False,
            )
        said = log.read_text()
    assert done.returncode == 0 and "test is successful" in said, said
    assert "[warn]" not in said, said
