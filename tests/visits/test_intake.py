"""What a photo must be to get in, and what is left of it."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image, ImageCms

from clinic.visits import intake
from clinic.visits.refusals import SENTENCES, IntakeError, refuse
from inference.pipeline.orientation import TURNS

from . import pictures
from .pictures import encoded, picture, upload

PEOPLE = Path(__file__).parents[1] / "people"


def prepare(data: bytes, name: str = "photo.jpg", **options):
    return intake.prepare(upload=upload(data, name), **options)


def photo() -> Image.Image:
    return Image.open(PEOPLE / "t1.jpg").convert("RGB")


def refused(data: bytes, name: str = "photo.jpg") -> IntakeError:
    with pytest.raises(IntakeError) as caught:
        prepare(data, name)
    return caught.value


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("JPEG", "photo.jpg"),
        ("JPEG", "PHOTO.JPEG"),
        ("PNG", "photo.png"),
        ("WEBP", "photo.webp"),
        ("HEIF", "photo.heic"),
        ("AVIF", "photo.avif"),
    ],
)
def test_each_kind_of_photo_gets_in_as_an_upright_jpeg(kind, name):
    data = encoded(kind)
    stored = prepare(data, name)
    image = Image.open(io.BytesIO(stored.image))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", pictures.SIZE)
    assert (stored.width, stored.height) == pictures.SIZE
    assert pictures.corners(stored.image) == list(pictures.CORNERS)
    assert stored.original_sha256 == hashlib.sha256(data).hexdigest()
    assert stored.sha256 == hashlib.sha256(stored.image).hexdigest()


def test_a_portrait_keeps_its_face_and_gets_a_small_picture():
    stored = prepare((PEOPLE / "t1.jpg").read_bytes())
    original = Image.open(PEOPLE / "t1.jpg").convert("RGB")
    kept = Image.open(io.BytesIO(stored.image))
    both = (image.resize((40, 40)).tobytes() for image in (original, kept))
    difference = [abs(before - after) for before, after in zip(*both, strict=True)]
    assert sum(difference) / len(difference) < 2
    small = Image.open(io.BytesIO(stored.thumbnail))
    assert max(small.size) == intake.THUMBNAIL_SIDE
    assert len(stored.thumbnail) < 60_000


def test_a_twelve_megapixel_photo_taken_sideways_is_turned_upright():
    data = encoded(image=picture((4032, 3024)), exif=pictures.telltale_exif(orientation=6), quality=60)
    stored = prepare(data)
    assert (stored.width, stored.height) == (3024, 4032)
    assert pictures.corners(stored.image) == ["white", "red", "green", "blue"]
    assert Image.open(io.BytesIO(stored.thumbnail)).size == (360, 480)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_way_of_holding_a_camera_ends_upright(orientation):
    turned = picture()
    back = {5: 5, 6: 8, 7: 7, 8: 6}.get(orientation, orientation)
    if back in TURNS:
        turned = turned.transpose(TURNS[back])
    stored = prepare(encoded(image=turned, exif=pictures.telltale_exif(orientation), quality=95))
    assert (stored.width, stored.height) == pictures.SIZE
    assert pictures.corners(stored.image) == list(pictures.CORNERS)


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp"), ("HEIF", "a.heic")]
)
def test_no_metadata_is_left_in_what_is_stored(kind, name):
    options = {"exif": pictures.telltale_exif(), "xmp": b"<x:xmpmeta>Jane Doe</x:xmpmeta>"}
    if kind == "JPEG":
        options["comment"] = b"Jane Doe"
    data = encoded(kind, **options)
    assert b"Telltale" in data or kind == "HEIF"
    stored = prepare(data, name)
    for part in (stored.image, stored.thumbnail):
        for trace in (b"Exif", b"GPS", b"Telltale", b"Somebody", b"Jane Doe", b"xmp", b"ICC_PROFILE"):
            assert trace not in part
        image = Image.open(io.BytesIO(part))
        assert not image.getexif()
        assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "LA", "CMYK", "I;16", "1"])
def test_every_mode_of_colour_becomes_plain_colour(mode):
    kind, name = ("JPEG", "a.jpg") if mode == "CMYK" else ("PNG", "a.png")
    image = Image.new("I;16", pictures.SIZE, 40_000) if mode == "I;16" else picture().convert(mode)
    stored = Image.open(io.BytesIO(prepare(encoded(kind, image), name).image))
    assert stored.mode == "RGB"
    assert 0 < sum(stored.resize((1, 1)).getpixel((0, 0))) < 765


def test_transparent_places_become_white():
    image = Image.new("RGBA", pictures.SIZE, (10, 200, 30, 0))
    stored = Image.open(io.BytesIO(prepare(encoded("PNG", image), "a.png").image))
    assert min(stored.getpixel((50, 50))) > 250


def test_colours_of_another_profile_are_converted_not_dropped():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    stored = prepare(encoded("PNG", icc_profile=profile.tobytes()), "a.png")  # does not fit its picture
    assert pictures.corners(stored.image) == list(pictures.CORNERS)


def test_a_very_large_photo_is_stored_smaller():
    stored = prepare(encoded(image=picture((6000, 4000)), quality=40))
    assert (stored.width, stored.height) == (4096, 2731)


# --- refused, each with its own sentence ---


def test_an_empty_file():
    assert refused(b"").code == "empty"


def test_a_file_of_thirty_megabytes_is_refused_without_being_read():
    class Huge:
        name, size = "photo.jpg", 30 * 1024 * 1024

        def read(self, size: int = -1) -> bytes:
            raise AssertionError("it was read")

    with pytest.raises(IntakeError) as caught:
        intake.prepare(upload=Huge())
    assert caught.value.code == "too_large"
    assert "25 MB" in caught.value.sentence


def test_a_file_that_hides_its_size_is_refused_as_well():
    data = encoded() + b"\0" * (25 * 1024 * 1024)
    with pytest.raises(IntakeError) as caught:
        intake.prepare(upload=io.BytesIO(data))
    assert caught.value.code == "too_large"


def test_exactly_the_limit_gets_in(settings):
    data = encoded()
    settings.PHOTO_MAX_BYTES = len(data)
    assert prepare(data).width
    settings.PHOTO_MAX_BYTES = len(data) - 1
    assert refused(data).code == "too_large"


def test_more_pixels_than_allowed(settings):
    settings.PHOTO_MAX_PIXELS = 240 * 300
    assert prepare(encoded()).width
    assert refused(encoded(image=picture((241, 300)))).code == "too_many_pixels"


@pytest.mark.parametrize("size", [(6144, 8192), (6144, 8160), (6944, 9280), (6936, 9248)])
def test_telephones_that_call_themselves_50_and_64_megapixel_ones_get_in(size):
    assert prepare(encoded(image=Image.new("RGB", size, "grey"), quality=20)).height == intake.LONGEST_SIDE


@pytest.mark.parametrize("side", [8_100, 30_000])
def test_a_decompression_bomb_is_refused_by_its_header(side, monkeypatch):
    data = pictures.bomb(side, side)
    assert len(data) < 1024 * 1024
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("it was decoded"))
    assert refused(data, "a.png").code == "too_many_pixels"


def test_a_bomb_in_the_text_of_a_png():
    assert refused(pictures.text_bomb(), "a.png").code == "damaged"


def test_a_picture_too_small_to_show_a_face():
    assert refused(encoded(image=picture((199, 400)))).code == "too_small"


@pytest.mark.parametrize(("kind", "name"), [("WEBP", "a.webp"), ("PNG", "a.png")])
def test_an_animation(kind, name):
    assert refused(pictures.animation(kind), name).code == "animated"


def test_an_animated_gif_is_no_photo_at_all():
    error = refused(pictures.animation("GIF"), "a.gif")
    assert error.code == "unsupported_type"
    assert "GIF" in error.sentence


@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp"), ("HEIF", "a.heic")]
)
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_a_truncated_file(kind, name, share):
    data = encoded(kind, picture((800, 1000)))
    assert refused(data[: int(len(data) * share)], name).code == "damaged"


def test_a_text_renamed():
    assert refused(b"Dear colleague, enclosed please find nothing.").code == "not_a_photo"


@pytest.mark.parametrize(
    "name",
    [
        "a.png",
        "IMG_0001.HEIC",
        "image",
        "blob",
        "IMG.jpg (1)",
        "photo.jpg ",
        "a.txt",
        "a.pdf",
        "Foto José.jpg",
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF"])
def test_no_photo_is_refused_for_its_name(kind, name):
    assert pictures.corners(prepare(encoded(kind), name).image) == list(pictures.CORNERS)


@pytest.mark.parametrize("turned", [False, True])
def test_a_picture_that_would_be_a_strip_is_refused_and_a_panorama_is_not(turned):
    narrow, panorama = (
        encoded("PNG", Image.new("RGB", size[::-1] if turned else size, "grey"))
        for size in ((250_000, 200), (5_000, 280))
    )
    assert refused(narrow).code == "too_narrow"
    stored = prepare(panorama)
    assert min(stored.width, stored.height) >= intake.SHORTEST_SIDE


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("trailer", [b"", b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + bytes(range(255)) * 80])
def test_a_jpeg_that_lacks_its_end_marker_alone_is_whole(trailer, progressive):
    data = encoded(image=photo(), progressive=progressive, quality=90)
    assert data.endswith(b"\xff\xd9")
    stored = prepare(data[:-2] + trailer)
    assert stored.sha256 == prepare(data).sha256


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.98])
def test_a_jpeg_that_was_cut_short_stays_damaged(share, progressive):
    data = encoded(image=photo(), progressive=progressive, quality=90)
    assert refused(data[: int(len(data) * share)]).code == "damaged"


def test_the_main_picture_of_a_burst_is_the_photo():
    first, main = picture(shade=200), picture()
    heif = pillow_heif.from_pillow(first)
    heif.add_from_pillow(main)
    stream = io.BytesIO()
    heif.save(stream, quality=90, save_all=True, primary_index=1)
    assert pictures.corners(prepare(stream.getvalue(), "IMG_0100.HEIC").image) == list(pictures.CORNERS)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (
            b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
            "SVG",
        ),
        (b"%PDF-1.7 and so on", "PDF"),
        (b"PK\x03\x04 and so on", "ZIP"),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "MP4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0qt  ", "MOV"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "MOV"),
        (b"\0\0\0\x18ftyp3gp5\0\0\0\x003gp5isom", "3GP"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "WebM"),
        (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x88matroska", "Matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "AVI"),
        (b"\0\0\0\x0cJXL \r\n\x87\n and so on", "JPEG XL"),
        (b"\xff\x0a and so on", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n and so on", "JPEG 2000"),
        (b"8BPS and so on", "Photoshop"),
        (b"\0\x05\x16\x07\0\x02\0\0Mac OS X", "macOS companion"),
        (b"II*\0 and so on", "TIFF"),
        (b"\0" * 128 + b"DICM and so on", "DICOM"),
    ],
)
def test_other_kinds_of_file_are_named(data, kind):
    error = refused(data)
    assert error.code == "unsupported_type"
    assert kind in error.sentence


def test_a_polyglot_leaves_nothing_but_its_pixels():
    tail = b"<svg onload=alert(1)><script>alert(1)</script>PK\x03\x04"
    stored = prepare(encoded() + tail)
    assert tail not in stored.image
    assert b"<script>" not in stored.image + stored.thumbnail


def test_content_that_sniffs_as_one_kind_and_decodes_as_another():
    assert refused(b"\xff\xd8\xff" + encoded("PNG")).code == "damaged"
    assert refused(b"\x89PNG\r\n\x1a\n" + encoded(), "a.png").code == "damaged"


# --- the sentences ---


def test_each_refusal_has_a_sentence_of_its_own():
    sentences = [refuse(code, kind="PNG", day="1 March 2026").sentence for code in SENTENCES]
    assert len(set(sentences)) == len(sentences)
    for sentence in sentences:
        assert "%" not in sentence
        assert sentence.endswith(".")


def test_no_sentence_repeats_the_file_s_name():
    secret = "jane-doe-1980"
    for data in (b"", b"text", b"%PDF-1.7", encoded()[:200]):
        assert secret not in refused(data, f"{secret}.jpg").sentence


def test_a_jpeg_with_a_depth_map_inside_is_one_photo():
    data = encoded("MPO", picture(), save_all=True, append_images=[picture((120, 150))])
    assert pictures.corners(prepare(data).image) == list(pictures.CORNERS)
