"""A stored file under seal: AES-256-GCM by the clinic's key, bound to the name under which the file is stored.

    magic 4 | form 1 | clinic 16 | key 16 | nonce 12 | ciphertext and tag

Header and name are authenticated along with the bytes. A row names its file by a random name that no other file ever
had: bytes that are changed, cut short, or moved to another photo's or another clinic's name do not open.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import keyring
from .keyring import FileAltered

MAGIC: Final = b"RSR\x8e"
FORM: Final = b"\x01"
HEADER_BYTES: Final = 4 + 1 + 16 + 16 + keyring.NONCE_BYTES
OVERHEAD: Final = HEADER_BYTES + 16


@dataclass(frozen=True, slots=True)
class Header:
    """Whose file it is and which key opens it."""

    clinic_id: uuid.UUID
    key_id: uuid.UUID
    nonce: bytes

    def packed(self) -> bytes:
        return MAGIC + FORM + self.clinic_id.bytes + self.key_id.bytes + self.nonce


def is_encrypted(content: bytes) -> bool:
    """Whether the bytes are a sealed file; no JPEG begins so."""
    return content.startswith(MAGIC)


def header_of(content: bytes) -> Header:
    """The header of a sealed file; FileAltered where it is none that this version knows."""
    if len(content) < HEADER_BYTES or content[4:5] != FORM or not is_encrypted(content):
        raise FileAltered("A photo's file has a header that this version does not know.")
    return Header(uuid.UUID(bytes=content[5:21]), uuid.UUID(bytes=content[21:37]), content[37:HEADER_BYTES])


def encrypt(content: bytes, *, clinic_id: uuid.UUID, name: str) -> bytes:
    """The bytes under the clinic's key in use, for storing under that name."""
    state = keyring.state_of(clinic_id)
    header = Header(clinic_id, state.key_id, secrets.token_bytes(keyring.NONCE_BYTES))
    cipher = AESGCM(keyring.key(clinic_id, state.key_id))
    return header.packed() + cipher.encrypt(header.nonce, content, _bound(header, name))


def decrypt(content: bytes, *, name: str) -> bytes:
    """The bytes that were sealed under that name. KeyMissing without the key, FileAltered if they are others."""
    header = header_of(content)
    cipher = AESGCM(keyring.key(header.clinic_id, header.key_id))
    try:
        return cipher.decrypt(header.nonce, memoryview(content)[HEADER_BYTES:], _bound(header, name))
    except InvalidTag as error:
        raise FileAltered(f"The file {name} is not the one that was stored under this name.") from error


def _bound(header: Header, name: str) -> bytes:
    return header.packed() + name.encode()
