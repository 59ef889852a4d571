"""Answers sent shorter, where their length tells no stranger anything."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils.cache import patch_vary_headers
from django.utils.text import compress_string

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

KINDS = frozenset({"text/html", "application/json", "text/csv"})
WORTH_IT = 1400
"""Bytes; what fits into one packet gains nothing."""
PADDING = 100
"""Random bytes at most, so that the length tells less of the content."""
OWN = frozenset({"same-origin", "none"})
"""What `Sec-Fetch-Site` says of a request by one of our pages, or by somebody who typed the address."""


class CompressionMiddleware:
    """Compresses what our own pages ask for.

    A stranger's page can make a browser ask with its cookies, as often as it likes, and learn from the lengths what a
    compressed answer holds beside the stranger's own words (BREACH). Browsers say of each request which page asked;
    of one that doesn't say, nothing is known.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not response.streaming and request.headers.get("Sec-Fetch-Site") in OWN:
            compress(request, response)
        return response


def compress(request: HttpRequest, response: Any) -> None:
    """Send a large answer as gzip, if its reader takes that. One with an ETag stays: a tag is of the very bytes."""
    patch_vary_headers(response, ["Accept-Encoding"])
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if (
        response.status_code != 200
        or kind not in KINDS
        or len(response.content) < WORTH_IT
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
