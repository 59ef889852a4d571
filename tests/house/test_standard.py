"""The table of OWASP's standard has every number once, a state for each, and tests that exist."""

from __future__ import annotations

import ast
import functools
import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAPER = ROOT / "docs" / "asvs.md"
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
STATES = {"met", "not applicable", "open"}

# Of each chapter its sections, and of each section its numbers of levels 1 and 2.
NUMBERS = {
    1: "1:1-7 2:1-4 4:1,4-5 5:1-4 6:1-4 7:1-2 8:1-2 9:1-2 10:1 11:1-2 12:2 14:1-6",
    2: "1:1-12 2:1-3 3:1-3 4:1-6 5:1-7 6:1-3 7:1-6 8:1-7 9:1-3 10:1-4",
    3: "1:1 2:1-4 3:1-4 4:1-5 5:1-3 7:1",
    4: "1:1-3,5 2:1-2 3:1-3",
    5: "1:1-5 2:1-8 3:1-10 4:1-3 5:1-4",
    6: "1:1-3 2:1-6 3:1-2 4:1-2",
    7: "1:1-4 2:1-2 3:1,3-4 4:1-3",
    8: "1:1-4 2:1-3 3:1-8",
    9: "1:1-3 2:1-4",
    10: "2:1-2 3:1-3",
    11: "1:1-8",
    12: "1:1-3 2:1 3:1-6 4:1-2 5:1-2 6:1",
    13: "1:1,3-5 2:1-3,5-6 3:1-2 4:1-2",
    14: "1:1-4 2:1-6 3:2-3 4:1-7 5:1-4",
}
# What an outsider found missing once stays closed.
CLOSED = """
2.2.3 2.5.5 2.10.1 3.3.2 3.5.2 4.1.3 4.2.1 5.3.10 6.4.1 7.1.3 7.2.1 7.3.3 8.1.2 8.3.8 9.2.2 10.3.2 11.1.4 12.1.1
12.1.3 12.4.2 14.2.1
"""


def numbers() -> list[str]:
    """Every number of levels 1 and 2, in their order."""
    found = []
    for chapter, sections in NUMBERS.items():
        for part in sections.split():
            section, _colon, ranges = part.partition(":")
            for one in ranges.split(","):
                first, _dash, last = one.partition("-")
                found += [f"{chapter}.{section}.{at}" for at in range(int(first), int(last or first) + 1)]
    return found


def rows() -> list[tuple[str, str, str, str]]:
    return ROW.findall(PAPER.read_text())


@functools.cache
def functions_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def missing(text: str) -> list[str]:
    """Tests that a text names and that are not there."""
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", text)
    return [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).is_file() or name not in functions_in(path)
    ]


def test_every_number_of_both_levels_stands_there_once_in_its_order():
    assert len(numbers()) == 260
    assert [number for number, *_rest in rows()] == numbers()


def test_each_has_one_of_three_states_and_its_ground():
    for number, words, state, ground in rows():
        assert state in STATES, number
        assert len(words) > 8 and len(ground) > 8, number
        if state == "met":
            assert "::" in ground or "Not tested" in ground, f"{number} is shown by nothing"
        if state == "open":
            assert len(ground) > 60, f"{number}: the risk is not said"


def test_each_test_of_a_rule_exists():
    papers = [ROOT / "CONTRIBUTING.md", *(ROOT / "docs" / "howto").glob("*.md")]
    assert len(re.findall(r"\.py::", papers[0].read_text())) > 20
    assert [test for paper in papers for test in missing(paper.read_text())] == []


def test_each_test_that_is_named_exists():
    assert len(re.findall(r"\.py::", PAPER.read_text())) > 200
    assert missing(PAPER.read_text()) == []
    assert missing("`tests/house/test_standard.py::test_nothing`") == [
        "tests/house/test_standard.py::test_nothing"
    ]


def test_the_threat_model_names_tests_that_exist():
    paper = (ROOT / "SECURITY.md").read_text()
    rows = [line for line in paper[paper.index("## Threat model") :].splitlines() if line.startswith("| **")]
    there = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        there |= set(re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE))
    assert len(rows) > 10
    for row in rows:
        named = set(re.findall(r"`(test_\w+)`", row))
        assert named and named <= there, (row[:80], named - there)


def test_each_place_in_the_code_that_is_named_exists():
    named = re.findall(r"`((?:clinic|docker|inference)/[\w./]+)`", PAPER.read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_what_was_found_missing_stays_closed():
    states = {number: state for number, _words, state, _ground in rows()}
    assert [number for number in CLOSED.split() if states[number] == "open"] == []


def test_the_counts_are_those_of_the_rows():
    counts = Counter(state for _number, _words, state, _ground in rows())
    said = re.search(r"(\d+) are met, (\d+) are not applicable, (\d+) are open", PAPER.read_text())
    assert said
    assert [int(count) for count in said.groups()] == [
        counts["met"],
        counts["not applicable"],
        counts["open"],
    ]
