"""Pages of a list, one after another."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page


def page_links(
    page: Page[Any], pairs: list[tuple[str, str]], *, ends: tuple[uuid.UUID, uuid.UUID] | None = None
) -> dict[str, str]:
    """The addresses of the pages before and after this one, where there are any. ends: the first and the last record
    shown, from which the neighbouring pages go on."""
    links = {}
    if page.has_previous():
        beside = [("before", str(ends[0]))] if ends and page.previous_page_number() > 1 else []
        links["previous"] = "?" + urlencode([*pairs, ("page", str(page.previous_page_number())), *beside])
    if page.has_next():
        beside = [("after", str(ends[1]))] if ends else []
        links["next"] = "?" + urlencode([*pairs, ("page", str(page.next_page_number())), *beside])
    return links
