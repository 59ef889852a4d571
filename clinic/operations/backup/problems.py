"""What can go wrong with a backup or a restore: a code for the record, a sentence and a remedy for whoever waits."""

from __future__ import annotations

import errno

from clinic.store.stores import StoreAway


class BackupProblem(Exception):
    """It was not done, and nothing half-done was left behind. `code` is stable."""

    def __init__(self, code: str, sentence: str, remedy: str = "") -> None:
        super().__init__(f"{sentence} {remedy}".strip())
        self.code = code
        self.sentence = sentence
        self.remedy = remedy


def from_os(error: OSError) -> BackupProblem:
    """What the operating system refused, or the store of photos."""
    if isinstance(error, StoreAway):
        return BackupProblem(error.code, error.sentence, "Run manage.py doctor; it says what to do.")
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return BackupProblem(
            "disk_full",
            "The disk is full, so no archive was kept.",
            "Make room, or write to another disk; earlier backups are untouched.",
        )
    what = error.strerror or type(error).__name__
    return BackupProblem(
        "io", f"A file could not be read or written: {what}.", "Look at the disk's own reports."
    )


def damaged(what: str = "The archive is cut off or damaged.") -> BackupProblem:
    """An archive that can't be trusted."""
    return BackupProblem("damaged", what, "Take an earlier backup, or another copy of this one.")
