"""An encrypted archive on disk: a plain tar of three members that other tools open too.

    README.txt         how to open it without this program
    key.age            the archive's own key, encrypted with the passphrase (age's scrypt form)
    content.tar.age    the content, a tar encrypted to that key (age's X25519 form)

Two steps, because the library encrypts with a passphrase only what fits in memory, and streams to a key. By hand:
`tar xf ARCHIVE; age -d key.age > key; age -d -i key content.tar.age | tar x`. age authenticates every block and the
end, so that a changed or a cut-off archive does not open.

It is written under a name of its own and renamed when it is complete and on the disk.
"""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Final

import pyrage

from .problems import BackupProblem, damaged, from_os

README: Final = "README.txt"
KEY: Final = "key.age"
CONTENT: Final = "content.tar.age"
PART: Final = ".part"
BLOCK: Final = 1 << 20
TEXT: Final = (
    b"A backup of Risorius, encrypted with a passphrase.\n"
    b"Restore it with:   python manage.py restore THIS-FILE --passphrase-file FILE\n"
    b"Without Risorius:  tar xf THIS-FILE; age -d key.age > key; age -d -i key content.tar.age | tar x\n"
)


class _Out(io.RawIOBase):
    """The archive's file for the encrypting thread; keeps what the disk said, which the library turns into text."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.error: OSError | None = None

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]  # bytes are all that is written
        try:
            return self.stream.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        if not self.stream.closed:
            self.stream.flush()


@contextlib.contextmanager
def writing(target: Path, passphrase: str) -> Iterator[tarfile.TarFile]:
    """Write an archive: a tar to add members to, renamed to its name at the end, or nothing at all."""
    part = target.with_name(f".{target.name}{PART}")
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w+b") as stream:
            with _sealed(stream, passphrase) as content:
                yield content
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
        sync_folder(target.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise from_os(error) if isinstance(error, OSError) else error from error


@contextlib.contextmanager
def _sealed(stream: IO[bytes], passphrase: str) -> Iterator[tarfile.TarFile]:
    identity = pyrage.x25519.Identity.generate()
    _small(stream, README, TEXT)
    _small(stream, KEY, pyrage.passphrase.encrypt(str(identity).encode(), passphrase))
    header = stream.tell()
    stream.write(_header(CONTENT, 0))
    out = _Out(stream)
    reading, pipe = os.pipe()
    problem: list[BaseException] = []

    def encrypt() -> None:
        with os.fdopen(reading, "rb", buffering=BLOCK) as plain:
            try:
                pyrage.encrypt_io(plain, out, [identity.to_public()])
            except BaseException as error:  # noqa: BLE001  # raised again by whoever waits
                problem.append(error)

    thread = threading.Thread(target=encrypt, name="backup-encrypt", daemon=True)
    thread.start()
    try:
        with (
            os.fdopen(pipe, "wb", buffering=BLOCK) as plain,
            tarfile.open(fileobj=plain, mode="w|", format=tarfile.GNU_FORMAT, bufsize=BLOCK) as content,
        ):
            yield content
    except BrokenPipeError:
        thread.join()
        if not out.error and not problem:
            raise
    finally:
        thread.join()
    if out.error:
        raise out.error
    if problem:
        raise problem[0]
    size = stream.tell() - header - tarfile.BLOCKSIZE
    stream.write(bytes(-size % tarfile.BLOCKSIZE) + bytes(2 * tarfile.BLOCKSIZE))
    stream.seek(header)
    stream.write(_header(CONTENT, size))


def _small(stream: IO[bytes], name: str, data: bytes) -> None:
    stream.write(_header(name, len(data)) + data + bytes(-len(data) % tarfile.BLOCKSIZE))


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, int(time.time())
    return info.tobuf(tarfile.GNU_FORMAT)


def add(content: tarfile.TarFile, name: str, data: bytes) -> None:
    """Add a member."""
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = len(data), 0o600, int(time.time())
    content.addfile(info, io.BytesIO(data))


def sync_folder(folder: Path) -> None:
    """Make a rename in it last."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Archive:
    """An archive that the passphrase opened. Its content can be read from the beginning as often as is needed."""

    def __init__(self, path: Path, passphrase: str) -> None:
        self.path = path
        try:
            with tarfile.open(path, "r:") as outer:
                found = {member.name: member for member in outer.getmembers()}
                if README not in found or KEY not in found:
                    raise not_one(path)
                if CONTENT not in found:
                    raise damaged()
                key = outer.extractfile(found[KEY])
                sealed = key.read() if key else b""
            member = found[CONTENT]
            self._start, self._size = member.offset_data, member.size
        except tarfile.ReadError as error:
            raise not_one(path) if path.stat().st_size < BLOCK else damaged() from error
        except OSError as error:
            raise from_os(error) from error
        if not self._size or path.stat().st_size < self._start + self._size:
            raise damaged()
        try:
            opened = pyrage.passphrase.decrypt(sealed, passphrase)
            self._identity = pyrage.x25519.Identity.from_str(opened.decode())
        except (pyrage.DecryptError, pyrage.IdentityError, ValueError, OSError) as error:
            raise BackupProblem(
                "wrong_passphrase",
                "The passphrase does not open this archive.",
                "Try the one that was in use on the day of the backup.",
            ) from error

    def members(self, take: Callable[[tarfile.TarInfo, IO[bytes]], None]) -> None:
        """Hand over each member in turn, to be read there and then; damaged if anything was changed or is missing."""
        reading, pipe = os.pipe()
        problem: list[BaseException] = []

        def decrypt() -> None:
            with os.fdopen(pipe, "wb", buffering=BLOCK) as plain, self.path.open("rb") as stream:
                stream.seek(self._start)
                try:
                    pyrage.decrypt_io(_Window(stream, self._size), plain, [self._identity])
                except BaseException as error:  # noqa: BLE001  # raised again by whoever waits
                    problem.append(error)

        thread = threading.Thread(target=decrypt, name="backup-decrypt", daemon=True)
        thread.start()
        try:
            with os.fdopen(reading, "rb", buffering=BLOCK) as plain:
                with tarfile.open(fileobj=plain, mode="r|", bufsize=BLOCK) as content:
                    for info in content:
                        stream = content.extractfile(info)
                        if stream is None:
                            raise damaged(f"The archive holds something that is no file: {info.name}.")
                        take(info, stream)
                while plain.read(BLOCK):
                    pass  # to the very end, whose seal tells that nothing was cut off
        except (tarfile.TarError, EOFError) as error:
            raise damaged() from error
        finally:
            thread.join()
        if problem:
            raise damaged() from problem[0]


class _Window(io.RawIOBase):
    """So many bytes of a file from where it stands."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        self.stream, self.left = stream, size

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        data = self.stream.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(data)
        return data


def not_one(path: Path) -> BackupProblem:
    """Some other file."""
    return BackupProblem(
        "not_a_backup", f"{path.name} is no backup of Risorius.", "Name the .backup.tar file."
    )
