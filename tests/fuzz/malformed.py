"""Malformed uploads by the thousand: files that are no photos, bodies that are no forms, each with its kind."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field
from functools import lru_cache

from hypothesis import strategies as st
from PIL import Image, ImageDraw
from PIL.PngImagePlugin import PngInfo

from tests.visits import costly
from tests.visits.pictures import encoded

ENDINGS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp", "HEIF": "heic"}
TYPES = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp", "HEIF": "image/heic"}
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>'
HTML = b"<html><script>alert(document.cookie)</script></html>"
ZIP = b"PK\x03\x04\x14\x00\x00\x00\x00\x00" + b"\x00" * 60
LONG = "x" * 70_000


@dataclass(frozen=True)
class Sent:
    """One request: what it is a case of, its body, and the headers that matter."""

    kind: str
    body: bytes
    content_type: str
    headers: dict[str, str] = field(default_factory=dict)


@lru_cache
def picture(kind: str, shade: int = 0) -> bytes:
    """A whole picture of that kind, as small as intake takes."""
    image = Image.new("RGB", (220, 260), (200 - 20 * shade, 150, 120))
    ImageDraw.Draw(image).ellipse((40, 40 + shade, 180, 220), fill=(150, 90, 80))
    return encoded(kind, image)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@lru_cache
def bomb(width: int, height: int, lines: int) -> bytes:
    """A PNG whose header promises a huge picture."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + chunk(b"IDAT", zlib.compress(b"\x00" * (lines * 1000)))
        + chunk(b"IEND", b"")
    )


@lru_cache
def many_frames(kind: str) -> bytes:
    frames = [Image.new("RGB", (220, 220), (shade * 40, 9, 9)) for shade in range(4)]
    stream = io.BytesIO()
    frames[0].save(stream, kind, save_all=True, append_images=frames[1:])
    return stream.getvalue()


@lru_cache
def text_bomb() -> bytes:
    """A PNG with a compressed text that unpacks to many megabytes."""
    info = PngInfo()
    info.add_text("Comment", "A" * 20_000_000, zip=True)
    stream = io.BytesIO()
    Image.new("RGB", (220, 220)).save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


@lru_cache
def with_block(kind: str, size: int) -> bytes:
    """A picture with a colour profile or EXIF block that is nonsense of that size."""
    stream = io.BytesIO()
    image = Image.new("RGB", (220, 220), (9, 99, 9))
    exif = b"Exif\x00\x00" + b"II*\x00\xff\xff\xff\xff" + b"\x41" * size
    image.save(stream, kind, exif=exif[:60_000], icc_profile=b"\x00" * size)
    return stream.getvalue()


SPECIAL = {
    "empty": lambda: b"",
    "svg": lambda: SVG,
    "html": lambda: HTML,
    "zip": lambda: ZIP,
    "gif": lambda: many_frames("GIF"),
    "tiff": lambda: many_frames("TIFF"),
    "animated webp": lambda: many_frames("WEBP"),
    "animated png": lambda: many_frames("PNG"),
    "bomb, wide": lambda: bomb(60_000, 60_000, 10),
    "bomb, tall": lambda: bomb(1, 2**31 - 1, 1),
    "bomb, just allowed": lambda: bomb(7000, 7000, 5),
    "bomb, no width": lambda: bomb(0, 500, 1),
    "text bomb": text_bomb,
    "nonsense profile": lambda: with_block("JPEG", 50_000),
    "nonsense exif": lambda: with_block("WEBP", 30_000),
    "jpeg and html": lambda: picture("JPEG") + HTML,
    "html before jpeg": lambda: HTML + picture("JPEG"),
    "jpeg and zip": lambda: picture("JPEG") + ZIP,
    "png and svg": lambda: picture("PNG") + SVG,
    "jpeg start, png rest": lambda: b"\xff\xd8\xff\xe0" + picture("PNG"),
    "heic start, jpeg rest": lambda: b"\x00\x00\x00\x18ftypheic" + picture("JPEG"),
    "riff start, jpeg rest": lambda: b"RIFF\xff\xff\xff\xffWEBP" + picture("JPEG"),
    "only starts": lambda: b"\xff\xd8\xff",
    "900 scans": lru_cache(lambda: costly.many_scans(900)),
    "as many scans as may be": lru_cache(lambda: costly.many_scans(38)),
    "many segments": lambda: costly.many_segments(20_000),
    "fill bytes": lambda: costly.fill_bytes(1_500_000),
    "many chunks": lambda: costly.many_chunks(17_000),
    "transparent, 50 megapixels": lru_cache(lambda: costly.wide_png(8_000, 6_250)),
    "transparent, 32 megapixels": lru_cache(lambda: costly.wide_png(5_700, 5_700)),
    "64 megapixels of one colour": lru_cache(lambda: costly.wide_png(8_000, 8_000, colour=2)),
}


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes, str]:
    """What was done, the bytes, and the kind that name and type will say."""
    kind = draw(st.sampled_from(sorted(ENDINGS)))
    whole = picture(kind, draw(st.integers(0, 5)))
    how = draw(
        st.sampled_from(
            [
                "truncated",
                "bits",
                "spliced",
                "zeroed",
                "inserted",
                "removed",
                "noise",
                "special",
                "special",
                "whole",
            ]
        )
    )
    at = draw(st.integers(0, len(whole) - 1))
    if how == "truncated":
        return how, whole[:at], kind
    if how == "bits":
        data = bytearray(whole)
        # Mostly in the header, where a parser decides; the pixels' bits seldom matter.
        for place in draw(
            st.lists(st.integers(0, min(700, len(whole) - 1)) | st.just(at), min_size=1, max_size=12)
        ):
            data[place] ^= 1 << draw(st.integers(0, 7))
        return how, bytes(data), kind
    if how == "spliced":
        other = picture(draw(st.sampled_from(sorted(ENDINGS))))
        return how, whole[:at] + other[draw(st.integers(0, len(other) - 1)) :], kind
    if how == "zeroed":
        length = draw(st.integers(1, 400))
        return how, whole[:at] + b"\x00" * length + whole[at + length :], kind
    if how == "inserted":
        return how, whole[:at] + draw(st.binary(min_size=1, max_size=200)) + whole[at:], kind
    if how == "removed":
        return how, whole[:at] + whole[at + draw(st.integers(1, 300)) :], kind
    if how == "noise":
        start = draw(st.sampled_from([b"", whole[:4], whole[:12], whole[:64]]))
        return how, start + draw(st.binary(max_size=2000)), kind
    if how == "special":
        name = draw(st.sampled_from(sorted(SPECIAL)))
        return name, SPECIAL[name](), kind
    return how, whole, kind


NAMES = st.sampled_from(
    [
        "photo.{}",
        "PHOTO.{}",
        "../../../etc/passwd.{}",
        "..\\..\\boot.{}",
        "/abs/olute.{}",
        "a\x00b.{}",
        "\x00.{}",
        "line\nbreak.{}",
        "tab\t\x1b[31m.{}",
        "photo.{}.exe",
        "photo.exe.{}",
        ".{}",
        "",
        ".",
        "..",
        "photo",
        "\u202egpj.{}",
        "\ud83d\ude00.{}".encode("utf-16", "surrogatepass").decode("utf-16"),
        "<script>alert(1)</script>.{}",
        "'; DROP TABLE visits_photo; --.{}",
        "{{7*7}}%s%n.{}",
        "con.{}",
        LONG[:5000] + ".{}",
    ]
)
STEPS = st.sampled_from(
    [
        "smile",
        "rest",
        "",
        "nothing",
        "smile|left",
        "sneer|left",
        "sneer|x|y",
        "\x00",
        "smile\x00",
        "None",
        "é" * 500,
        LONG,
    ]
) | st.text(max_size=30)
BOUNDARY = "----limit7MA4YWxk"


def part(name: str, content: bytes, *, filename: str | None = None, more: str = "") -> bytes:
    shown = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    return f"Content-Disposition: {shown}\r\n{more}\r\n".encode("utf-8", "surrogatepass") + content + b"\r\n"


def body(parts: list[bytes], boundary: str = BOUNDARY, end: bytes | None = None) -> bytes:
    line = f"--{boundary}".encode()
    return b"".join(line + b"\r\n" + one for one in parts) + (line + b"--\r\n" if end is None else end)


@st.composite
def forms(draw: st.DrawFn, visit: str, api: bool) -> Sent:
    """A form with a file, most of them with something wrong in the file, the form, or the headers."""
    how, content, kind = draw(files())
    name = draw(st.just("photo.{}") | NAMES).replace(
        "{}", draw(st.sampled_from([ENDINGS[kind]] * 4 + ["jpg", "svg", "php"]))
    )
    said = draw(
        st.sampled_from([TYPES[kind], TYPES[kind], "image/svg+xml", "text/html", "x" * 300, "a/b; c=\x00"])
    )
    field_name = "image" if api else draw(st.sampled_from(["photo", "photos"]))
    more = f"Content-Type: {said}\r\n"
    parts = [
        part(field_name, content, filename=name, more=more),
        part(
            "exercise",
            draw(st.sampled_from(["smile", "rest", "sneer"]) | STEPS).encode("utf-8", "surrogatepass"),
        ),
    ]
    if api:
        whose = draw(
            st.sampled_from([visit] * 5 + ["", "\x00", "1", visit.upper(), visit + "0", "{" + visit + "}"])
        )
        parts.append(part("visit", whose.encode()))
    if draw(st.integers(0, 3)) == 0:
        side = draw(st.sampled_from(["left", "right", "", "\x00", "up", LONG]))
        parts.append(part("side", side.encode()))
    if api and draw(st.integers(0, 3)) == 0:
        taken = draw(
            st.sampled_from(
                ["2026-01-01T10:00:00Z", "0000-00-00", "9999-12-31T23:59:59Z", "\x00", "1e400", "now"]
            )
        )
        parts.append(part("taken_at", taken.encode()))
    return draw(broken_bodies(how, parts))


@st.composite
def broken_bodies(draw: st.DrawFn, how: str, parts: list[bytes]) -> Sent:
    whole = f"multipart/form-data; boundary={BOUNDARY}"
    fault = draw(st.sampled_from(FAULTS))
    headers = draw(
        st.sampled_from(
            [
                {},
                {},
                {},
                {"Idempotency-Key": "k" * 5000},
                {"Idempotency-Key": "\x7f"},
                {"X-Request-ID": LONG[:3000]},
            ]
        )
    )
    kind = how if fault == "none" else f"{fault} ({how})" if how == "whole" else fault
    data, content_type = body(parts), whole
    if fault == "no end":
        data = body(parts, end=b"")
    elif fault == "cut":
        data = data[: draw(st.integers(0, len(data)))]
    elif fault == "other boundary":
        content_type = "multipart/form-data; boundary=another"
    elif fault == "odd boundary":
        odd = draw(
            st.sampled_from(["", "\x00", "é", '"', "a" * 300, "a b", "--", '""', ";", "x; boundary=y"])
        )
        content_type = f"multipart/form-data; boundary={odd}"
    elif fault == "no boundary":
        content_type = "multipart/form-data"
    elif fault == "other type":
        types = [
            "application/json",
            "text/plain",
            "application/x-www-form-urlencoded",
            "",
            "/",
            "multipart/mixed; boundary=x",
        ]
        content_type = draw(st.sampled_from(types))
    elif fault == "twice":
        data = body([part_ for part_ in parts for _ in range(2)])
    elif fault == "many fields":
        data = body(parts + [part(f"f{number}", b"1") for number in range(1200)])
    elif fault == "many files":
        data = body(parts + [part("photo", b"x", filename=f"{number}.jpg") for number in range(60)])
    elif fault == "giant header":
        data = body([part("photo", b"x", filename="a.jpg", more=f"X-Long: {LONG}\r\n"), *parts])
    elif fault == "header noise":
        noise = draw(st.binary(min_size=1, max_size=80))
        data = body([noise + b"\r\n" + parts[0], *parts[1:]])
    elif fault == "transfer encoding":
        encoding = draw(st.sampled_from(["base64", "quoted-printable", "gzip", "\x00"]))
        data = body([f"Content-Transfer-Encoding: {encoding}\r\n".encode() + parts[0], *parts[1:]])
    elif fault == "strange charset":
        content_type = (
            f"{whole}; charset={draw(st.sampled_from(['utf-16', 'nothing', 'utf-7', 'idna', 'hex']))}"
        )
    elif fault == "extended name":
        extended = 'Content-Disposition: form-data; name="photo"; filename*=' + draw(
            st.sampled_from(
                ["utf-8''%00.jpg", "nothing''a.jpg", "utf-16''%ff", "'''", "utf-8''" + "%41" * 2000]
            )
        )
        data = body([extended.encode() + b"\r\n\r\nx\r\n", *parts])
    elif fault == "control names":
        data = body([part("pho\x00to", b"x", filename="a.jpg"), part("\n", b"x"), part("", b""), *parts])
    elif fault == "noise":
        data = draw(st.binary(max_size=3000))
    elif fault == "length":
        headers = {
            **headers,
            "Content-Length": draw(st.sampled_from(["0", "-1", "abc", "99999999999", "1", "", "1e3", "²"])),
        }
    return Sent(kind, data, content_type, headers)


FAULTS = [
    *["none"] * 12,
    "no end",
    "cut",
    "other boundary",
    "odd boundary",
    "no boundary",
    "other type",
    "twice",
    "many fields",
    "many files",
    "giant header",
    "header noise",
    "transfer encoding",
    "strange charset",
    "extended name",
    "control names",
    "noise",
    "length",
]
