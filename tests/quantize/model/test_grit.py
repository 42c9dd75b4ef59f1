"""The `.grit` file: what is written comes back, and nothing damaged is believed, in Python or in C."""

from __future__ import annotations

import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gritspace.quantize.export.c_array import c_array
from gritspace.quantize.firmware_sources import ENGINE
from gritspace.quantize.model import grit_layout, tables
from gritspace.quantize.model.c_engine import check_blob
from gritspace.quantize.model.grit import GritError, from_bytes, read_grit, to_bytes, write_grit
from gritspace.quantize.model.model import IntegerModel
from tests.quantize.conftest import make_model

BLOB = to_bytes(make_model("gated_odd_width_space"))
HEADER = grit_layout.size_of("header")


def with_crc(blob: bytes) -> bytes:
    """The same file as if its maker had meant it: the CRC matches the content."""
    return blob[:12] + struct.pack("<I", zlib.crc32(blob[16:])) + blob[16:]


def test_a_model_comes_back_from_its_file_as_it_went_in(model: IntegerModel, tmp_path: Path) -> None:
    path = tmp_path / "model.grit"
    write_grit(model, path)
    back = read_grit(path)
    assert to_bytes(back) == to_bytes(model) == path.read_bytes()
    assert check_blob(path.read_bytes()) == 0
    assert (back.name, back.position_count, back.receptive_field) == (
        model.name,
        model.position_count,
        model.receptive_field,
    )


@given(st.integers(0, len(BLOB) - 1))
def test_a_truncated_model_is_refused_with_the_missing_bytes(length: int) -> None:
    with pytest.raises(GritError, match=r"too short|missing"):
        from_bytes(BLOB[:length])
    assert check_blob(BLOB[:length]) != 0


@given(st.integers(0, len(BLOB) - 1), st.integers(1, 255))
def test_any_altered_byte_is_noticed(index: int, flip: int) -> None:
    altered = bytearray(BLOB)
    altered[index] ^= flip
    with pytest.raises(GritError):
        from_bytes(bytes(altered))
    assert check_blob(bytes(altered)) != 0


@settings(max_examples=300)
@given(st.integers(16, len(BLOB) // 4 - 1).map(lambda word: word * 4), st.integers(0, 2**32 - 1))
def test_a_wilful_record_is_refused_or_harmless(offset: int, word: int) -> None:
    """With a right CRC only the engine's own checks stand between a record and memory outside the blob."""
    wilful = with_crc(BLOB[:offset] + struct.pack("<I", word) + BLOB[offset + 4 :])
    status = check_blob(wilful)
    if offset < HEADER - 32 and offset >= 72 and word % 4:
        assert status != 0, "an offset that is not a multiple of 4"


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("magic", 0, 3),
        ("version", 2, 4),
        ("array_count", 0, 7),
        ("layer_count", 65, 7),
        ("film", 0, 6),
        ("arrays", 2, 6),
    ],
)
def test_the_engine_names_what_is_wrong_with_a_header(field: str, value: int, status: int) -> None:
    offset = 0
    for entry in grit_layout.RECORDS["header"]:
        kind = grit_layout._C_TYPES[entry.kind][1]
        if entry.name == field:
            packed = struct.pack("<" + kind, value)
            assert check_blob(with_crc(BLOB[:offset] + packed + BLOB[offset + len(packed) :])) == status
            return
        offset += struct.calcsize("<" + kind * entry.count)
    pytest.fail(f"no field {field}")


def test_the_engine_refuses_weights_that_could_overflow() -> None:
    model = make_model("relu_snapshot")
    for layer in model.arrays[0].layers:
        layer.conv.bias[:] = 2**31 - 5
    assert check_blob(to_bytes(model)) == 8


@pytest.mark.parametrize(("module", "file"), [(grit_layout, "grit_format.h"), (tables, "tables.h")])
def test_generated_headers_are_what_their_tables_generate(module: object, file: str) -> None:
    assert (ENGINE / "generated" / file).read_text() == module.c_header()  # type: ignore[attr-defined]


def test_the_c_array_compiles_to_the_very_bytes_of_the_file(tmp_path: Path) -> None:
    compiler = shutil.which("cc")
    assert compiler, "the tests need a C compiler (gcc)"
    model = make_model("relu_snapshot")
    source = tmp_path / "model.c"
    source.write_text(c_array(model, "a test"))
    (tmp_path / "print.c").write_text(
        "#include <stdio.h>\nextern const unsigned char grit_model_blob[];\nextern const unsigned int "
        "grit_model_blob_bytes;\nint main(void) { return fwrite(grit_model_blob, 1, grit_model_blob_bytes, stdout) "
        "!= grit_model_blob_bytes; }\n"
    )
    program = tmp_path / "print"
    sources = [str(source), str(tmp_path / "print.c")]
    subprocess.run([compiler, "-std=c11", "-Wall", "-Werror", *sources, "-o", str(program)], check=True)
    assert subprocess.run([program], capture_output=True, check=True).stdout == to_bytes(model)


def test_a_missing_or_foreign_file_is_named_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(GritError, match=r"nowhere\.grit.*no such file"):
        read_grit(tmp_path / "nowhere.grit")
    foreign = tmp_path / "song.wav"
    foreign.write_bytes(b"RIFF" + bytes(500))
    with pytest.raises(GritError, match=r"song\.wav.*not a \.grit"):
        read_grit(foreign)
    assert np.all(np.frombuffer(foreign.read_bytes()[4:], np.uint8) == 0)
