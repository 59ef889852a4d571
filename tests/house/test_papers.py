"""What is written beside the code stays true: links lead somewhere, each dependency says what it is for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from inference.errors import TABLE
from inference.jobs.states import Status

ROOT = Path(__file__).resolve().parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
PAPERS = [*sorted(ROOT.glob("*.md")), *DOCS]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(path: Path) -> set[str]:
    """What GitHub makes of the headings."""
    heads = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("paper", PAPERS, ids=lambda path: path.name)
def test_links_lead_somewhere(paper):
    broken = []
    for link in LINK.findall(paper.read_text()):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, anchor = link.partition("#")
        target = (paper.parent / file).resolve() if file else paper
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_the_papers_that_a_repository_owes_are_there():
    for paper in (
        "README.md",
        "LICENSE",
        "NOTICE",
        "SECURITY.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "docs/architecture.md",
    ):
        assert (ROOT / paper).is_file(), paper
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_the_intended_use_is_said():
    said = " ".join((ROOT / "README.md").read_text().split())
    for words in (
        "supports clinicians",
        "not for diagnosis",
        "not for excluding a stroke",
        "not for patients on their own",
    ):
        assert words in said.replace("*", "")


def test_each_direct_dependency_says_what_it_is_for():
    text = (ROOT / "pyproject.toml").read_text().split("[tool.uv]")[0]
    lines = [line for line in text.splitlines() if re.match(r'\s+"[a-z].*",', line)]
    assert len(lines) > 30
    assert [line for line in lines if not re.search(r",\s+# \S+", line)] == []


def test_make_help_lists_every_command():
    text = (ROOT / "Makefile").read_text()
    commands = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert commands
    said = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {line.split()[1] for line in said.stdout.splitlines()} == set(commands[1].split())


def test_the_house_is_described_as_it_is():
    """Each reason and each state of the code stands in the architecture, each setting among the settings."""
    architecture = (ROOT / "docs" / "architecture.md").read_text()
    said = (ROOT / "docs" / "settings.md").read_text()
    settings = "".join(path.read_text() for path in (ROOT / "clinic" / "config" / "settings").glob("*.py"))
    told = {*(error.code for error in TABLE), *Status.names}
    assert sorted(word for word in told if word not in architecture) == []
    assert sorted(word for word in re.findall(r'"(RISORIUS_[A-Z0-9_]+)"', settings) if word not in said) == []


@pytest.mark.parametrize("paper", DOCS, ids=lambda path: path.name)
def test_each_document_says_first_whom_it_is_for(paper):
    title, first = paper.read_text().split("\n\n")[:2]
    assert title.startswith("# ")
    assert re.match(r"For (whoever|the|a|an|you)\b", first), first


def test_each_document_that_the_code_names_is_there():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    found = []
    for line in listed.split("\0"):
        path = ROOT / line
        if path.suffix in (".py", ".sh", ".toml", ".yml", ".yaml", ".html", ".js", ".css") and path.is_file():
            found += [
                f"{line}: {named}"
                for named in re.findall(r"\bdocs/[\w/-]+\.md\b", path.read_text(errors="ignore"))
                if not (ROOT / named).is_file()
            ]
    assert found == []


@pytest.mark.parametrize(
    "row",
    re.findall(
        r"^\| (?!Word|---)([^|]+) \| [^|]+ \| ([^|]+) \|$", (ROOT / "docs" / "glossary.md").read_text(), re.M
    ),
    ids=lambda row: row[0],
)
def test_each_word_of_the_glossary_lives_where_it_says(row):
    named = re.findall(r"`([^`]+)`", row[1])
    places = [ROOT / name for name in named if "/" in name]
    assert places and all(place.exists() for place in places), row
    code = "".join(place.read_text() for place in places)
    assert [n for n in named if "/" not in n and not re.search(rf"^(class |def )?{n}\b", code, re.M)] == []


@pytest.mark.parametrize(
    "paper",
    [ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs" / "howto").glob("*.md"))],
    ids=lambda path: path.name,
)
def test_each_place_that_a_contributor_is_sent_to_is_there(paper):
    """Files and folders; what an example makes is named in its own code, not in a sentence."""
    made = {"static/img/exercises/frown.svg", "templates/patients/treatments.html"}
    named = set(
        re.findall(
            r"`((?:clinic|inference|tests|templates|static|docs|ml_training|docker)/[\w./-]*)",
            paper.read_text(),
        )
    )
    assert [name for name in sorted(named - made) if "ROOM" not in name and not (ROOT / name).exists()] == []
