"""When Python looks for objects that hold each other and nobody else does.

As shipped it looks after each 700 objects more, and every hundredth time through all that there are. A page of a long
course, or a photo's thousand landmarks, makes some hundred thousand that all go by themselves: to look through them
while they are in use is a third of what the page costs, and finds nothing. By the next page only rubbish is left.
"""

from __future__ import annotations

import gc
from typing import Any, Final

MORE: Final = 50_000
"""Objects more than were let go, from which on it is looked between two pages or two photos: some megabytes."""
MOST: Final = 500_000
"""From which on it is looked at once: some fifty megabytes."""
FULL: Final = 10
"""Looks among the newer objects before one among all."""


def settle(begins: Any) -> None:
    """Leave alone from now on what a process has loaded, and look for rubbish when that signal, Django's or
    Celery's, says that a piece of work begins."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(MOST, FULL, FULL)
    begins.connect(tidy, weak=False, dispatch_uid="clinic.common.garbage")


def tidy(**_signal: Any) -> None:
    """Look through what the work before left, if that is much."""
    newest, _newer, looks = gc.get_count()
    if newest > MORE:
        gc.collect(2 if looks >= FULL else 1)
