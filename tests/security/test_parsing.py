"""What people send is parsed by Pillow alone, as the one format that its first bytes say, its header first."""

from __future__ import annotations

import ast
import io
from pathlib import Path

import pytest
from PIL import Image

from clinic.visits import intake
from clinic.visits.refusals import IntakeError
from tests.fuzz.malformed import ENDINGS, SPECIAL, picture

ROOT = Path(__file__).resolve().parents[2]
# Whatever else is known for reading pictures, documents or archives that somebody sends.
OTHER_PARSERS = {
    "cv2",
    "imageio",
    "magic",
    "wand",
    "xml",
    "lxml",
    "pickle",
    "marshal",
    "yaml",
    "fitz",
    "pydicom",
}


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").partition(".")[0])
    return found


def test_every_picture_is_opened_as_named_formats_and_nothing_else_parses():
    opened = 0
    for path in (ROOT / "clinic").rglob("*.py"):
        tree = ast.parse(path.read_text())
        assert imported(tree) & OTHER_PARSERS == set(), path
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Image.open":
                opened += 1
                assert "formats" in {keyword.arg for keyword in node.keywords}, f"{path}:{node.lineno}"
    assert opened >= 3


@pytest.mark.parametrize("kind", sorted(ENDINGS))
def test_pillow_is_told_which_one_format_it_is(kind, monkeypatch):
    asked = []
    real = Image.open

    def watched(source, mode="r", formats=None):  # type: ignore[no-untyped-def]
        asked.append(formats)
        return real(source, mode, formats)

    monkeypatch.setattr(intake.Image, "open", watched)
    assert intake.prepare(upload=io.BytesIO(picture(kind))).width == 220
    assert asked == [[kind]]


@pytest.mark.parametrize(
    ("name", "ending", "code"),
    [
        ("svg", "svg", "unsupported_type"),
        ("svg", "jpg", "unsupported_type"),
        ("html", "jpg", "not_a_photo"),
        ("zip", "jpg", "unsupported_type"),
        ("gif", "gif", "unsupported_type"),
        ("tiff", "jpg", "unsupported_type"),
        ("animated webp", "webp", "animated"),
        ("animated png", "png", "animated"),
        ("bomb, wide", "png", "too_many_pixels"),
        ("bomb, tall", "png", "too_many_pixels"),
        ("bomb, just allowed", "png", "damaged"),
        ("bomb, no width", "png", "damaged"),
        ("text bomb", "png", "damaged"),
        ("html before jpeg", "jpg", "not_a_photo"),
        ("jpeg start, png rest", "jpg", "damaged"),
        ("heic start, jpeg rest", "heic", "damaged"),
        ("riff start, jpeg rest", "webp", "damaged"),
        ("only starts", "jpg", "damaged"),
        ("empty", "jpg", "empty"),
    ],
)
def test_what_is_no_single_whole_photo_is_refused_by_its_reason(name, ending, code, monkeypatch):
    decoded = []
    monkeypatch.setattr(intake, "_clean", lambda *found: decoded.append(found))
    with pytest.raises(IntakeError) as refused:
        intake.prepare(upload=io.BytesIO(SPECIAL[name]()))
    assert refused.value.code == code and decoded == []


@pytest.mark.parametrize("name", ["bomb, wide", "bomb, tall", "animated png", "animated webp"])
def test_limits_are_asked_of_the_header_before_any_pixel_is_decoded(name, monkeypatch):
    monkeypatch.setattr(intake, "_load", lambda image: pytest.fail("decoded"))
    with pytest.raises(IntakeError):
        intake.prepare(upload=io.BytesIO(SPECIAL[name]()))


@pytest.mark.parametrize(
    "name", ["jpeg and html", "jpeg and zip", "png and svg", "nonsense profile", "nonsense exif"]
)
def test_of_a_polyglot_the_picture_alone_is_kept(name):
    stored = intake.prepare(upload=io.BytesIO(SPECIAL[name]()))
    for content in (stored.image, stored.thumbnail):
        assert content.startswith(b"\xff\xd8\xff") and content.endswith(b"\xff\xd9")
        for other in (b"<script", b"<svg", b"PK\x03\x04", b"Exif"):
            assert other not in content
