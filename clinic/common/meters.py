"""What a process counts as it happens, because no row tells it afterwards. Codes alone, nobody's name."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast

from prometheus_client import Counter

Function = TypeVar("Function", bound=Callable[..., Any])
UPLOADS = Counter(
    "risorius_uploads", "Photos sent in, by what became of them: stored, or a code of refusal", ["outcome"]
)


def counts_uploads(function: Function) -> Function:
    """Counts what became of each photo that the function was to store."""

    @functools.wraps(function)
    def counted(*args: Any, **kwargs: Any) -> Any:
        try:
            answer = function(*args, **kwargs)
        except Exception as error:
            UPLOADS.labels(outcome=getattr(error, "code", None) or "error").inc()
            raise
        UPLOADS.labels(outcome="stored").inc()
        return answer

    return cast(Function, counted)
