"""The process in which a report is set: `python -m clinic.report.rendering_child LIMITS [--check]`.

Reads one document as JSON from standard input, writes its PDF to standard output, and ends. It knows no Django, has no
database and no keys, fetches nothing, and may take so much memory and processor time as LIMITS says.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import resource
import sys
from typing import Any, Final

MISSING: Final = 3
SCHEME: Final = "given:"
"""Under which a document names the pictures that came with it."""


def main() -> int:
    """Set the document; `MISSING` where this machine can't."""
    limits = json.loads(sys.argv[1])
    _limit(limits["memory"], limits["seconds"])
    try:
        import weasyprint
    except (ImportError, OSError):
        return MISSING
    if "--check" in sys.argv[2:]:
        return 0
    answer = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Nothing that a library says may stand in the document.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    given = json.loads(sys.stdin.buffer.read())
    answer.write(_set(weasyprint, given))
    answer.close()
    return 0


def _set(weasyprint: Any, given: dict[str, Any]) -> bytes:
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class Given(URLFetcher):
        """Gives the pictures that came with the document, and nothing else: whatever else a document names, in a text
        that somebody typed as well, ends it."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            found = given["pictures"].get(url.removeprefix(SCHEME)) if url.startswith(SCHEME) else None
            if found is None:
                raise FatalURLFetchingError("not part of the document")
            return URLFetcherResponse(
                url, base64.b64decode(found["content"]), {"Content-Type": found["type"]}
            )

    fetcher, fonts = Given(), FontConfiguration()
    page = weasyprint.HTML(string=given["html"], url_fetcher=fetcher, base_url=SCHEME)
    how = {"pdf_variant": "pdf/ua-1", "pdf_tags": True, "presentational_hints": False}
    for css in (given["css"], *(given["css"] + tighter for tighter in given["tighter"])):
        sheet = weasyprint.CSS(string=css, url_fetcher=fetcher, font_config=fonts, base_url=SCHEME)
        laid_out = page.render(stylesheets=[sheet], font_config=fonts, **how)
        if len(laid_out.pages) == 1:
            break
    written: bytes = laid_out.write_pdf(**how)
    return written


def _limit(memory: int, seconds: int) -> None:
    os.nice(5)
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as score:
        score.write("1000")
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # It writes nothing to any disk.
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


if __name__ == "__main__":
    sys.exit(main())
