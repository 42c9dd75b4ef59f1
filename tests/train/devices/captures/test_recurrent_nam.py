"""Neural Amp Modeler's LSTM files against the LSTM's equations written out in numpy; and files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.train.devices.captures.recurrent_nam import read_nam_lstm
from gritspace.train.devices.finding import device_named
from gritspace.train.errors import InputError
from tests.places import DATA

PUBLISHED = DATA / "captures" / "nam_mit" / "lstm.nam"


def invented(layers: int, hidden: int, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    count = sum(4 * hidden * ((hidden if i else 1) + hidden + 1) + 2 * hidden for i in range(layers)) + hidden + 1
    return {
        "version": "0.5.4",
        "architecture": "LSTM",
        "config": {"input_size": 1, "num_layers": layers, "hidden_size": hidden},
        "weights": rng.normal(0, 0.4, count).astype(np.float32).tolist(),
        "sample_rate": 48000,
    }


def by_equations(model: dict[str, Any], dry: NDArray[np.float32]) -> NDArray[np.float64]:
    """As NeuralAmpModelerCore's lstm.cpp: gates in the order input, forget, cell, output."""
    hidden, layers = model["config"]["hidden_size"], model["config"]["num_layers"]
    values, at = np.array(model["weights"]), 0
    cells = []
    for i in range(layers):
        inputs = hidden if i else 1
        size = 4 * hidden * (inputs + hidden)
        w = values[at : at + size].reshape(4 * hidden, inputs + hidden)
        b, h, c = np.split(values[at + size : at + size + 6 * hidden], [4 * hidden, 5 * hidden])
        cells.append([w, b, h, c])
        at += size + 6 * hidden
    out = []
    for sample in dry:
        x = np.array([sample], np.float64)
        for cell in cells:
            w, b, h, c = cell
            i, f, g, o = np.split(w @ np.concatenate([x, h]) + b, 4)
            c = c / (1 + np.exp(-f)) + np.tanh(g) / (1 + np.exp(-i))
            x = np.tanh(c) / (1 + np.exp(-o))
            cell[2:] = [x, c]
        out.append(values[at : at + hidden] @ x + values[at + hidden])
    return np.array(out)


@pytest.mark.parametrize("layers", [1, 2])
def test_an_lstm_file_plays_as_its_equations_say(tmp_path: Path, layers: int) -> None:
    model = invented(layers, 5)
    path = tmp_path / "amp.nam"
    path.write_text(json.dumps(model))
    dry = np.random.default_rng(1).normal(0, 0.3, (1, 700)).astype(np.float32)
    capture = device_named(str(path))
    found = capture.render_native(dry, np.zeros((1, 0), np.float32), chunk=None)[0]  # type: ignore[attr-defined]
    silence = np.zeros(24_000, np.float32)  # half a second, before which Core plays nothing
    assert np.abs(found - by_equations(model, np.concatenate([silence, dry[0]]))[24_000:]).max() < 2e-6


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"architecture": "WaveNet"}, "quantize"),
        ({"weights": [0.1] * 10}, "weights"),
        ({"weights": [float("nan")] * 177}, "NaN is no number"),
        ({"weights": "none"}, "weights"),
        ({"config": {"input_size": 1, "num_layers": 2**31, "hidden_size": 3}}, "layers"),
        ({"config": {"input_size": 1, "hidden_size": 3}}, "num_layers"),
        ({"sample_rate": "fast"}, "rate"),
    ],
)
def test_an_unusable_file_is_refused_in_one_sentence(tmp_path: Path, change: dict[str, Any], word: str) -> None:
    path = tmp_path / "amp.nam"
    path.write_text(json.dumps(invented(1, 5) | change))
    with pytest.raises(InputError) as refusal:
        read_nam_lstm(path)
    assert word in str(refusal.value)
    assert str(path) in str(refusal.value)


@pytest.mark.skipif(not PUBLISHED.is_file(), reason=f"{PUBLISHED} is not there; see the data folder's README")
def test_the_published_lstm_plays_as_its_equations_say() -> None:
    capture, model = read_nam_lstm(PUBLISHED), json.loads(PUBLISHED.read_text())
    dry = np.random.default_rng(1).normal(0, 0.1, (1, 2000)).astype(np.float32)
    found = capture.render_native(dry, np.zeros((1, 0), np.float32), chunk=None)[0]
    assert np.abs(found - by_equations(model, dry[0])).max() < 1e-5
