"""The process in which photos are decoded: `python -m clinic.visits.decoding_child LIMITS`.

Reads a header and a file from standard input, answers on standard output, again and again until its input ends. It
has no database, no keys, no network of its own, and may take so much memory and processor time as LIMITS says.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import struct
import sys
import zoneinfo
from typing import Any, BinaryIO

from django.conf import settings

LENGTH = struct.Struct(">Q")


def main() -> None:
    """Answer until nobody asks any more."""
    limits = json.loads(sys.argv[1])
    settings.configure(
        USE_I18N=False,
        USE_TZ=True,
        PHOTO_MAX_BYTES=limits["PHOTO_MAX_BYTES"],
        PHOTO_MAX_PIXELS=limits["PHOTO_MAX_PIXELS"],
    )
    from . import intake

    # Nothing that a library says may stand between the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb", closefd=True)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    intake.warm_up()
    _go_first()
    _limit_memory(limits["memory"])
    while (header := _read(sys.stdin.buffer)) is not None:
        data = _read(sys.stdin.buffer)
        if data is None:
            return
        _limit_seconds(limits["seconds"])
        for part in _answer(intake, json.loads(header), data):
            answers.write(LENGTH.pack(len(part)))
            answers.write(part)
        answers.flush()
        del data


TOLD = ("width", "height", "sha256", "original_sha256", "date_refused")


def _answer(intake: Any, header: dict[str, Any], data: bytes) -> list[bytes]:
    zone = zoneinfo.ZoneInfo(header["zone"]) if header["zone"] else None
    try:
        prepared = intake.decoded(data, zone=zone)
    except intake.IntakeError as error:
        return [json.dumps({"code": error.code}).encode()]
    known = {name: getattr(prepared, name) for name in TOLD}
    taken_at = prepared.taken_at.isoformat() if prepared.taken_at else None
    return [json.dumps({**known, "taken_at": taken_at}).encode(), prepared.image, prepared.thumbnail]


def _go_first() -> None:
    """Pages have the processor first; and where memory ends all the same, this process is ended, and not the pages'."""
    os.nice(5)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("1000")


def _limit_memory(most: int) -> None:
    """So many bytes beyond what the process has now, where the system knows how to count them."""
    try:
        with open("/proc/self/statm", "rb") as statm:
            now = int(statm.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        now = 512 * 1024**2
    resource.setrlimit(resource.RLIMIT_AS, (now + most, now + most))


def _limit_seconds(most: int) -> None:
    """So much processor time for the next photo; the kernel ends the process beyond it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + 1 + most, hard))


def _read(stream: BinaryIO) -> bytes | None:
    length = stream.read(LENGTH.size)
    if len(length) < LENGTH.size:
        return None
    wanted = LENGTH.unpack(length)[0]
    data = stream.read(wanted)
    return data if len(data) == wanted else None


if __name__ == "__main__":
    main()
