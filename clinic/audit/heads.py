"""The head of the log's chain, sent away from this machine: whoever rewrites the log here can't rewrite it there."""

from __future__ import annotations

import json
import logging
import os
import re
import urllib.request
from collections.abc import Iterable, Iterator

from django.conf import settings
from django.utils import timezone

from . import chain

logger = logging.getLogger(__name__)

HEAD = re.compile(r"\b(\d+):([0-9a-f]{64})\b")
PATIENCE = 10
"""Seconds that the other machine is waited for."""


def publish() -> dict[str, bool]:
    """Tell the head to wherever it is to go; which of the places took it. None of them stops anything else."""
    state = chain.state()
    # In halves: the log takes identifiers of that length, and withholds whatever is longer.
    logger.info(
        "The head of the audit log is %s:%s%s, and %s lines wait for their seal",
        state.position,
        state.hash[:32],
        state.hash[32:],
        state.waiting,
    )
    told = {}
    if settings.CHAIN_HEAD_FILE:
        told["file"] = _write(settings.CHAIN_HEAD_FILE, state)
    if settings.CHAIN_HEAD_URL:
        told["url"] = _send(settings.CHAIN_HEAD_URL, state)
    return told


def _write(path: str, state: chain.ChainState) -> bool:
    line = f"{timezone.now().isoformat(timespec='seconds')} {state.head}\n"
    try:
        place = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
        with os.fdopen(place, "a") as stream:
            stream.write(line)
    except OSError as error:
        logger.error("The head of the audit log could not be written to its file: %s", type(error).__name__)
        return False
    return True


def _send(url: str, state: chain.ChainState) -> bool:
    if not url.startswith(("https://", "http://")):
        logger.error("RISORIUS_CHAIN_HEAD_URL is no address of a web server")
        return False
    told = {
        "at": timezone.now().isoformat(timespec="seconds"),
        "position": state.position,
        "hash": state.hash,
    }
    asked = urllib.request.Request(
        url, json.dumps(told).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return bool(200 <= answer.status < 300)
    except (OSError, ValueError) as error:
        logger.error("The head of the audit log could not be sent: %s", type(error).__name__)
        return False


def read(lines: Iterable[str]) -> Iterator[str]:
    """The heads in a file that `publish` wrote, in log lines, or in what the other machine kept."""
    for line in lines:
        for position, digest in HEAD.findall(line):
            yield f"{position}:{digest}"


def torn(heads: Iterable[str]) -> list[str]:
    """Those that are no part of the chain any more."""
    return [head for head in heads if not chain.is_in_chain(head=head)]
