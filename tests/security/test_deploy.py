"""A clinic's settings as shipped leave nothing to say; what an environment makes wrong is named with its remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import check_password, make_password
from django.db import connection

from clinic.audit import roles
from clinic.config.settings import base
from clinic.operations.checks import production as checks
from tests.house.test_settings import PRODUCTION, manage
from tests.house.test_web_process import database_url

from . import doors

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db(transaction=True)
def test_check_deploy_is_silent(tmp_path):
    """Everything: Django's own checks, ours, and those of database, broker and worker."""
    (tmp_path / "static").mkdir()
    environment = {
        **PRODUCTION,
        "RISORIUS_DATABASE_URL": database_url(),
        "RISORIUS_VAR_DIR": str(tmp_path),
        "RISORIUS_PROXIES": "1",
    }
    # As a clinic's application comes in: by a role that owns nothing.
    role = "risorius_app_of_this_check"
    environment["RISORIUS_DATABASE_URL"] = environment["RISORIUS_DATABASE_URL"].replace(
        "//risorius@", f"//{role}@"
    )
    roles.make(role=role)
    roles.grant(role=role)
    connection.close()
    try:
        run = manage("check", "--deploy", "--fail-level", "WARNING", **environment)
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP OWNED BY {role}")
            cursor.execute(f"DROP ROLE {role}")
    assert run.returncode == 0, run.stderr
    assert "no issues" in run.stdout and run.stderr == ""


@pytest.fixture
def house(settings, monkeypatch, tmp_path):
    monkeypatch.setenv("RISORIUS_PROXIES", "1")
    for name, value in doors.production_settings(monkeypatch).items():
        setattr(settings, name, value)
    return settings


def test_the_settings_as_shipped(house):
    assert checks.exposure() == []


def wrong_csp(house):  # type: ignore[no-untyped-def]
    house.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"script-src": ["'self'", "'unsafe-inline'"]}}


def wrong_folder(house):  # type: ignore[no-untyped-def]
    folder = Path(house.STORAGES["photos"]["OPTIONS"]["location"])
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)


WRONG = {
    "E020": lambda house: setattr(house, "DEBUG", True),
    "E021": lambda house: setattr(house, "ALLOWED_HOSTS", ["*"]),
    "E022": lambda house: setattr(house, "CSRF_TRUSTED_ORIGINS", ["http://clinic.example.org"]),
    "E023": lambda house: setattr(house, "SECRET_KEY", "a" * 60),
    "E024": lambda house: setattr(house, "SESSION_COOKIE_NAME", "sessionid"),
    "E025": wrong_csp,
    "E026": lambda house: setattr(house, "SECURE_HSTS_SECONDS", 0),
    "E027": lambda house: setattr(house, "MIDDLEWARE", house.MIDDLEWARE[1:]),
    "E028": lambda house: setattr(
        house, "DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    ),
    "E029": lambda house: setattr(house, "RATES", {"upload": "many"}),
    "E030": wrong_folder,
    "W020": lambda house: setattr(house, "PROXIES", 0),
    "W021": lambda house: setattr(house, "CELERY_BROKER_URL", "rediss://queue.example.org:6379/0"),
    "W023": lambda house: setattr(
        house,
        "DATABASES",
        {"default": {"ENGINE": "django.db.backends.postgresql", "HOST": "records.example.org"}},
    ),
    "W024": lambda house: setattr(house, "CELERY_BROKER_URL", "redis://:secret@queue.example.org:6379/0"),
}


@pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")
@pytest.mark.parametrize("code", sorted(WRONG))
def test_what_is_wrong_is_named_with_its_remedy(house, code):
    WRONG[code](house)
    (message,) = checks.exposure()
    assert message.id == f"risorius.{code}"
    assert message.hint and message.msg.endswith((".", "log."))


def test_every_check_of_the_door_is_tried_here():
    source = (ROOT / "clinic/operations/checks/production.py").read_text()
    assert set(re.findall(r"risorius\.([EW]\d+)", source)) == set(WRONG)


def test_no_secret_has_a_default():
    """Whatever is a secret comes from the environment, and none of it is ever a text in our files."""
    for path in (ROOT / "clinic" / "config" / "settings").glob("*.py"):
        if path.stem == "test":
            continue
        for line in path.read_text().splitlines():
            given = re.search(r"(?:SECRET|KEY|PASSWORD|TOKEN)\w*\"?, default=([^)]+)\)", line)
            # A number is for how long one of them works, or how many there may be.
            assert not given or given[1] in ('""', "[]") or given[1].isdecimal(), f"{path.name}: {line}"
            assert not re.search(r"^(SECRET_KEY|\w*PASSWORD|\w*TOKEN)\s*=\s*[\"']\S", line), (
                f"{path.name}: {line}"
            )
    assert django_settings.SECRET_KEY.startswith("only-for-the-test-suite")


def test_passwords_are_kept_by_argon2(settings):
    settings.PASSWORD_HASHERS = base.PASSWORD_HASHERS
    kept = make_password("a few words together")
    assert kept.startswith("argon2$argon2id$") and check_password("a few words together", kept)
    assert not check_password("a few words apart", kept)
