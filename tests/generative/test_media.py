"""Bytes are told by how they begin; images of other packages become bytes."""

from __future__ import annotations

import asyncio
import contextlib
import io
import mimetypes
import sys
import threading
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy
import pytest
from PIL import Image, ImageDraw, ImageOps

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative import media
from gemini_grpc.generative.backend import Backend
from gemini_grpc.generative.contents import async_read, to_contents
from gemini_grpc.generative.source import open_source

BEGINNINGS = [
    (b"\xff\xd8\xff\xe0", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"RIFF\x01\x02\n\x04WEBPVP8L", "image/webp"),
    (b"GIF89a", "image/gif"),
    (b"BM1234\0\0\0\0", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"\0\0\0\x18ftypheic", "image/heic"),
    (b"\0\0\0\x18ftypmif1", "image/heif"),
    (b"\0\0\0\x18ftypavif", "image/avif"),
    (b"%PDF-1.7", "application/pdf"),
    (b"ID3\x04", "audio/mpeg"),
    (b"\xff\xfb\x90", "audio/mpeg"),
    (b"\xff\xf1\x50", "audio/aac"),
    (b"fLaC\0", "audio/flac"),
    (b"OggS\0", "audio/ogg"),
    (b"RIFF1234WAVEfmt ", "audio/wav"),
    (b"FORM1234AIFF", "audio/aiff"),
    (b"\0\0\0\x18ftypM4A ", "audio/mp4"),
    (b"\0\0\0\x14ftypqt  ", "video/quicktime"),
    (b"\0\0\0\x14ftyp3gp4", "video/3gpp"),
    (b"\0\0\0\x18ftypisom", "video/mp4"),
    (b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"),
    (b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska", "video/x-matroska"),
    (b"\0\0\x01\xba", "video/mpeg"),
    (b"RIFF1234AVI LIST", "video/x-msvideo"),
    (b"FLV\x01", "video/x-flv"),
    (b"0&\xb2u\x8ef\xcf\x11", "video/x-ms-wmv"),
    (b"BMW is a make of cars", ""),
    (b"Hello", ""),
    (b"", ""),
]


@pytest.mark.parametrize(("data", "mime_type"), BEGINNINGS)
def test_data_is_told_by_how_it_begins(data: bytes, mime_type: str) -> None:
    assert media.sniff(data) == mime_type


def test_what_a_file_holds_wins_over_its_name(tmp_path: Path) -> None:
    file = tmp_path / "picture.txt"
    file.write_bytes(b"\x89PNG\r\n\x1a\nrest")
    assert media.of_file(file, "x") == ("image/png", b"\x89PNG\r\n\x1a\nrest")


def test_else_the_name_says_it(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("Hi")
    assert media.of_file(file, "x") == ("text/plain", b"Hi")


def test_files_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    unknown = tmp_path / "unknown"
    unknown.write_bytes(b"\0?")
    for file, said in [
        (tmp_path / "missing.png", r"contents\[1\]: cannot read '.*missing.png': No such file"),
        (tmp_path, r"contents\[1\]: cannot read '.*': Is a directory"),
        (unknown, r"contents\[1\]: nothing says what '.*unknown' is; give a mime type"),
    ]:
        with pytest.raises(ArgumentError, match=said):
            media.of_file(file, "contents[1]")


NAMES = {
    **dict.fromkeys(
        ("kernel.cu", "a.ts", "a.rs", "a.go", "a.yaml", "a.log", "Makefile", "a.tsx"), "text/plain"
    ),
    **dict.fromkeys(
        ("a.sh", "a.toml", "a.t", "a.me", "a.src", "a.tex", "a.mpc", "a.ass"), "text/plain"
    ),
    **dict.fromkeys(("a.jsonl", "a.ipynb", "a.json", "A.JSON"), "application/json"),
    "a.py": "text/x-python",
    "a.md": "text/markdown",
    "a.csv": "text/csv",
    "a.js": "text/javascript",
    "a.wav": "audio/wav",
}
"""Files of text by name; some of these endings are something else in the tables of systems."""


@pytest.mark.parametrize(("name", "mime_type"), NAMES.items())
def test_text_is_text_on_every_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, mime_type: str
) -> None:
    monkeypatch.setattr(mimetypes, "guess_type", lambda *_, **__: ("application/cu-seeme", None))
    file = tmp_path / name
    file.write_text("fn main() {} // größer")
    assert media.of_file(file, "x").mime_type == mime_type
    with file.open("rb") as opened:
        assert media.of_open_file(opened, "x") == media.of_file(file, "x")
    with contextlib.closing(open_source(file)) as source:
        assert source.mime_type == mime_type


def test_what_is_not_text_keeps_the_type_of_its_ending(tmp_path: Path) -> None:
    for name, mime_type in (("a.ts", "video/mp2t"), ("a.bin", "application/octet-stream")):
        file = tmp_path / name
        file.write_bytes(b"G\0\xff")
        assert media.of_file(file, "x").mime_type == mime_type
        with contextlib.closing(open_source(file)) as source:
            assert source.mime_type == mime_type


def test_a_long_text_may_end_inside_a_character_where_its_head_ends(tmp_path: Path) -> None:
    file = tmp_path / "long.log"
    file.write_bytes(b"x" * ((1 << 20) - 1) + "ö".encode() * 3)
    with contextlib.closing(open_source(file)) as source:
        assert source.mime_type == "text/plain"


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    file = tmp_path / "photo.jpg"
    Image.effect_noise((16, 12), 40).convert("RGB").save(file)
    return file


def test_an_image_from_a_file_is_that_file(photo: Path) -> None:
    with Image.open(photo) as image:
        assert media.of_image(image, "x") == ("image/jpeg", photo.read_bytes())
        image.load()
        assert media.of_image(image, "x") == ("image/jpeg", photo.read_bytes())


def test_an_image_that_was_changed_is_not_its_file(photo: Path) -> None:
    with Image.open(photo) as image:
        ImageDraw.Draw(image).rectangle((0, 0, 5, 5), fill="red")
        assert_same(image, media.of_image(image, "x"), "image/webp")
    with Image.open(photo) as image:
        image.thumbnail((4, 4))
        assert_same(image, media.of_image(image, "x"), "image/webp")


def turned(size: tuple[int, int]) -> bytes:
    """Return a JPEG that its orientation turns by a quarter."""
    image = Image.effect_noise(size, 40).convert("RGB")
    exif = image.getexif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def test_an_image_that_was_not_decoded_is_its_own_bytes() -> None:
    data = turned((16, 12))
    with Image.open(io.BytesIO(data)) as image:
        assert media.of_image(image, "x") == ("image/jpeg", data)
        assert media.of_image(image, "x") == ("image/jpeg", data)
        image.load()  # what was read can still be decoded
        assert image.size == (16, 12)


def test_an_image_that_is_encoded_is_turned_as_its_orientation_says() -> None:
    with Image.open(io.BytesIO(turned((16, 12)))) as image:
        image.load()
        found = media.of_image(image, "x")
        assert found is not None
        assert_same(ImageOps.exif_transpose(image), found, "image/webp")
        assert Image.open(io.BytesIO(found.data)).size == (12, 16)
        assert image.size == (16, 12)


def test_an_image_in_a_format_that_models_do_not_read_is_encoded(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), "red").save(tmp_path / "a.bmp")
    with Image.open(tmp_path / "a.bmp") as image:
        assert_same(image, media.of_image(image, "x"), "image/webp")


def test_images_and_files_are_read_in_a_thread_if_the_call_is_asynchronous(
    photo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    encode = media._encoded
    monkeypatch.setattr(
        media, "_encoded", lambda image: threads.append(threading.get_ident()) or encode(image)
    )
    image = Image.new("RGB", (4, 4), "red")
    contents = [{"role": "user", "parts": ["Hi", image, {"inline_data": image}]}, "Hi", photo]
    read = asyncio.run(async_read(contents))
    assert len(threads) == 2
    assert threading.get_ident() not in threads
    assert to_contents(read, Backend()) == to_contents(contents, Backend())
    assert asyncio.run(async_read("Hi")) == "Hi"
    missing = photo.with_name("missing.jpg")
    with pytest.raises(ArgumentError, match=r"contents\[1\]: cannot read"):
        to_contents(asyncio.run(async_read(["Hi", missing])), Backend())


def test_a_later_frame_is_not_the_whole_file(tmp_path: Path) -> None:
    frames = [Image.new("L", (4, 4), shade) for shade in (0, 255)]
    frames[0].save(tmp_path / "film.gif", save_all=True, append_images=frames[1:])
    with Image.open(tmp_path / "film.gif") as image:
        image.seek(1)
        found = media.of_image(image, "x")
    assert found is not None
    assert found.mime_type != "image/gif"


@pytest.mark.parametrize(
    ("mode", "mime_type"),
    [
        ("RGB", "image/webp"),
        ("RGBA", "image/webp"),
        ("L", "image/png"),
        ("1", "image/png"),
        ("I;16", "image/png"),
        ("CMYK", "image/png"),
    ],
)
def test_other_images_are_encoded_without_loss(mode: str, mime_type: str) -> None:
    image = Image.new(mode, (5, 3), 1)
    assert_same(image, media.of_image(image, "x"), mime_type)


def assert_same(image: Image.Image, found: media.Media | None, mime_type: str) -> None:
    assert found is not None
    assert found.mime_type == mime_type == media.sniff(found.data)
    shown = Image.open(io.BytesIO(found.data))
    kept = image.convert("RGB") if image.mode == "CMYK" else image
    assert shown.convert(kept.mode).tobytes() == kept.tobytes()


def test_an_image_that_cannot_be_read_is_named(photo: Path) -> None:
    buffer = io.BytesIO()
    with Image.open(photo) as original:
        original.save(buffer, "BMP")  # it has to be encoded anew
    image = Image.open(io.BytesIO(buffer.getvalue()[:-50]))
    with pytest.raises(ArgumentError, match=r"contents\[1\]: the image cannot be read"):
        media.of_image(image, "contents[1]")
    image.close()
    with pytest.raises(ArgumentError, match="x: the image cannot be read"):
        media.of_image(image, "x")


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([[0, 65535], [1, 300]], [[0, 65535], [1, 300]]),
        ([[0, 131070], [2, 65536]], [[0, 65535], [1, 32768]]),
        ([[-65535, 65535], [-1, 0]], [[0, 65535], [32767, 32767]]),
        ([[-7, -7], [-7, -7]], [[0, 0], [0, 0]]),
        ([[70000, 70000]], [[0, 0]]),
    ],
)
def test_whole_numbers_are_stored_in_sixteen_bits(
    values: list[list[int]], shown: list[list[int]]
) -> None:
    image = Image.fromarray(numpy.array(values, dtype=numpy.int32))
    assert image.mode == "I"
    found = media.of_image(image, "x")
    assert found is not None
    assert found.mime_type == "image/png"
    assert numpy.asarray(Image.open(io.BytesIO(found.data))).tolist() == shown


@pytest.mark.parametrize("mode", ["RGB", "L", "I"])
@pytest.mark.parametrize("size", [(0, 4), (4, 0), (0, 0)])
def test_an_image_without_pixels_is_told(mode: str, size: tuple[int, int]) -> None:
    said = rf"contents\[1\]: an image of {size[0]} x {size[1]} has no pixels"
    with pytest.raises(ArgumentError, match=said):
        media.of_image(Image.new(mode, size), "contents[1]")


def test_an_image_that_cannot_be_encoded_is_named() -> None:
    with pytest.raises(ArgumentError, match="x: the image cannot be encoded: "):
        media.of_image(Image.new("La", (4, 4)), "x")


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3), (3, 5, 4), (3, 5, 1)])
def test_arrays_are_images(shape: tuple[int, ...]) -> None:
    array = numpy.arange(numpy.prod(shape), dtype=numpy.uint8).reshape(shape)
    found = media.of_image(array, "x")
    assert found is not None
    assert found.mime_type == "image/png"
    shown = numpy.asarray(Image.open(io.BytesIO(found.data)))
    assert (shown == array.reshape(shown.shape)).all()


def test_an_array_need_not_be_contiguous() -> None:
    array = numpy.arange(60, dtype=numpy.uint8).reshape(4, 5, 3)[::-1, ::2]
    found = media.of_image(array, "x")
    assert found is not None
    assert (numpy.asarray(Image.open(io.BytesIO(found.data))) == array).all()


@pytest.mark.parametrize(
    "array",
    [
        numpy.zeros((4, 4), dtype=float),
        numpy.zeros(4, dtype=numpy.uint8),
        numpy.zeros((4, 4, 2), dtype=numpy.uint8),
        numpy.zeros((1, 4, 4, 3), dtype=numpy.uint8),
        numpy.zeros((0, 4), dtype=numpy.uint8),
    ],
)
def test_other_arrays_are_no_images(array: Any) -> None:
    with pytest.raises(FieldError, match="shape"):
        media.of_image(array, "x")


class NotebookImage:
    """What IPython.display.Image keeps of what it was given."""

    def __init__(self, data: Any = None, filename: Any = None, format: str = "png") -> None:
        self.data, self.filename, self.format = data, filename, format


def test_images_of_notebooks_are_their_data(monkeypatch: pytest.MonkeyPatch, photo: Path) -> None:
    module = ModuleType("IPython.display")
    monkeypatch.setattr(module, "Image", NotebookImage, raising=False)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    data = photo.read_bytes()
    assert media.of_image(NotebookImage(data), "x") == ("image/jpeg", data)
    assert media.of_image(NotebookImage(b"odd", format="svg+xml"), "x") == ("image/svg+xml", b"odd")
    assert media.of_image(NotebookImage(filename=str(photo)), "x") == ("image/jpeg", data)
    with pytest.raises(FieldError, match="has only a URL"):
        media.of_image(NotebookImage(), "x")


def test_everything_else_is_no_image(monkeypatch: pytest.MonkeyPatch) -> None:
    assert media.of_image(SimpleNamespace(data=b""), "x") is None
    image = Image.new("L", (1, 1))
    monkeypatch.delitem(sys.modules, "PIL.Image")
    assert media.of_image(image, "x") is None
