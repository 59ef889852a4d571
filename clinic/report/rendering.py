"""A document as PDF, set by WeasyPrint in a child with limits: neither its native libraries nor what a long course
costs can take the web process along, and nothing that a document names is fetched.

A child (`clinic.report.rendering_child`) sets one document and ends. It is given the whole document, pictures included,
on its standard input, and has no secrets, no database and no way to any other resource.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

logger = logging.getLogger(__name__)
MISSING: Final = 3
"""Exit status of a child that found no WeasyPrint, or not the libraries that it draws text with."""
MEMORY: Final = 1024 * 1024**2
"""Bytes of a child, its libraries included; one page takes 60 MB."""
SECONDS: Final = 15
"""Of processor time; a letter with photos takes under two."""
WAIT: Final = 10.0
"""Seconds after which whoever finds no room is asked to come back."""
SLOWEST: Final = 4
"""So many seconds may pass for one of processor time, on a machine that has other work."""
PACKAGES: Final = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
"""What Debian calls the libraries and a font with all Latin letters."""
_places: Final[dict[int, threading.BoundedSemaphore]] = {}


class CannotRender(Exception):
    """The document can't be set now; `args[0]` says why, to a person."""


class RendererMissing(CannotRender):
    """This machine has not got what sets documents."""


class RendererBusy(CannotRender):
    """Others are being set; in a few seconds there is room."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What a document shows under `given:NAME`: its bytes and media type."""

    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Document:
    """A whole document. css: its style sheet; pictures: by the names under which the HTML shows them. tighter: what is
    added to the sheet, one after the other, where it is to be one page and isn't yet."""

    html: str
    css: str
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    tighter: tuple[str, ...] = ()


def missing_words() -> str:
    """What somebody has to install where documents can't be set."""
    text = _("Reports as PDF need Pango, which this machine has not got. Install it: %(command)s")
    return text % {"command": install_command()}


def install_command() -> str:
    """What brings it."""
    return f"sudo apt-get install {PACKAGES}" if sys.platform == "linux" else "brew install pango"


def is_available() -> bool:
    """Whether a child finds what it needs. Starts one."""
    try:
        return _child(["--check"], b"").returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def pdf(document: Document) -> bytes:
    """The document as tagged PDF (PDF/UA-1). CannotRender where it can't be set: `RendererMissing`, `RendererBusy`."""
    place = _places.setdefault(settings.REPORTS_AT_ONCE, threading.BoundedSemaphore(settings.REPORTS_AT_ONCE))
    if not place.acquire(timeout=WAIT):
        raise RendererBusy(_("Other reports are being made. Try again in a few seconds."))
    try:
        done = _child([], _given(document))
    except subprocess.TimeoutExpired as error:
        logger.warning("A report took more than its time")
        raise CannotRender(_too_long()) from error
    except OSError as error:
        raise CannotRender(_too_long()) from error
    finally:
        place.release()
    if done.returncode == MISSING:
        raise RendererMissing(missing_words())
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        logger.warning("A report could not be set", extra={"status": done.returncode})
        raise CannotRender(_too_long())
    return done.stdout


def _too_long() -> str:
    return _("The report could not be made. Try again, with fewer photos if it has any.")


def _given(document: Document) -> bytes:
    pictures = {
        name: {"content": base64.b64encode(one.content).decode(), "type": one.media_type}
        for name, one in document.pictures.items()
    }
    given = {"html": document.html, "css": document.css, "tighter": document.tighter, "pictures": pictures}
    return json.dumps(given).encode()


def _child(arguments: list[str], given: bytes) -> subprocess.CompletedProcess[bytes]:
    limits = json.dumps({"memory": MEMORY, "seconds": SECONDS})
    # Nothing of this process's secrets: neither its environment nor its open files.
    wanted = ("PATH", "LD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "LANG", "HOME", "FONTCONFIG_PATH")
    env = {name: os.environ[name] for name in wanted if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "clinic.report.rendering_child", limits, *arguments],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        env={**env, "PYTHONDONTWRITEBYTECODE": "1", "MALLOC_ARENA_MAX": "1"},
        timeout=SLOWEST * SECONDS,
        check=False,
    )
