"""Two versions of one text: both in one, and whether one goes on from the other."""

from __future__ import annotations

from difflib import SequenceMatcher


def both(base: str, mine: str, theirs: str) -> str:
    """All that either side wrote since `base`, line by line; where both wrote in one place, theirs comes first.

    Lines that only one side changed are taken from there; a line that one side removed and the other kept as it was
    stays, so that nothing that anybody still wants is lost.
    """
    if mine == theirs:
        return mine
    old = base.split("\n") if base else []
    a, b = _Places(old, mine.split("\n") if mine else []), _Places(old, theirs.split("\n") if theirs else [])
    merged: list[str] = []
    for place in range(len(old) + 1):
        inserted = list(b.before.get(place, []))
        inserted += [line for line in a.before.get(place, []) if line not in inserted]
        merged += inserted
        # Replaced by one side: its lines stand there already, and the old line would be said twice.
        replaced = place in a.replaced or place in b.replaced
        if place < len(old) and not replaced and (place in a.kept or place in b.kept):
            merged.append(old[place])
    return "\n".join(merged)


class _Places:
    """What became of each old line: kept, replaced by others, or removed, and what was put in before which line."""

    def __init__(self, old: list[str], new: list[str]) -> None:
        self.kept: set[int] = set()
        self.replaced: set[int] = set()
        self.before: dict[int, list[str]] = {}
        for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                self.kept.update(range(i1, i2))
            elif tag == "replace":
                self.replaced.update(range(i1, i2))
                self.before.setdefault(i1, []).extend(new[j1:j2])
            elif tag == "insert":
                self.before.setdefault(i1, []).extend(new[j1:j2])


def continues(text: str, later: str) -> bool:
    """Whether the later text is this one with something put in at one place, be it its end."""
    return len(later) >= len(text) and _common(text, later) + _common(text[::-1], later[::-1]) >= len(text)


def _common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
