"""What was looked at, what was seen, what is wanted: one line each."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

WIDTHS = (44, 50, 26)


@dataclass(frozen=True)
class Line:
    """One check. seen and wanted are for the reader; good decides."""

    check: str
    seen: str
    wanted: str
    good: bool

    def __str__(self) -> str:
        cells = (self.check, self.seen, self.wanted)
        row = "  ".join(text.ljust(width) for text, width in zip(cells, WIDTHS, strict=True))
        return f"{row}  {'ok' if self.good else 'MISSED'}"


@dataclass
class Table:
    """The lines so far; each is said to the one who waits as soon as it is known."""

    lines: list[Line] = field(default_factory=list)

    def add(self, check: str, seen: object, wanted: object, good: bool) -> None:
        self.lines.append(Line(check, str(seen), str(wanted), good))
        sys.stderr.write(f"{self.lines[-1]}\n")

    def most(self, check: str, seen: float, wanted: float, unit: str = "") -> None:
        """A number that may not be larger."""
        self.add(check, f"{seen:.0f} {unit}".strip(), f"at most {wanted:.0f}", seen <= wanted)

    def none(self, check: str, count: int, of: str) -> None:
        """A number of mishaps, and among what."""
        self.add(check, f"{count} of {of}", "0", count == 0)

    @property
    def missed(self) -> int:
        return sum(not line.good for line in self.lines)

    def __str__(self) -> str:
        head = "  ".join(
            word.ljust(width) for word, width in zip(("Check", "Seen", "Wanted"), WIDTHS, strict=True)
        ).rstrip()
        end = f"{len(self.lines)} checks, {self.missed} missed"
        return "\n".join([head, *(str(line) for line in self.lines), end])
