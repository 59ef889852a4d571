"""Templates, scripts and styles: what Biome and djLint don't hold, or hold only where npm is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))
WIDEST = 120
BEFORE_THE_PAGE = "theme.js"
"""Sets the theme before the first paint, which no module can."""


def test_scripts_are_modules_but_for_the_one_before_the_first_paint():
    tag = re.compile(r"<script[^>]*\"js/([a-z-]+\.js)\"[^>]*>")
    loaded = [(path, match) for path in TEMPLATES for match in tag.finditer(path.read_text())]
    assert len(loaded) > 10
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path, match in loaded
        if ('type="module"' in match.group()) == (match[1] == BEFORE_THE_PAGE)
    ]
    assert wrong == []
    imported = {name for path in SCRIPTS for name in re.findall(r'from "\./([^"]+)";', path.read_text())}
    assert {match[1] for _, match in loaded} | imported == {path.name for path in SCRIPTS}, "used by no page"


def test_scripts_speak_one_dialect_and_leave_no_global():
    old = re.compile(
        r"^\s*var |\"use strict\"|\.prototype\.\w+\.(?:call|apply)|\bwindow\.\w+ =[^=]", re.MULTILINE
    )
    found = [f"{path.name}: {match.group()}" for path in SCRIPTS for match in old.finditer(path.read_text())]
    assert found == []


def test_templates_are_read_line_by_line():
    wide = [
        f"{path.relative_to(ROOT)}:{number}: {len(line)} columns"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if len(line) > WIDEST
    ]
    assert wide == []


def test_where_line_breaks_show_only_the_text_has_some() -> None:
    """An element that keeps its line breaks would show the template's own too."""
    styles = "\n".join(path.read_text() for path in (ROOT / "static" / "css").glob("*.css"))
    keeping = {
        name
        for selectors in re.findall(r"([^{}]+)\{[^{}]*white-space: pre[^{}]*\}", styles)
        for selector in selectors.split(",")
        for name in re.findall(r"\.([a-z][\w-]*)", selector.split()[-1])
    }
    assert "log-text" in keeping
    shown = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for classes in re.findall(r'class="([^"]*)"[^<>]*>[ ]*\n', path.read_text()):
            shown += [f"{path.relative_to(ROOT)}: {name}" for name in classes.split() if name in keeping]
    assert shown == []
