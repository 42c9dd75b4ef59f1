"""The engine as WebAssembly in Node, with SIMD and without: sample by sample the C engine of this computer."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.web.wasm import ROOT, build_wasm
from gritspace.quantize.bench_engine import a2_full
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import read_header, to_bytes
from gritspace.quantize.model.reference import run
from tests.quantize.conftest import SHAPES, make_model, noise, q15
from tests.web.conftest import HERE

Moves = list[tuple[int, list[int]]]


def in_node(node: str, wasm: Path, blob: bytes, audio: NDArray[np.int16], moves: Moves, folder: Path) -> NDArray:
    for name, data in (("model.grit", blob), ("in.i16", audio.tobytes()), ("moves.json", json.dumps(moves).encode())):
        (folder / name).write_bytes(data)
    files = [str(folder / name) for name in ("model.grit", "in.i16", "out.i16", "moves.json")]
    done = subprocess.run([node, str(HERE / "run_engine.mjs"), str(wasm), *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return np.fromfile(folder / "out.i16", np.int16)


def in_c(blob: bytes, audio: NDArray[np.int16], moves: Moves) -> NDArray[np.int16]:
    engine, parts = Engine(blob, moves[0][1] if moves else None), []
    for (frame, _), (end, position) in zip([(0, None), *moves[1:]], [*moves[1:], (len(audio), None)], strict=True):
        parts.append(engine.process(audio[frame:end]))
        if position is not None:
            engine.set_position(position)
    return np.concatenate(parts)


def moves_for(blob: bytes, frames: int, count: int) -> Moves:
    size = read_header(blob)["position_count"]
    if size == 0:
        return []
    rng = np.random.default_rng(9)
    at = np.sort(rng.choice(frames, count, replace=False))
    at[0] = 0
    return [(int(frame), rng.integers(-32768, 32768, size).tolist()) for frame in at]


@pytest.mark.parametrize("simd", [True, False], ids=["simd128", "plain"])
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_network_gives_the_references_samples_in_webassembly(
    shape: str, simd: bool, node: str, module_wasm: Path, tmp_path: Path
) -> None:
    model, audio = make_model(shape), q15(noise(seed=5))
    position = None if model.film is None else np.full(model.position_count, 9000, np.int16)
    expected = run(model, audio, position)
    assert np.ptp(expected.astype(int)) > 1000, "a silent model would prove nothing"
    wasm = module_wasm if simd else build_wasm(simd=False)
    moves = [] if position is None else [(0, position.tolist())]
    assert np.array_equal(in_node(node, wasm, to_bytes(model), audio, moves, tmp_path), expected)


@pytest.mark.parametrize("name", ["circuits", "openamp", "A2-Full's shape"])
def test_the_factory_spaces_give_the_c_engines_samples_in_webassembly_while_knobs_move(
    name: str, node: str, module_wasm: Path, tmp_path: Path
) -> None:
    path = ROOT / "spaces" / f"{name}.grit"
    blob = path.read_bytes() if path.exists() else to_bytes(a2_full())
    audio = q15(noise(48000, seed=6))
    moves = moves_for(blob, len(audio), 60)
    expected = in_c(blob, audio, moves)
    assert np.ptp(expected.astype(int)) > 1000
    assert np.array_equal(in_node(node, module_wasm, blob, audio, moves, tmp_path), expected)


@pytest.mark.parametrize("damage", ["cut", "altered", "other"])
def test_a_damaged_model_is_refused_in_webassembly_as_in_c(
    damage: str, node: str, module_wasm: Path, tmp_path: Path
) -> None:
    blob = (ROOT / "spaces" / "circuits.grit").read_bytes()
    bad = {"cut": blob[:900], "altered": blob[:2000] + b"\x55" + blob[2001:], "other": b"RIFF" + blob[4:]}[damage]
    (tmp_path / "bad.grit").write_bytes(bad)
    command = [node, str(HERE / "run_engine.mjs"), str(module_wasm), str(tmp_path / "bad.grit"), "none", "none"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.strip() == {"cut": "refused: 2", "altered": "refused: 5", "other": "refused: 3"}[damage]
