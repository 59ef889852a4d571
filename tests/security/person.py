"""Somebody who must not be found in a log, and every way in which a line could name them."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import Any


class Person:
    """Somebody who must not be found in a log. Built at run time: no code holds these as literals."""

    def __init__(self) -> None:
        self.name = "-".join(["Zebulonia", "Quetzalcoatl"]).replace("-", " ")
        self.born = dt.date(1931, 7, 23)
        self.number = "".join(["RM", "-", str(77_000 + 341)])
        self.file = "_".join(["wajah", "zebulonia"]) + ".jpg"
        self.note = " ".join(["droops", "since", "the", "wedding"])
        self.mail = "@".join(["zebulonia", "example.org"])

    @property
    def secrets(self) -> list[Any]:
        return [self.name, self.born, self.number, self.file, self.note, self.mail]

    def found_in(self, text: str) -> list[str]:
        """What of this person stands in the text, in whichever spelling."""
        wanted = [
            *self.name.split(),
            self.name,
            self.born.isoformat(),
            repr(self.born),
            self.born.strftime("%d/%m/%Y"),
            "1931",
            self.number,
            self.file,
            self.note,
            "wedding",
            self.mail,
        ]
        return [word for word in wanted if word.lower() in text.lower()]


class Thing:
    """A record whose text is its person's name."""

    def __init__(self, text: object) -> None:
        self.text = text

    def __str__(self) -> str:
        return str(self.text)

    __repr__ = __str__


def say(log: logging.Logger, secret: Any) -> None:
    """Every way that a line can be written."""
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        log.log(level, secret)
        log.log(level, "%s", secret)
        log.log(level, f"Photo of {secret} stored")
        log.log(level, f"Photo of {secret} stored by %s", 5)
        log.log(level, f"{secret}".lower())
    log.info("%s and %r and %s", "timed_out", secret, uuid.uuid4())
    log.info("%d", secret)
    log.info("%s %s", secret)  # noqa: PLE1206
    log.info("%(who)s", {"who": secret})
    log.info("%s", {"name": secret})
    log.info("%s", [secret, (secret, {secret})])
    log.info("%s", Thing(secret))
    log.info(Thing(secret))
    log.info({"name": secret})
    log.info("%s", ValueError(secret))
    log.info(ValueError(secret))
    log.info(
        "With an extra", extra={"patient": secret, "route": secret, "state": secret, "status_code": secret}
    )
    log.info("With a stack", stack_info=True, extra={"request": Thing(secret)})
    raise_in(log, secret)


def raise_in(log: logging.Logger, secret: Any) -> None:
    """Errors whose texts, notes, causes and places' values hold the secret."""

    class Strange(Exception):
        def __str__(self) -> str:
            return f"{secret} again"

    for kind in (ValueError, KeyError, FileNotFoundError, UnicodeError, Strange):
        try:
            try:
                raise kind(f"{secret}")
            except Exception as first:
                first.add_note(f"{secret}")
                raise RuntimeError("reading", secret) from first
        except RuntimeError as error:
            log.exception("It failed")
            log.exception(error)
            log.error("It failed: %s", error, exc_info=error)
            log.error(f"It failed: {error}", exc_info=True)
    try:
        raise ExceptionGroup(f"{secret}", [ValueError(secret)])
    except ExceptionGroup:
        log.exception("Several failed")
