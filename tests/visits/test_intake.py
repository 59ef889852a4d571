"""What a photo must be to get in, and what is left of it."""

from __future__ import annotations

import datetime as dt
import hashlib
import io
import zoneinfo
from pathlib import Path

import pytest
from PIL import ExifTags, Image, ImageCms

from clinic.visits import intake
from clinic.visits.refusals import SENTENCES, IntakeError, refuse

from . import pictures
from .pictures import encoded, picture, upload

PEOPLE = Path(__file__).parents[1] / "people"
JAKARTA = zoneinfo.ZoneInfo("Asia/Jakarta")


def prepare(data: bytes, name: str = "photo.jpg", **options):
    return intake.prepare(upload=upload(data, name), **options)


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
        ("HEIF", "photo.HEIF"),
    ],
)
def test_the_four_kinds_of_photo_get_in_as_an_upright_jpeg(kind, name):
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
    if back in intake.TURNS:
        turned = turned.transpose(intake.TURNS[back])
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


def test_the_time_of_the_photo_is_read_in_the_clinic_s_time_zone():
    stored = prepare(encoded(exif=pictures.telltale_exif()), zone=JAKARTA)
    assert stored.taken_at == dt.datetime(2026, 3, 4, 9, 30, tzinfo=JAKARTA)


def test_a_camera_that_tells_its_time_zone_is_believed():
    exif = pictures.telltale_exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    stored = prepare(encoded(exif=exif), zone=JAKARTA)
    assert stored.taken_at == dt.datetime(2026, 3, 4, 7, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "said", ["1980:01:01 00:00:00", "2126:01:01 00:00:00", "0000:00:00 00:00:00", "soon"]
)
def test_a_camera_s_clock_that_can_t_be_right_tells_nothing(said):
    exif = pictures.telltale_exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = said
    assert prepare(encoded(exif=exif), zone=JAKARTA).taken_at is None


def test_broken_exif_costs_only_itself():
    data = encoded(exif=pictures.telltale_exif())
    at = data.index(b"Exif\0\0") + 8
    assert prepare(data[:at] + b"\xff" * 40 + data[at + 40 :]).width == pictures.SIZE[0]


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
        intake.prepare(upload=io.BytesIO(data), name="photo.jpg")
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


@pytest.mark.parametrize("side", [8_000, 30_000])
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
    ("kind", "name", "says"),
    [("PNG", "a.jpg", "PNG"), ("JPEG", "a.png", "JPEG"), ("JPEG", "a", "JPEG"), ("HEIF", "a.jpg", "HEIC")],
)
def test_a_name_that_says_something_else_than_the_content(kind, name, says):
    error = refused(encoded(kind), name)
    assert error.code == "extension_mismatch"
    assert says in error.sentence


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
        (b"\0\0\0\x18ftypavif\0\0\0\0avifmif1", "AVIF"),
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
    for data, ending in ((b"", "jpg"), (b"text", "jpg"), (encoded("PNG"), "jpg"), (encoded()[:200], "jpg")):
        assert secret not in refused(data, f"{secret}.{ending}").sentence


def test_a_jpeg_with_a_depth_map_inside_is_one_photo():
    data = encoded("MPO", picture(), save_all=True, append_images=[picture((120, 150))])
    assert pictures.corners(prepare(data).image) == list(pictures.CORNERS)
