"""An installation that seals its photos, and a photo that went in as photos do."""

from __future__ import annotations

import pytest

from clinic.store import keyring
from clinic.visits import rekeying, services

from ..visits.pictures import encoded, picture, upload


@pytest.fixture
def keys_folder(tmp_path, settings):
    """A folder of keys and a master key in a file of its own; no clinic has a key yet."""
    master = tmp_path / "secrets" / "master"
    master.parent.mkdir()
    master.write_text(keyring.new_master())
    settings.KEYS_DIR, settings.MASTER_KEY_FILE = str(tmp_path / "keys"), str(master)
    keyring._unwrapped.clear()
    return tmp_path / "keys"


@pytest.fixture
def sealed(keys_folder, clinic, monkeypatch):
    """The clinic's photos are sealed from now on; no run waits for uploads that nobody makes."""
    monkeypatch.setattr(rekeying, "SETTLED", 0.0)
    rekeying.create(clinic=clinic)
    return keys_folder / str(clinic.pk)


@pytest.fixture
def take(visit):
    """Takes photos in, each another picture."""

    def take(number: int = 0, exercise: str = "smile"):
        return services.store_photo(
            user=visit.clinician,
            visit=visit,
            upload=upload(encoded(image=picture(shade=number))),
            exercise=exercise,
        )

    return take
