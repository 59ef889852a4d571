"""What a photo's own notes say: when it was taken, how the camera was held; and what is believed of it."""

from __future__ import annotations

import datetime as dt
import struct
import zoneinfo

import numpy as np
import pytest
from PIL import ExifTags, Image

from clinic.visits import intake
from inference.pipeline.decode import decode

from . import pictures
from .pictures import encoded, upload

JAKARTA = zoneinfo.ZoneInfo("Asia/Jakarta")


def prepare(data: bytes, **options):
    return intake.prepare(upload=upload(data), **options)


def test_the_time_of_the_photo_is_read_in_the_clinic_s_time_zone():
    stored = prepare(encoded(exif=pictures.telltale_exif()), zone=JAKARTA)
    assert stored.taken_at == dt.datetime(2026, 3, 4, 9, 30, tzinfo=JAKARTA)


def test_a_camera_that_tells_its_time_zone_is_believed():
    exif = pictures.telltale_exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.OffsetTimeOriginal] = "+02:00"
    stored = prepare(encoded(exif=exif), zone=JAKARTA)
    assert stored.taken_at == dt.datetime(2026, 3, 4, 7, 30, tzinfo=dt.UTC)


def dated(said, offset=None, tag=ExifTags.Base.DateTimeOriginal, zone_tag=ExifTags.Base.OffsetTime) -> bytes:
    """A photo whose camera wrote that into one field for the date, and nothing into the others."""
    exif = pictures.telltale_exif()
    details = exif.get_ifd(ExifTags.IFD.Exif)
    del details[ExifTags.Base.DateTimeOriginal]
    details[tag] = said
    if offset:
        details[zone_tag] = offset
    return encoded(exif=exif)


@pytest.mark.parametrize(
    "said",
    [
        "2026:03:04 09:30:00.250",
        "2026:03:04 09:30",
        "2026-03-04 09:30:00",
        "2026/03/04 09:30:00",
        "2026-03-04T09:30:00",
        "2026:03:04 09:30:00\0\0",
        "2026-03-04T02:30:00Z",
        "2026-03-04T04:30:00+02:00",
        "2026:03:04 04:30:00+0200",
        "2026:3:4 9:30:00",
    ],
)
def test_a_date_is_read_however_the_camera_or_an_editor_wrote_it(said):
    assert prepare(dated(said), zone=JAKARTA).taken_at == dt.datetime(2026, 3, 4, 9, 30, tzinfo=JAKARTA)


@pytest.mark.parametrize(
    "zone_tag", [ExifTags.Base.OffsetTime, ExifTags.Base.OffsetTimeOriginal], ids=["general", "own"]
)
@pytest.mark.parametrize(
    ("offset", "hour"), [("+02:00", 7), ("+0200", 7), ("-03:30", 13), ("Z", 9), ("+99:00", 2), ("  ", 2)]
)
def test_the_zone_beside_the_date_counts_and_nonsense_falls_back_to_the_clinic_s(zone_tag, offset, hour):
    moment = prepare(dated("2026:03:04 09:30:00", offset, zone_tag=zone_tag), zone=JAKARTA).taken_at
    assert moment.astimezone(dt.UTC).hour == hour


def test_a_scan_counts_from_when_it_was_digitized():
    data = dated("2026:03:04 09:30:00", tag=ExifTags.Base.DateTimeDigitized)
    assert prepare(data, zone=JAKARTA).taken_at == dt.datetime(2026, 3, 4, 9, 30, tzinfo=JAKARTA)


def test_when_a_file_was_edited_is_not_when_the_photo_was_taken():
    exif = Image.Exif()
    exif[ExifTags.Base.DateTime] = "2026:03:04 09:30:00"
    assert prepare(encoded(exif=exif), zone=JAKARTA).taken_at is None


@pytest.mark.parametrize(
    "packet",
    [
        b'<rdf:Description exif:DateTimeOriginal="2026-03-04T09:30:00"/>',
        b"<photoshop:DateCreated>2026-03-04T09:30:00</photoshop:DateCreated>",
        b"<exif:DateTimeOriginal>2026-03-04T02:30:00Z</exif:DateTimeOriginal>",
    ],
)
def test_a_date_that_only_xmp_tells_is_read(packet):
    assert prepare(encoded(xmp=packet), zone=JAKARTA).taken_at == dt.datetime(
        2026, 3, 4, 9, 30, tzinfo=JAKARTA
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_orientation_that_only_xmp_tells_turns_nothing(kind):
    """No browser reads it: the clinician saw this photo upright, and so it is stored."""
    data = encoded(kind, xmp=b'<x:xmpmeta><rdf:Description tiff:Orientation="6"/></x:xmpmeta>')
    stored = prepare(data)
    assert (stored.width, stored.height) == pictures.SIZE
    assert pictures.corners(stored.image) == list(pictures.CORNERS)
    assert np.asarray(decode(data)).shape[:2] == pictures.SIZE[::-1]


def test_an_orientation_that_is_no_number_costs_only_itself():
    data = encoded(exif=pictures.telltale_exif(orientation=6))
    number = next(
        entry
        for order in ("<", ">")
        if (entry := struct.pack(f"{order}HHIH", ExifTags.Base.Orientation, 3, 1, 6)) in data
    )
    order = "<" if number[0] == 0x12 else ">"
    text = struct.pack(f"{order}HHI2s", ExifTags.Base.Orientation, 2, 2, b"H")
    stored = prepare(data.replace(number, text), zone=JAKARTA)
    assert (stored.width, stored.taken_at) == (
        pictures.SIZE[0],
        dt.datetime(2026, 3, 4, 9, 30, tzinfo=JAKARTA),
    )


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
