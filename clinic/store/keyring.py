"""The keys of the clinics: one in use for each, older ones until no file needs them, all in a folder of their own.

    KEYS_DIR/<clinic>/<key>.json   the key, wrapped by the master key
    KEYS_DIR/<clinic>/state.json   which key seals new files, and whether files without a seal are still believed

The folder lies outside the database and outside the photos, so that none of the three tells anything alone. The
master key is in neither: it comes from a secret file or the environment. Who copies the disks without it has nothing;
who destroys a clinic's folder here has destroyed that clinic's photos, wherever copies of them lie.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils import timezone

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
FORM: Final = 1
STATE: Final = "state.json"


class DecryptionError(Exception):
    """A photo's file can't be sealed or opened. `code` is a reason of the analysis too."""

    code = "key_missing"


class KeyMissing(DecryptionError):
    """The key of this clinic is not there, or is not the one that is needed."""


class FileAltered(DecryptionError):
    """The file is not what was stored: changed, cut short, or another file under its name."""

    code = "file_altered"


@dataclass(frozen=True, slots=True)
class KeyState:
    """How a clinic's files are sealed: the key in use, and whether files without a seal may still lie there."""

    key_id: uuid.UUID
    plain_allowed: bool


# A key is unwrapped once for each version of its file; a file that is gone is asked for each time.
_unwrapped: dict[tuple[str, int], bytes] = {}


def is_on() -> bool:
    """Whether this installation seals its photos."""
    return bool(settings.KEYS_DIR)


def folder_of(clinic_id: uuid.UUID) -> Path:
    """Where the clinic's keys lie. KeyMissing where the installation names no folder for keys."""
    if not settings.KEYS_DIR:
        raise KeyMissing("RISORIUS_KEYS_DIR is not set: the key of this clinic is not there.")
    return Path(settings.KEYS_DIR) / str(clinic_id)


def state_of(clinic_id: uuid.UUID) -> KeyState:
    """The clinic's key in use; KeyMissing where it has none."""
    try:
        kept = json.loads((folder_of(clinic_id) / STATE).read_text())
        return KeyState(uuid.UUID(kept["key"]), bool(kept["plain_allowed"]))
    except FileNotFoundError as error:
        raise KeyMissing(f"The key of clinic {clinic_id} is not there.") from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise KeyMissing(f"The key of clinic {clinic_id} can't be read.") from error


def key(clinic_id: uuid.UUID, key_id: uuid.UUID) -> bytes:
    """One key of the clinic, unwrapped; KeyMissing where it is not there or the master key is another."""
    path = folder_of(clinic_id) / f"{key_id}.json"
    try:
        stamp = path.stat().st_mtime_ns
    except OSError as error:
        raise KeyMissing(f"Key {key_id} of clinic {clinic_id} is not there.") from error
    place = (str(path), stamp)
    if place not in _unwrapped:
        _unwrapped[place] = _unwrap(path, clinic_id, key_id, master())
    return _unwrapped[place]


def _unwrap(path: Path, clinic_id: uuid.UUID, key_id: uuid.UUID, by: bytes) -> bytes:
    try:
        wrapped = base64.b64decode(json.loads(path.read_text())["wrapped"], validate=True)
        return AESGCM(by).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound(clinic_id, key_id))
    except InvalidTag as error:
        raise KeyMissing(f"Key {key_id} of clinic {clinic_id} was wrapped by another master key.") from error
    except (OSError, ValueError, KeyError, TypeError, binascii.Error) as error:
        raise KeyMissing(f"Key {key_id} of clinic {clinic_id} can't be read.") from error


def _bound(clinic_id: uuid.UUID, key_id: uuid.UUID) -> bytes:
    """A wrapped key that was carried to another clinic's folder, or renamed, does not open."""
    return b"risorius key 1" + clinic_id.bytes + key_id.bytes


def master() -> bytes:
    """The key that wraps all others: from the secret file if one is named, else from the environment."""
    text = settings.MASTER_KEY
    if settings.MASTER_KEY_FILE:
        try:
            text = Path(settings.MASTER_KEY_FILE).read_text()
        except OSError as error:
            raise KeyMissing(
                "The file of the master key (RISORIUS_MASTER_KEY_FILE) can't be read."
            ) from error
    return master_from(text)


def master_from(text: str) -> bytes:
    """A master key as it stands in a file; KeyMissing for anything but 32 bytes in Base64."""
    try:
        found = base64.b64decode(text.strip(), validate=True)
    except (ValueError, binascii.Error):
        found = b""
    if len(found) != KEY_BYTES:
        raise KeyMissing("The master key is not there: 32 random bytes in Base64 (manage.py keys master).")
    return found


def new_master() -> str:
    """A new master key, as it stands in its file."""
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def add_key(clinic_id: uuid.UUID, *, plain_allowed: bool) -> uuid.UUID:
    """Make a key for the clinic and let it seal new files from now on."""
    key_id = uuid.uuid4()
    folder = folder_of(clinic_id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_key(
        folder, clinic_id, key_id, secrets.token_bytes(KEY_BYTES), master(), timezone.now().isoformat()
    )
    set_state(clinic_id, KeyState(key_id, plain_allowed))
    return key_id


def set_state(clinic_id: uuid.UUID, state: KeyState) -> None:
    """Say which key seals new files, and whether files without a seal are still believed."""
    _write(
        folder_of(clinic_id) / STATE,
        {"form": FORM, "key": str(state.key_id), "plain_allowed": state.plain_allowed},
    )


def keys_of(clinic_id: uuid.UUID) -> dict[uuid.UUID, str]:
    """The clinic's keys and when each was made, oldest first."""
    found: dict[uuid.UUID, str] = {}
    for path in folder_of(clinic_id).glob("*.json"):
        if path.name != STATE:
            found[uuid.UUID(path.stem)] = str(json.loads(path.read_text()).get("made", ""))
    return dict(sorted(found.items(), key=lambda item: item[1]))


def retire(clinic_id: uuid.UUID, key_id: uuid.UUID) -> None:
    """Destroy one key. The caller knows that no file needs it, or means that none shall open again."""
    path = folder_of(clinic_id) / f"{key_id}.json"
    if path.is_file():
        # Where the file system writes in place, the old bytes are gone too.
        size = path.stat().st_size
        with path.open("r+b") as stream:
            stream.write(secrets.token_bytes(size))
            os.fsync(stream.fileno())
        path.unlink()
    for place in [place for place in _unwrapped if place[0] == str(path)]:
        del _unwrapped[place]


def destroy(clinic_id: uuid.UUID) -> int:
    """Destroy all keys of a clinic, and so its photos with every copy of them; how many there were."""
    known = keys_of(clinic_id)
    for key_id in known:
        retire(clinic_id, key_id)
    (folder_of(clinic_id) / STATE).unlink(missing_ok=True)
    return len(known)


def rewrap(clinic_id: uuid.UUID, old_master: bytes) -> int:
    """Wrap the clinic's keys by the present master key instead of the old one; how many there were."""
    folder, present, done = folder_of(clinic_id), master(), 0
    for key_id, made in keys_of(clinic_id).items():
        path = folder / f"{key_id}.json"
        try:
            _unwrap(path, clinic_id, key_id, present)  # done before a kill
        except KeyMissing:
            opened = _unwrap(path, clinic_id, key_id, old_master)
            _write_key(folder, clinic_id, key_id, opened, present, made)
        done += 1
    return done


def _write_key(
    folder: Path, clinic_id: uuid.UUID, key_id: uuid.UUID, plain: bytes, by: bytes, made: str
) -> None:
    nonce = secrets.token_bytes(NONCE_BYTES)
    wrapped = nonce + AESGCM(by).encrypt(nonce, plain, _bound(clinic_id, key_id))
    kept = {"form": FORM, "clinic": str(clinic_id), "key": str(key_id), "made": made}
    _write(folder / f"{key_id}.json", {**kept, "wrapped": base64.b64encode(wrapped).decode()})


def _write(path: Path, content: dict[str, Any]) -> None:
    """Whole or not at all, and durable before anything is sealed by it."""
    aside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump(content, stream)
        stream.flush()
        os.fsync(stream.fileno())
    aside.replace(path)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
