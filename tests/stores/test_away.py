"""A store that is away, refuses, is full or slow: said in a sentence, nothing lost, nothing half-stored."""

from __future__ import annotations

import hashlib
import io
import json
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from botocore.config import Config
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from clinic.config.settings import photos
from clinic.operations import readiness
from clinic.operations.checks import store as checks_store
from clinic.store import bucket as buckets
from clinic.store import files
from clinic.store.stores import StoreAway, photo_store
from clinic.visits import quick
from clinic.visits.models import Photo
from inference import tasks
from inference.jobs import worker
from inference.jobs.states import Status
from inference.models import Analysis

from ..servers import free_port
from ..visits.pictures import encoded, upload
from .conftest import REGION, use

pytestmark = pytest.mark.django_db


class Answers(ThreadingHTTPServer):
    """A store that answers everything in one way."""

    daemon_threads = True

    def __init__(self, status: int, code: str, wait: float = 0.0) -> None:
        body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode() if code else b""
        self.asked: list[tuple[str, bool]] = []
        """The path of each request, and whether its body is what was signed."""

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(handler) -> None:
                sent = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
                signed = handler.headers.get("x-amz-content-sha256") == hashlib.sha256(sent).hexdigest()
                self.asked.append((handler.path.partition("?")[0], signed))
                time.sleep(wait)
                handler.send_response(status)
                handler.send_header("Content-Length", str(len(body)))
                handler.end_headers()
                if handler.command != "HEAD":
                    handler.wfile.write(body)

            do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = answer

            def log_message(handler, *_arguments: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def answers():
    """Starts such stores."""
    started: list[Answers] = []

    def start(status: int, code: str = "", wait: float = 0.0) -> Answers:
        started.append(Answers(status, code, wait))
        return started[-1]

    yield start
    for server in started:
        server.shutdown()
        server.server_close()


@pytest.fixture
def at(settings, photo_folder, monkeypatch):
    """Sets the product to a store at that address; it does not try for long."""
    quickly = Config(connect_timeout=0.3, read_timeout=0.3, retries={"total_max_attempts": 1})
    monkeypatch.setattr(buckets, "CONFIG", buckets.CONFIG.merge(quickly))

    def change(address: str, **more: str) -> None:
        wanted = {
            "S3_BUCKET": "photos",
            "S3_ENDPOINT": address,
            "S3_REGION": REGION,
            "S3_ACCESS_KEY": "one",
            "S3_SECRET_KEY": "two",
        }
        use(settings, photo_folder, monkeypatch, **{**wanted, **more})

    return change


@pytest.fixture
def nobody() -> str:
    """An address at which nobody listens."""
    return f"http://127.0.0.1:{free_port()}"


def send(client, visit):
    return client.post(
        reverse("visits:upload", args=[visit.pk]),
        {"photo": upload(encoded()), "exercise": "smile"},
        headers={"Accept": "application/json"},
    )


AWAY = [
    (503, "SlowDown", 503, "store_away"),
    (500, "InternalError", 503, "store_away"),
    (403, "AccessDenied", 503, "store_away"),
    (404, "NoSuchBucket", 503, "store_away"),
    (507, "XMinioStorageFull", 507, "disk_full"),
    (403, "QuotaExceeded", 507, "disk_full"),
]


@pytest.mark.parametrize(("status", "code", "told", "name"), AWAY)
def test_an_upload_that_the_store_refuses(
    status, code, told, name, answers, at, as_clinician, visit, photo_folder
):
    at(answers(status, code).url)
    answer = send(as_clinician, visit)
    assert (answer.status_code, answer.json()["code"]) == (told, name)
    assert "not stored" in answer.json()["detail"] and "safe" in answer.json()["detail"]
    assert not Photo.objects.exists() and not Analysis.objects.exists()
    assert not [path for path in photo_folder.rglob("*") if path.is_file()]
    api = as_clinician.post(
        "/api/v1/photos/", {"visit": visit.pk, "exercise": "smile", "image": upload(encoded())}
    )
    assert (api.status_code, api.json()["code"]) == (told, name)


def test_an_upload_while_nobody_listens(at, nobody, as_clinician, visit):
    at(nobody)
    answer = send(as_clinician, visit)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
    assert answer["Retry-After"] == "30", "the page sends it again by itself"
    assert not Photo.objects.exists()


def test_a_store_that_does_not_answer_is_not_waited_for(at, answers, as_clinician, visit):
    at(answers(200, wait=5).url)
    began = time.monotonic()
    answer = send(as_clinician, visit)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_away")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(("style", "path"), [("", "/photos/"), ("path", "/photos/")])
def test_the_store_can_tell_whether_it_has_what_was_sent(at, answers, clinic, style, path):
    server = answers(200)
    at(server.url, S3_ADDRESSING=style)
    name = files.write(b"a photo", clinic=clinic)
    assert server.asked == [(path + name, True)]
    assert photo_store().client_config.s3["payload_signing_enabled"] is True, "over TLS too"


def test_all_tries_end_before_the_web_server_gives_up():
    assert buckets.CONFIG.read_timeout * buckets.TRIES < 30
    assert buckets.CONFIG.retries == {"total_max_attempts": buckets.TRIES, "mode": "standard"}
    assert buckets.CONFIG.signature_version == "s3v4"


def test_a_photo_can_not_be_shown_and_the_answer_says_why(bucket, at, nobody, take, as_clinician):
    photo = take()
    at(nobody)
    for name in ("visits:file", "visits:thumbnail"):
        answer = as_clinician.get(reverse(name, args=[photo.pk]), headers={"Accept": "image/*"})
        assert (answer.status_code, answer["Retry-After"]) == (503, "30")
        assert "does not answer" in answer.content.decode()
        page = as_clinician.get(reverse(name, args=[photo.pk]), headers={"Accept": "text/html"})
        assert page.status_code == 503 and "does not answer" in page.content.decode()
    api = as_clinician.get(f"/api/v1/photos/{photo.pk}/image/")
    assert (api.status_code, api.json()["code"]) == (503, "store_away")


def test_an_analysis_waits_for_the_store_however_long_it_is_away(
    bucket,
    at,
    nobody,
    take,
    judge,
    monkeypatch,
    settings,
):
    photo = take()
    Analysis.objects.update(release="test-release")
    analysis = Analysis.objects.get(photo=photo)
    here = dict(settings.STORAGES)
    monkeypatch.setattr(worker, "INSIST", 0.0)
    at(nobody)
    for _ in range(2 * settings.ANALYSIS_MAX_ATTEMPTS):
        tasks.analyse(str(analysis.pk))
        analysis.refresh_from_db()
        assert (analysis.status, analysis.error_code) == (Status.QUEUED, "")
    assert judge.seen == []
    settings.STORAGES = here
    tasks.analyse(str(analysis.pk))
    assert judge.seen == [files.read(photo)]


def test_a_moment_without_the_store_costs_an_analysis_nothing(bucket, take, judge, monkeypatch):
    photo = take()
    Analysis.objects.update(release="test-release")
    real, calls = files.read_named, []

    def away_at_first(name, *, clinic_id=None):
        calls.append(name)
        if len(calls) == 1:
            raise StoreAway("unreachable", "The store of photos does not answer.")
        return real(name, clinic_id=clinic_id)

    monkeypatch.setattr(files, "read_named", away_at_first)
    analysis = Analysis.objects.get(photo=photo)
    tasks.analyse(str(analysis.pk))
    assert judge.seen == [files.read(photo)]


def test_a_check_of_a_photo_of_nobody(at, nobody, monkeypatch):
    at(nobody)
    with pytest.raises(StoreAway):
        quick._ask(b"photo")


def test_readiness_says_that_the_store_is_away(at, nobody, bucket):
    readiness.files()
    at(nobody)
    with pytest.raises(readiness.NotReady, match="store of photos does not answer"):
        readiness.files()


SAID = [
    (404, "NoSuchBucket", "no such bucket", "RISORIUS_S3_BUCKET"),
    (403, "InvalidAccessKeyId", "does not know these credentials", "RISORIUS_S3_ACCESS_KEY_FILE"),
    (403, "SignatureDoesNotMatch", "does not know these credentials", "RISORIUS_S3_SECRET_KEY_FILE"),
    (403, "AccessDenied", "forbids it", "s3:PutObject"),
    (301, "PermanentRedirect", "another region", "RISORIUS_S3_REGION"),
    (403, "RequestTimeTooSkewed", "clocks", "set-ntp"),
    (500, "InternalError", "answered with an error", "RISORIUS_S3_ADDRESSING"),
    (507, "XMinioStorageFull", "full", "room"),
]


@pytest.mark.parametrize(("status", "code", "sentence", "remedy"), SAID)
def test_the_doctor_names_the_cause_and_the_remedy(status, code, sentence, remedy, answers, at):
    at(answers(status, code).url)
    (found,) = checks_store.store()
    assert found.id == "risorius.E040"
    assert sentence in found.msg and remedy in found.hint
    assert "two" not in found.msg + found.hint, "no secret is told"


def test_the_doctor_on_a_store_that_nobody_runs(at, nobody):
    at(nobody)
    (found,) = checks_store.store()
    assert "does not answer" in found.msg and "RISORIUS_S3_ENDPOINT" in found.hint


def test_the_doctor_on_a_certificate_of_somebody_s_own(at):
    """A server that speaks no TLS is as little to be trusted as one with another's certificate."""
    listener = socket.create_server(("127.0.0.1", 0))

    def greet() -> None:
        connection, _address = listener.accept()
        connection.sendall(b"HTTP/1.0 400 plain\r\n\r\n")
        connection.close()

    threading.Thread(target=greet, daemon=True).start()
    at(f"https://127.0.0.1:{listener.getsockname()[1]}")
    (found,) = checks_store.store()
    assert "certificate" in found.msg and "RISORIUS_S3_CA" in found.hint
    listener.close()


def test_the_doctor_on_no_credentials_at_all(at, answers, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    at(answers(200).url, S3_ACCESS_KEY="", S3_SECRET_KEY="")
    (found,) = checks_store.store()
    assert "credentials" in found.msg


def test_the_doctor_on_a_store_that_is_well(bucket, monkeypatch):
    """On this machine it is open to all and has no TLS, which is said; and nothing of the look is left."""
    found = {message.id for message in checks_store.store()}
    assert found == {"risorius.W040", "risorius.E042"}
    assert bucket.lying() == {}
    monkeypatch.setattr(checks_store, "_open_to_all", lambda _bucket: False)
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    assert {message.id for message in checks_store.store()} == {"risorius.W040", "risorius.W041"}


def test_the_doctor_on_a_disk_has_nothing_to_say(db):
    assert checks_store.store() == []


def test_the_doctor_s_list_has_it(bucket, capsys):
    with pytest.raises((SystemExit, CommandError)):
        call_command("doctor")
    said = capsys.readouterr().out
    assert re.search("Store of photos", said) and "Anybody can list the bucket" in said


def test_settings_come_from_the_environment_and_secrets_from_files(tmp_path, monkeypatch):
    import subprocess
    import sys

    from ..operations.archives import ROOT

    (tmp_path / "secret").write_text("a secret of the store\n")
    code = (
        "from clinic.config.settings import photos; import json, pathlib; "
        "print(json.dumps(photos.store(pathlib.Path('x')), default=str))"
    )
    env = {
        "PATH": "",
        "RISORIUS_S3_BUCKET": "photos",
        "RISORIUS_S3_ENDPOINT": "https://s3.example.org",
        "RISORIUS_S3_REGION": REGION,
        "RISORIUS_S3_ACCESS_KEY": "one",
        "RISORIUS_S3_SECRET_KEY_FILE": str(tmp_path / "secret"),
        "RISORIUS_S3_CA": "/ca.pem",
        "RISORIUS_S3_ENCRYPTION": "aws:kms",
        "RISORIUS_S3_KMS_KEY": "key",
        "RISORIUS_S3_ADDRESSING": "path",
    }
    run = subprocess.run([sys.executable, "-c", code], env=env, cwd=ROOT, capture_output=True, check=True)
    options = json.load(io.BytesIO(run.stdout))["OPTIONS"]
    assert options["secret_key"] == "a secret of the store"
    assert (options["verify"], options["addressing_style"]) == ("/ca.pem", "path")
    assert options["object_parameters"] == {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key"}
    assert "location" not in options and photos.S3_BUCKET == ""


def test_one_client_for_all_threads(bucket):
    store = photo_store()
    found = []
    threads = [threading.Thread(target=lambda: found.append(store.client)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(client) for client in found}) == 1
