"""Fixtures of the backups' tests."""

from __future__ import annotations

import pyrage
import pytest
from django.db import connection

from clinic.operations.backup import make
from tests.operations.archives import PASSPHRASE, Quick, Target
from tests.operations.test_fsck import stored


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(pyrage, "passphrase", Quick)


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "passphrase"
    file.write_text(PASSPHRASE + "\n")
    return file


@pytest.fixture
def target(tmp_path):
    """An empty database beside the suite's, and an empty folder."""
    name = f"{connection.settings_dict['NAME']}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
    yield Target(name, tmp_path / "restored")
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def small(visit, quick, tmp_path):
    """A backup of one photo, made once for the refusals that need an archive."""
    stored(visit)
    return make.make(folder=tmp_path / "backups", passphrase=PASSPHRASE, verify=False).path
