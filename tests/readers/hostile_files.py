"""Files as nobody should send them, by kind: each is to be refused, in one sentence, by whatever reads it."""

from __future__ import annotations

import io
import json
import os
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from gritspace.quantize.model.grit import to_bytes
from gritspace.train.sealed_file import sealed
from tests.mutations import as_json, nested, places
from tests.quantize.conftest import make_model

Make = Callable[[Path], None]
SPARSE = 9 << 30
"""Bytes that a file says it has, without taking any room."""


def content(data: bytes) -> Make:
    """A file with these bytes."""
    return lambda path: path.write_bytes(data) and None


def sparse(head: bytes) -> Make:
    """A file of nine gigabytes that begins like a good one."""

    def make(path: Path) -> None:
        path.write_bytes(head)
        os.truncate(path, SPARSE)

    return make


def of_any_kind(head: bytes) -> Iterator[tuple[str, Make]]:
    """No file at all, or one of nothing, of far too much, of noise. head: how a good one begins."""
    yield "empty", content(b"")
    yield "a folder", lambda path: path.mkdir()
    yield "a pipe that nobody writes to", lambda path: os.mkfifo(path)
    yield "a device without an end", lambda path: path.symlink_to("/dev/zero")
    yield "a link to itself", lambda path: path.symlink_to(path)
    yield "noise", content(random.Random(1).randbytes(5000))
    yield "zeros", content(bytes(5000))
    yield "a good head and noise", content(head + random.Random(2).randbytes(500))
    yield "nine gigabytes", sparse(head)


LINES = (
    b"",
    b"null",
    b"[]",
    b"{}",
    b"3",
    b'"a text"',
    b"{",
    b"NaN",
    b"[1e999]",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'{"a": "\\ud800"}',
    b'{"presets": [], "presets": 3}',
    b'{"a": ' + b"9" * 6000 + b"}",
)


def of_json(good: Any) -> Iterator[tuple[str, Make]]:
    """Texts that are no such JSON; then each field of a good one with a value of another kind."""
    yield from of_any_kind(b"{")
    for line in (*LINES, nested().encode(), b'{"a":' * 90_000):
        yield f"{line[:24]!r}", content(line)
    evil = (None, True, "48000", 10**400, 1e308, -1, [], {"a": {}}, "\x1b[2J\ud800"[:5])
    ways = [way for way in places(good) if way]
    for number, way in enumerate(ways):
        value = evil[number % len(evil)]
        changed = json.loads(json.dumps(good))
        holder = changed
        for step in way[:-1]:
            holder = holder[step]
        holder[way[-1]] = value
        yield f"{'.'.join(map(str, way))} = {value!r:.20}", content(as_json(changed))


def of_toml(good: str) -> Iterator[tuple[str, Make]]:
    """Texts that are no such TOML."""
    yield from of_any_kind(b"a = ")
    for text in (
        "a = " + nested(20_000),
        "a = 1\na = 2",
        "unknown = 1",
        "[effect]\nkind = 3",
        "effect = 3",
        "module = 3",
        '[[module]]\nname = "\\u0000"\nport = "\\u0000"\nmodel = "\\u0000"',
        '[[effect]]\nkind = "sox.ladspa"\narguments = ["./x.so"]',
        '[[effect]]\nkind = "pedalboard.VST3Plugin"\npath_to_plugin_file = "/x.vst3"',
        '[[effect]]\nkind = "asymmetric_clip"\ndrive_db = inf',
        '[[effect]]\nkind = "asymmetric_clip"\ndrive_db = nan',
        '[[effect]]\nkind = "asymmetric_clip"\ndrive_db = ' + "9" * 400,
        '[[effect]]\nkind = "asymmetric_clip"\nbias = true',
        "steps = 1979-05-27",
        "steps = -1",
        "steps = " + "9" * 400,
        "rate = 1e308",
        'steps = "100"',
        "[decoder]\narrays = 3",
        good[: len(good) // 2] + '"',
    ):
        yield f"{text[:30]!r}", content(text.encode())


def of_grit() -> Iterator[tuple[str, Make]]:
    """Cut models; fields of the header that lie, with a CRC that fits."""
    good = to_bytes(make_model("tanh_space"))
    yield from of_any_kind(b"GRIT")
    for kept in (4, 16, 124, len(good) - 1):
        yield f"cut at {kept}", content(good[:kept])
    for at in range(4, 124, 4):
        for value in (0xFFFFFFFF, 0x7FFFFFFF):
            data = bytearray(good)
            struct.pack_into("<I", data, at, value)
            if at > 12:
                struct.pack_into("<I", data, 12, zlib.crc32(bytes(data[16:])))
            if bytes(data) != good and at not in range(40, 76):  # a name may be anything
                yield f"word {at} is {value:#x}", content(bytes(data))


def _archive(pickle: bytes, *, method: int = zipfile.ZIP_STORED, name: str = "archive") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as file:
        for entry, data in (("data.pkl", pickle), ("byteorder", b"little"), ("version", b"3\n")):
            file.writestr(f"{name}/{entry}", data)
    return held.getvalue()


def of_pt(folder: Path) -> Iterator[tuple[str, Make]]:
    """Archives that are bombs, pickles that are programs, dictionaries of another kind."""
    yield from of_any_kind(b"PK\x03\x04")
    bomb = _archive(bytes(400 << 20), method=zipfile.ZIP_DEFLATED)
    yield "a bomb: 400 MB of zeros in 400 KB", content(bomb)
    huge = bytearray(bomb)
    at = huge.index(b"PK\x01\x02")
    struct.pack_into("<I", huge, at + 24, 0xFFFFFFF0)
    yield "a bomb that says it has 4 GB", content(bytes(huge))
    yield "a pickle that runs a program", content(_archive(b"cos\nsystem\n(S'touch pwned'\ntR."))
    yield "a pickle that never ends", content(_archive(b"(" * 500_000))
    yield "a pickle of nested tuples", content(_archive(b"\x80\x02" + b"(" * 200_000 + b"t" * 200_000 + b"."))
    long = b"\x80\x02\x8a\xff" + b"\x7f" * 255 + b"."
    yield "a number of 2,040 bits", content(_archive(long))
    for number, value in enumerate(([], 3, "x", {}, {"format": 3}, {"format": "gritspace space"}, {1: 2})):
        torch.save(value, folder / "made.pt")
        data = (folder / "made.pt").read_bytes()
        yield f"a file of {value!r}", content(sealed(data) if number % 2 else data)


def wav(**fields: int) -> bytes:
    """A WAV of 2,000 samples whose header says something else."""
    at = {
        "riff": 4,
        "fmt": 16,
        "kind": 20,
        "channels": 22,
        "rate": 24,
        "bytes": 28,
        "align": 32,
        "bits": 34,
        "data": 40,
    }
    data = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 4036, b"WAVE", b"fmt ", 16, 1, 1, 48000, 96000, 2, 16, b"data", 4000
    )
    held = bytearray(data + np.arange(2000, dtype="<i2").tobytes())
    for name, value in fields.items():
        struct.pack_into("<H" if name in ("kind", "channels", "align", "bits") else "<I", held, at[name], value)
    return bytes(held)


def of_audio(folder: Path) -> Iterator[tuple[str, Make]]:
    """Headers that lie, samples that are no numbers."""
    yield from of_any_kind(b"RIFF\xff\xff\xff\xffWAVEfmt ")
    for rate in (0, 1, 3, 2**31 - 1, 2**32 - 1):
        yield f"a rate of {rate} Hz", content(wav(rate=rate, bytes=rate * 2 % 2**32))
    for channels in (0, 2, 255, 1024, 65535):
        yield f"{channels} channels", content(wav(channels=channels, align=channels * 2 % 65536))
    for field, values in (
        ("bits", (0, 1, 7, 64, 65535)),
        ("kind", (0, 2, 0x50, 0x161)),
        ("fmt", (0, 2**31, 2**32 - 1)),
    ):
        for value in values:
            yield f"{field} is {value}", content(wav(**{field: value}))
    yield (
        "RF64 of 2^63 bytes",
        content(
            b"RF64\xff\xff\xff\xffWAVEds64"
            + struct.pack("<IQQQI", 28, 2**63, 2**63, 2**62, 0)
            + wav()[12:36]
            + wav()[36:]
        ),
    )
    for name, bad in (("NaN", np.nan), ("infinity", np.inf)):
        soundfile.write(folder / "made.wav", np.where(np.arange(2000) == 7, bad, 0.1), 48000, subtype="FLOAT")
        yield f"{name} in it", content((folder / "made.wav").read_bytes())
    soundfile.write(folder / "made.flac", np.sin(np.arange(2000) / 9), 48000)
    flac = bytearray((folder / "made.flac").read_bytes())
    yield "a FLAC that is cut", content(bytes(flac[:60]))
    for at in (10, 13, 18, 20, 21):
        data = bytearray(flac)
        data[at] ^= 0xFF
        yield f"byte {at} of a FLAC", content(bytes(data[:200]))


def of_elf() -> Iterator[tuple[str, Make]]:
    """Firmware that lies about its parts."""
    yield from of_any_kind(b"\x7fELF")
    head = struct.Struct("<16sHHIIIIIHHHHHH")
    row = struct.pack("<IIIIIIII", 1, 0, 0x08000000, 0x08000000, 4096, 4096, 5, 4)
    for parts in (0, 1, 3, 65535):
        data = head.pack(b"\x7fELF\x01\x01\x01", 2, 40, 1, 0x08000000, 52, 0, 0, 52, 32, parts, 40, 0, 0)
        yield f"an ELF of {parts} parts", content((data + row * parts).ljust(9000, b"\0"))
    far = struct.pack("<IIIIIIII", 1, 0, 0xFFFFFFF0, 0xFFFFFFF0, 4096, 4096, 5, 4)
    data = head.pack(b"\x7fELF\x01\x01\x01", 2, 40, 1, 0x08000000, 52, 0, 0, 52, 32, 2, 40, 0, 0)
    yield "parts four gigabytes apart", content((data + row + far).ljust(9000, b"\0"))
    yield "a binary of nothing", content(bytes(128 * 1024))
    yield "a binary that is too long", content(bytes(200 * 1024))
