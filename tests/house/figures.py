"""The order of the house in figures: of this tree, or of another one to set it beside.

Usage: python -m tests.house.figures [FOLDER]
"""

from __future__ import annotations

import ast
import fnmatch
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("clinic", "inference", "ml_training")
APART = frozenset({"Meta", "Command", "Migration"})
"""Classes that Django wants to be called so."""


class House:
    """A tree of the project's sources."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.trees = {
            path: ast.parse(path.read_text())
            for package in PACKAGES
            for path in sorted((root / package).rglob("*.py"))
            if "migrations" not in path.parts
        }

    def module(self, path: Path) -> list[str]:
        """The parts of the module's name."""
        parts = [*path.relative_to(self.root).with_suffix("").parts]
        return parts[:-1] if parts[-1] == "__init__" else parts

    def imports(self, path: Path) -> Iterator[tuple[ast.stmt, list[str], bool]]:
        """The own modules that a module imports, but for annotations alone: where, which, and whether in a function."""
        tree = self.trees[path]
        only_types = {
            id(node)
            for guard in ast.walk(tree)
            if isinstance(guard, ast.If) and "TYPE_CHECKING" in ast.unparse(guard.test)
            for node in ast.walk(guard)
        }
        hidden = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
            for node in ast.walk(function)
        }
        package = self.module(path) if path.name == "__init__.py" else self.module(path)[:-1]
        for node in ast.walk(tree):
            if not isinstance(node, ast.Import | ast.ImportFrom) or id(node) in only_types:
                continue
            for name in _imported(node, package):
                if name[0] in PACKAGES:
                    yield node, name, id(node) in hidden

    def ties(self) -> dict[str, set[str]]:
        """Which room knows which."""
        found: dict[str, set[str]] = defaultdict(set)
        for path in self.trees:
            for _, name, _ in self.imports(path):
                mine, other = _room(self.module(path)), _room(name)
                if mine != other and "" not in (mine, other):
                    found[mine].add(other)
        return found

    def largest_cycle(self) -> list[str]:
        """The most rooms that reach one another by imports; one alone is no cycle."""
        ties = self.ties()
        reached = {room: set(others) for room, others in ties.items()}
        for _ in range(len(reached)):
            for room, others in reached.items():
                reached[room] = others.union(*(reached.get(other, set()) for other in others))
        knots = [
            sorted(one for one in reached if room in reached[one] and one in reached[room])
            for room in reached
        ]
        return max(knots, key=len, default=[])

    def hidden_imports(self) -> list[str]:
        """Own imports inside a function."""
        return sorted(
            f"{path.relative_to(self.root)}:{node.lineno}"
            for path in self.trees
            for node, _, hidden in self.imports(path)
            if hidden
        )

    def twice(self) -> dict[str, list[str]]:
        """Public names of classes that stand in more than one module."""
        places: dict[str, list[str]] = defaultdict(list)
        for path, tree in self.trees.items():
            for node in ast.walk(tree):
                if (
                    isinstance(node, ast.ClassDef)
                    and node.name not in APART
                    and not node.name.startswith("_")
                ):
                    places[node.name].append(str(path.relative_to(self.root)))
        return {name: found for name, found in sorted(places.items()) if len(found) > 1}

    def template_lines(self) -> list[int]:
        """The lengths of the templates' lines, longest first."""
        files = (self.root / "templates").rglob("*.html")
        return sorted((len(line) for path in files for line in path.read_text().splitlines()), reverse=True)

    def checked(self) -> tuple[int, int]:
        """Lines whose types are checked, and all lines."""
        settings = tomllib.loads((self.root / "pyproject.toml").read_text())["tool"]["mypy"]
        ignored = [
            pattern
            for one in settings.get("overrides", [])
            if one.get("ignore_errors")
            for pattern in ([one["module"]] if isinstance(one["module"], str) else one["module"])
        ]
        lines = {path: len(path.read_text().splitlines()) for path in self.trees}
        asked = [
            count
            for path, count in lines.items()
            if any(path.is_relative_to(self.root / folder) for folder in settings["files"])
            and not any(fnmatch.fnmatch(".".join(self.module(path)), pattern) for pattern in ignored)
        ]
        return sum(asked), sum(lines.values())

    def exemptions(self) -> int:
        """Lines that are exempt from type checking."""
        mark = "# type: " + "ignore"
        return sum(line.count(mark) for path in self.trees for line in path.read_text().splitlines())


def _imported(node: ast.Import | ast.ImportFrom, package: list[str]) -> Iterator[list[str]]:
    if isinstance(node, ast.Import):
        yield from (alias.name.split(".") for alias in node.names)
        return
    base = package[: len(package) - node.level + 1] if node.level else []
    base = [*base, *(node.module.split(".") if node.module else [])]
    yield from ([*base, alias.name] for alias in node.names)


def _room(name: list[str]) -> str:
    if name[0] == "clinic":
        return ".".join(name[:2]) if len(name) > 1 else ""
    return name[0]


def main() -> None:
    """Print them."""
    house = House(Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else ROOT)
    cycle, twice, lines = house.largest_cycle(), house.twice(), house.template_lines()
    checked, whole = house.checked()
    told = {
        "rooms in the largest cycle": f"{len(cycle)}  {' '.join(cycle)}",
        "own imports inside a function": len(house.hidden_imports()),
        "classes' names that stand twice": f"{len(twice)}  {' '.join(twice)}",
        "longest line of a template": f"{lines[0]}; over 120: {sum(one > 120 for one in lines)} of {len(lines)}",
        "lines whose types are checked": f"{checked} of {whole}, {100 * checked / whole:.0f} %",
        "lines exempt from that": house.exemptions(),
    }
    sys.stdout.writelines(f"{name:34}{value}\n" for name, value in told.items())


if __name__ == "__main__":
    main()
