"""When Python looks for objects that hold each other and nobody else does.

As shipped it looks after each 700 objects more, and every hundredth time through all that there are: a page of a long
course, or a photo's thousand landmarks, makes some hundred thousand that all go by themselves.
"""

from __future__ import annotations

import gc
from typing import Final

MORE: Final = 50_000
"""Objects more than were let go since the last look: some megabytes."""


def settle() -> None:
    """Leave alone from now on what a process has loaded, and look more seldom at what comes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(MORE, 10, 10)
