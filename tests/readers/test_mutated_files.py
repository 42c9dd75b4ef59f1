"""Files of every format, altered: each is read, or refused in one sentence; no other error, no endless work.

Short in `make test`; 10,000 of each in `make reliability`.
"""

from __future__ import annotations

import json
import random
import resource
import struct
import time
import tomllib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.hil.rig_file import read_rig
from gritspace.host_tools.models.nam_files import nam_text
from gritspace.host_tools.module import presets_file
from gritspace.host_tools.sound.pair import paired
from gritspace.host_tools.sound.playing import play
from gritspace.quantize.model import reference
from gritspace.quantize.model.c_engine import check_blob
from gritspace.quantize.model.grit import read_grit, read_header, to_bytes
from gritspace.quantize.network.nam import read_nam, write_nam_text
from gritspace.quantize.network.network import from_tcn
from gritspace.train.audio.audio_file import read_audio
from gritspace.train.devices.chains.chain_file import read_chain
from gritspace.train.devices.finding import device_named
from gritspace.train.errors import InputError
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.sealed_file import sealed
from gritspace.train.snapshot.snapshot import Snapshot, load_snapshot, save_snapshot
from gritspace.train.space.config import TrainConfig, read_config
from gritspace.train.space.space import load_space
from tests.mutations import altered, as_json, nested, places, spoilt
from tests.quantize.conftest import SHAPES, make_model, make_tcn
from tests.quantize.morphs import two_alike
from tests.reliability import campaign, cases
from tests.train.test_torch_file import a_space

MAX_SECONDS = 20.0
"""For one file, of the processor."""
MEMORY = 3 << 30
"""More than the program has mapped already."""


@contextmanager
def little_memory() -> Iterator[None]:
    """Address space is bounded: what asks for more gets a MemoryError, which fails the test."""
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MEMORY, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)


def nam_document() -> Any:
    return json.loads(write_nam_text(from_tcn(make_tcn("relu_snapshot")), "x"))


def lstm_document() -> Any:
    hidden = 3
    return {
        "model_data": {"model": "SimpleRNN", "input_size": 2, "skip": 1, "output_size": 1, "unit_type": "LSTM"}
        | {"num_layers": 1, "hidden_size": hidden, "bias_fl": True},
        "state_dict": {
            "rec.weight_ih_l0": [[0.1, 0.2]] * 4 * hidden,
            "rec.weight_hh_l0": [[0.1] * hidden] * 4 * hidden,
            "rec.bias_ih_l0": [0.1] * 4 * hidden,
            "rec.bias_hh_l0": [0.1] * 4 * hidden,
            "lin.weight": [[0.1] * hidden],
            "lin.bias": [0.0],
        },
    }


def aidax_document() -> Any:
    hidden = 3
    recurrent = [[[0.1] * 4 * hidden], [[0.1] * 4 * hidden] * hidden, [0.1] * 4 * hidden]
    dense = [[[0.1]] * hidden, [0.0]]
    layers = [{"type": "lstm", "weights": recurrent}, {"type": "dense", "activation": "", "weights": dense}]
    return {"in_shape": [None, None, 1], "in_skip": 1, "in_gain": 0.5, "out_gain": 0.0, "layers": layers}


def played(path: Path) -> None:
    """A device is read and rendered for a moment."""
    device = device_named(str(path))
    device.render(np.full((1, 480), 0.1, np.float32), np.full((1, len(device.knobs)), 0.5, np.float32))


def through_quantize(path: Path) -> None:
    read_nam(path)


def json_cases(document: Any) -> Callable[[random.Random], bytes]:
    ways = places(document)

    def make(rng: random.Random) -> bytes:
        if rng.random() < 0.01:
            return nested().encode()
        if rng.random() < 0.2:
            return spoilt(as_json(document), rng)
        return as_json(altered(document, rng, ways))

    return make


def preset_document() -> Any:
    row = {
        "place": 1,
        "played": {"drive": 0.1, "tone": -0.2, "symmetry": 0.0, "dynamics": 1.0},
        "stored": [0.0] * 12,
        "level": 1.0,
        "model": "factory",
    }
    return {"morph_seconds": 0.5, "presets": [row, {**row, "place": 2, "model": "factory"}]}


def read_presets(path: Path) -> None:
    presets_file.parse(presets_file.read_file(path), [], 16, str(path))


def toml_of(table: Any) -> bytes:
    """As much of TOML as these files have."""

    def value(one: Any) -> str:
        if isinstance(one, bool):
            return str(one).lower()
        if isinstance(one, dict):
            return "{" + ", ".join(f"{quoted(k)} = {value(v)}" for k, v in one.items()) + "}"
        if isinstance(one, list | tuple):
            return "[" + ", ".join(map(value, one)) + "]"
        if isinstance(one, int | float):
            return repr(one)
        return quoted(one)

    def quoted(one: Any) -> str:
        return json.dumps(str(one))

    if not isinstance(table, dict):
        return value(table).encode("utf-8", "surrogatepass")
    return "\n".join(f"{quoted(k)} = {value(v)}" for k, v in table.items()).encode("utf-8", "surrogatepass")


def toml_cases(table: Any) -> Callable[[random.Random], bytes]:
    ways = places(table)

    def make(rng: random.Random) -> bytes:
        if rng.random() < 0.01:
            return b"a = " + nested(20_000).encode()
        text = toml_of(altered(table, rng, ways))
        return spoilt(text, rng) if rng.random() < 0.25 else text

    return make


CHAIN = {
    "name": "x",
    "effect": [
        {"kind": "asymmetric_clip", "drive_db": {"knob": "drive", "low": 1, "high": 20}, "bias": 0.3},
        {"kind": "pedalboard.LadderFilter", "cutoff_hz": {"knob": "f", "low": 200, "high": 8000, "logarithmic": True}},
        {"kind": "sox.overdrive", "arguments": ["{gain}", "20"], "gain": {"knob": "d", "low": 0, "high": 40}},
    ],
}
RIG = {
    "module": [
        {"name": "left", "port": "/dev/ttyACM0", "model": "space.grit"},
        {"name": "b", "port": "sim", "model": "x"},
    ]
}


def chain_played(path: Path) -> None:
    chain = read_chain(path)
    chain.values(np.full((1, len(chain.knobs)), 0.5, np.float32))


def wav_cases(folder: Path) -> Callable[[random.Random], bytes]:
    tone = np.sin(np.arange(2_000) / 9) / 3
    seeds = []
    for name, subtype in (
        ("a.wav", "PCM_16"),
        ("b.wav", "FLOAT"),
        ("c.wav", "PCM_24"),
        ("d.flac", "PCM_16"),
        ("e.aiff", "PCM_16"),
    ):
        soundfile.write(folder / name, tone, 48_000, subtype=subtype)
        seeds.append((folder / name).read_bytes())

    def make(rng: random.Random) -> bytes:
        data = bytearray(rng.choice(seeds))
        if rng.random() < 0.4 and data[:4] == b"RIFF":
            struct.pack_into(
                "<I", data, rng.choice((4, 16, 20, 24, 28, 32, 40)), rng.choice((0, 1, 2**31, 2**32 - 1, 7, 48_000_000))
            )
        head = spoilt(bytes(data[:80]), rng) if rng.random() < 0.8 else bytes(data[:80])
        return head + bytes(data[80:])

    return make


def grit_cases() -> Callable[[random.Random], bytes]:
    models = [make_model(shape) for shape in ("tanh_space", "relu_snapshot", "two_tanh_arrays")]
    models += [paired(models[1], models[2], kind, 4096) for kind in ("series", "crossfade")]
    models.append(paired(*two_alike(SHAPES["two_tanh_arrays"]), "morph", 4096))
    seeds = [to_bytes(model) for model in models]
    assert all(check_blob(blob) == 0 for blob in seeds)  # and the engine is compiled before the clock runs

    def make(rng: random.Random) -> bytes:
        blob = spoilt(rng.choice(seeds), rng)
        if rng.random() < 0.8 and len(blob) > 124:
            data = bytearray(blob)
            total = min(read_header(bytes(data))["total_bytes"], len(data))
            struct.pack_into("<I", data, 12, zlib.crc32(bytes(data[16:total])))
            return bytes(data)
        return blob

    return make


def grit_read(path: Path) -> None:
    model = read_grit(path)
    if check_blob(path.read_bytes()) == 0:
        reference.run(model, np.zeros(8, np.int16), list(model.default_position) or None)
        nam_text(path, None)
        play(model, np.zeros(8, np.float32), None, "c")


def pt_cases(folder: Path) -> Callable[[random.Random], bytes]:
    a_space(folder / "space.pt")
    save_snapshot(Snapshot(Tcn(TcnConfig((LayerArrayConfig(4, (3,), (1,)),))), "x"), folder / "snapshot.pt")
    contents = [torch.load(folder / name, weights_only=True) for name in ("space.pt", "snapshot.pt")]
    ways = [places(one) for one in contents]

    def make(rng: random.Random) -> bytes:
        which = rng.randrange(2)
        changed = altered(contents[which], rng, ways[which])
        if (
            rng.random() < 0.3
            and isinstance(changed, dict)
            and isinstance(changed.get("state"), dict)
            and changed["state"]
        ):
            key = rng.choice(sorted(map(str, changed["state"])))
            changed["state"][key] = rng.choice(
                (torch.zeros(0), torch.full((2, 2), torch.nan), torch.zeros(3, dtype=torch.int8), 3)
            )
        torch.save(changed, folder / "altered.pt")
        data = (folder / "altered.pt").read_bytes()
        return sealed(spoilt(data, rng)[:-22] + data[-22:]) if rng.random() < 0.3 else sealed(data)

    return make


def pt_read(path: Path) -> None:
    for load in (load_space, load_snapshot):
        try:
            load(path)
        except InputError as error:
            if "no space" not in str(error) and "no snapshot" not in str(error):
                raise


FORMATS: dict[str, tuple[str, Callable[[Path], Callable[[random.Random], bytes]], Callable[[Path], object], int]] = {
    "nam as a device": (".nam", lambda _: json_cases(nam_document()), played, 120),
    "nam to quantize": (".nam", lambda _: json_cases(nam_document()), through_quantize, 150),
    "proteus": (".json", lambda _: json_cases(lstm_document()), played, 120),
    "aidax": (".aidax", lambda _: json_cases(aidax_document()), played, 100),
    "grit": (".grit", lambda _: grit_cases(), grit_read, 300),
    "pt": (".pt", pt_cases, pt_read, 150),
    "presets": (".json", lambda _: json_cases(preset_document()), read_presets, 400),
    "training config": (".toml", lambda _: toml_cases(asdict(TrainConfig())), read_config, 300),
    "chain": (".toml", lambda _: toml_cases(CHAIN), chain_played, 300),
    "rig": (".toml", lambda _: toml_cases(RIG), read_rig, 200),
    "wav": (".wav", wav_cases, read_audio, 400),
}


@pytest.mark.parametrize("name", FORMATS)
def test_no_altered_file_brings_another_error_than_a_sentence(tmp_path: Path, name: str) -> None:
    suffix, maker, read, short = FORMATS[name]
    make, rng, path = maker(tmp_path), random.Random(name), tmp_path / f"altered{suffix}"
    good = refused = 0
    with campaign(f"altered files: {name}") as told, little_memory():
        for turn in range(cases(short, 10_000)):
            path.write_bytes(make(rng))
            started, said = time.process_time(), ""
            try:
                read(path)
                good += 1
            except (InputError, RigError) as error:
                refused += 1
                said = str(error)
            except BaseException:
                kept = tmp_path / f"finding-{turn}{suffix}"
                kept.write_bytes(path.read_bytes())
                print(f"finding: {kept}")
                raise
            assert time.process_time() - started < MAX_SECONDS, turn
            assert len(said) < 2_000, said
            told.cases += 1
        told.notes = f"{good:,} of them were still good"
    assert refused > told.cases // 20


def test_the_toml_that_is_altered_is_toml() -> None:
    for table in (CHAIN, RIG, asdict(TrainConfig())):
        assert tomllib.loads(toml_of(table).decode())
