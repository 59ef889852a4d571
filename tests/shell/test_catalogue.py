"""The Indonesian catalogue: complete, up to date with the sources, compiled, with nothing lost in a sentence."""

from __future__ import annotations

import ast
import gettext
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import translation

FOLDER = Path(settings.LOCALE_PATHS[0]) / "id" / "LC_MESSAGES"
SOURCES = ("clinic", "inference", "templates")
# Tags of a sentence, names and places to fill in, doubled per cent signs, and keys to type.
FIXED = re.compile(r"%%|%\(\w+\)\.?\d*[sdif]|%[sd]|</?\w+[^>]*>|`[^`]+`")
LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d+\])?)?\s*(".*")$')


@dataclass(slots=True)
class Entry:
    parts: dict[str, str] = field(default_factory=dict)
    fuzzy: bool = False

    @property
    def key(self) -> str:
        context = self.parts.get("msgctxt")
        return f"{context}\x04{self.parts['msgid']}" if context else self.parts["msgid"]

    @property
    def translations(self) -> list[str]:
        return [text for name, text in self.parts.items() if name.startswith("msgstr")]


def read(path: Path) -> list[Entry]:
    """The entries of a catalogue's source, without its header."""
    entries = []
    for block in path.read_text().split("\n\n"):
        entry, name = Entry(), ""
        for line in block.splitlines():
            entry.fuzzy |= line.startswith("#,") and "fuzzy" in line
            if (found := LINE.match(line)) and not line.startswith("#"):
                name = found[1] or name
                entry.parts[name] = entry.parts.get(name, "") + ast.literal_eval(found[2])
        if entry.parts.get("msgid"):
            entries.append(entry)
    return entries


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return read(FOLDER / "django.po")


def test_nothing_is_left_in_english(entries: list[Entry]) -> None:
    assert [entry.key for entry in entries if entry.fuzzy or not all(entry.translations)] == []


def test_nothing_is_lost_in_translation(entries: list[Entry]) -> None:
    """What is filled in, marked up or typed stands in both languages, and a sentence stays one."""
    wrong = []
    for entry in entries:
        english = entry.parts.get("msgid_plural") or entry.parts["msgid"]
        for text in entry.translations:
            same_ends = english[-1] in ".:?" and english[-1] != text[-1]
            spaces = (english[0].isspace(), english[-1].isspace()) != (text[0].isspace(), text[-1].isspace())
            if sorted(FIXED.findall(english)) != sorted(FIXED.findall(text)) or same_ends or spaces:
                wrong.append(f"{english!r} -> {text!r}")
    assert wrong == []


def test_what_is_read_is_what_was_written(entries: list[Entry]) -> None:
    """Django reads the compiled catalogue."""
    with (FOLDER / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert compiled._catalog.keys() - {""} == {  # type: ignore[attr-defined]
        (entry.key, 0) if "msgid_plural" in entry.parts else entry.key for entry in entries
    }
    for entry in entries:
        context = entry.parts.get("msgctxt")
        one = entry.parts["msgid"]
        many = entry.parts.get("msgid_plural")
        if many:
            assert compiled.ngettext(one, many, 3) == entry.translations[0]
        elif context:
            assert compiled.pgettext(context, one) == entry.translations[0]
        else:
            assert compiled.gettext(one) == entry.translations[0]


def test_a_plural_needs_no_second_form() -> None:
    with translation.override("id"):
        assert [
            translation.ngettext("%(count)s photo stored.", "%(count)s photos stored.", n) for n in (1, 2)
        ] == ["%(count)s foto disimpan."] * 2


@pytest.mark.skipif(not shutil.which("xgettext"), reason="needs gettext")
def test_the_catalogue_holds_what_the_sources_say(
    entries: list[Entry], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`make messages` was run after the last change of a text."""
    for top in SOURCES:
        for path in (settings.BASE_DIR / top).rglob("*"):
            if path.suffix in {".py", ".html", ".txt"}:
                copy = tmp_path / path.relative_to(settings.BASE_DIR)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, copy)
    fresh = tmp_path / "clinic" / "locale"
    fresh.mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(settings, "LOCALE_PATHS", [str(fresh)])
    call_command("makemessages", locale=["id"], no_location=True, verbosity=0)
    said = {entry.key for entry in read(fresh / "id" / "LC_MESSAGES" / "django.po")}
    written = {entry.key for entry in entries}
    assert (sorted(said - written), sorted(written - said)) == ([], []), "run make messages"


def test_no_text_hides_behind_another_name() -> None:
    """`makemessages` finds texts by the functions' names, and `_` is the only other one that it knows."""
    alias = re.compile(r"\bn?p?gettext(?:_lazy)? as (?!_\b)\w+")
    for top in ("clinic", "inference"):
        for path in (settings.BASE_DIR / top).rglob("*.py"):
            assert not alias.search(path.read_text()), path
