"""JSON sent shorter, to programs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.response import Response

WORTH_IT = 1400
"""Bytes; what fits into one packet gains nothing."""
PADDING = 100
"""Random bytes at most, so that the length tells less of the content."""


def compressed(request: Request, response: Response) -> None:
    """Send a large JSON answer as gzip, if its reader takes that.

    Only where the caller came with a token: a stranger's page can make a browser ask with its cookies as often as it
    likes and learn from the lengths what a compressed answer holds beside its own words (BREACH); no page can send
    another's token. An answer with an ETag stays as it is: a tag is of the very bytes.
    """
    patch_vary_headers(response, ["Accept-Encoding"])
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if (
        response.status_code != 200
        or len(response.content) < WORTH_IT
        or kind != "application/json"
        or response.has_header("ETag")
        or response.has_header("Content-Encoding")
        or not _takes_gzip(request.headers.get("Accept-Encoding", ""))
    ):
        return
    shorter = compress_string(response.content, max_random_bytes=PADDING)
    response.content = shorter
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Content-Length"] = str(len(shorter))


def _takes_gzip(accepted: str) -> bool:
    for one in accepted.split(","):
        coding, _semicolon, weight = one.partition(";")
        if coding.strip().lower() in ("gzip", "x-gzip"):
            return weight.replace(" ", "").lower() not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
