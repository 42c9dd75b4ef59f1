"""What rides along in a model's file is a JSON object, or the file is refused; nothing that is no JSON goes on."""

import json
import struct
import zlib
from pathlib import Path

import pytest
import torch

from gritspace.quantize.model.grit import GritError, from_bytes, to_bytes
from gritspace.train.errors import InputError
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.snapshot.snapshot import Snapshot, load_snapshot, save_snapshot
from tests.quantize.conftest import make_model


def with_metadata(text: bytes) -> bytes:
    """A .grit with this as its metadata, its CRC right."""
    from dataclasses import replace

    blob = bytearray(
        to_bytes(replace(make_model("relu_snapshot"), metadata={"x": "y" * (len(text) - len('{"x": ""}'))}))
    )
    at = blob.rindex(b'{"x"')
    blob[at : at + len(text)] = text
    struct.pack_into("<I", blob, 12, zlib.crc32(bytes(blob[16:])))
    return bytes(blob)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[1, 2, 3, 4, 5, 6]", "should be a JSON object"),
        (b'"a text, not more "', "should be a JSON object"),
        (b'{"loudness": NaN}', "JSON"),
        (b'{"a": Infinity   }', "JSON"),
        (b'{"a": "\\ud800"}    ', "JSON"),
        (b"[" * 60_000, "JSON"),
        (b'{"a": "\xff\xfe 123"}', "JSON"),
    ],
)
def test_metadata_that_is_no_object_of_json_is_refused(text: bytes, words: str) -> None:
    with pytest.raises(GritError, match=words):
        from_bytes(with_metadata(text))
    assert from_bytes(with_metadata(b'{"made_from": "x"}')).metadata == {"made_from": "x"}


def test_a_snapshot_whose_facts_are_no_json_is_refused(tmp_path: Path) -> None:
    torch.manual_seed(0)
    tcn = Tcn(TcnConfig((LayerArrayConfig(4, (3,), (1,)),)))
    save_snapshot(Snapshot(tcn, "x", facts={"esr": float("nan")}), tmp_path / "x.pt")
    with pytest.raises(InputError, match="damaged"):
        load_snapshot(tmp_path / "x.pt")
    save_snapshot(Snapshot(tcn, "x", facts={"esr": 0.1}), tmp_path / "x.pt")
    assert json.dumps(load_snapshot(tmp_path / "x.pt").facts) == '{"esr": 0.1}'
