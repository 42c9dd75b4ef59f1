"""AIDA-X files sound as the equations of Keras say: computed here anew, frame by frame."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.train.devices.captures.files import read_capture
from gritspace.train.devices.finding import device_named, find_devices
from gritspace.train.errors import InputError

Floats = NDArray[np.float64]
HIDDEN = 5


def sigmoid(x: Floats) -> Floats:
    return 1 / (1 + np.exp(-x))


def written(path: Path, kind: str, **more: object) -> dict[str, object]:
    rng = np.random.default_rng(4)
    rows = HIDDEN * (4 if kind == "lstm" else 3)
    bias = rng.normal(0, 0.3, (rows,) if kind == "lstm" else (2, rows))
    weights = [rng.normal(0, 0.6, (1, rows)), rng.normal(0, 0.4, (HIDDEN, rows)), bias]
    head = [rng.normal(0, 0.5, (HIDDEN, 1)), rng.normal(0, 0.1, 1)]
    model: dict[str, object] = {
        "in_shape": [None, None, 1],
        "in_skip": 1,
        "layers": [
            {"type": kind, "activation": "", "shape": [None, None, HIDDEN], "weights": [w.tolist() for w in weights]},
            {"type": "dense", "activation": "", "shape": [None, None, 1], "weights": [w.tolist() for w in head]},
        ],
        **more,
    }
    path.write_text(json.dumps(model))
    return model


def keras(model: dict[str, object], dry: Floats) -> Floats:
    """As keras.layers.LSTM and GRU (reset_after) compute it."""
    recurrent, dense = (one["weights"] for one in model["layers"])  # type: ignore[index, attr-defined]
    kernel, back, bias = (np.array(x) for x in recurrent)
    head, head_bias = (np.array(x) for x in dense)
    lstm = kernel.shape[1] == 4 * HIDDEN
    gain = 10 ** (float(model.get("in_gain", 0)) / 20)  # type: ignore[arg-type]
    out = 10 ** (float(model.get("out_gain", 0)) / 20)  # type: ignore[arg-type]
    h, c, wet = np.zeros(HIDDEN), np.zeros(HIDDEN), []
    for x in dry * gain:
        if lstm:
            i, f, g, o = np.split(x * kernel[0] + h @ back + bias, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        else:
            (xz, xr, xn), (hz, hr, hn) = np.split(x * kernel[0] + bias[0], 3), np.split(h @ back + bias[1], 3)
            z, r = sigmoid(xz + hz), sigmoid(xr + hr)
            h = z * h + (1 - z) * np.tanh(xn + r * hn)
        wet.append(out * (float((h @ head + head_bias)[0]) + x * float(model["in_skip"])))  # type: ignore[arg-type]
    return np.array(wet)


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_a_capture_sounds_as_keras_computes_it(tmp_path: Path, kind: str) -> None:
    model = written(tmp_path / "amp.aidax", kind, in_gain=3.0, out_gain=-6.0)
    dry = 0.5 * np.sin(np.arange(600) / 9)
    capture = device_named(str(tmp_path / "amp.aidax"))
    wet = capture.render_native(dry[None].astype(np.float32), np.zeros((1, 0), np.float32), None)[0]  # type: ignore[attr-defined]
    assert np.abs(wet - keras(model, dry)).max() < 1e-5


def test_the_rate_that_a_file_states_is_heeded(tmp_path: Path) -> None:
    written(tmp_path / "a.json", "lstm", metadata={"samplerate": "44100"})
    written(tmp_path / "b.json", "lstm")
    assert (read_capture(tmp_path / "a.json").rate, read_capture(tmp_path / "b.json").rate) == (44_100, 48_000)
    written(tmp_path / "c.json", "lstm", samplerate="fast")
    with pytest.raises(InputError, match="samplerate"):
        read_capture(tmp_path / "c.json")


def test_what_an_operating_system_leaves_in_folders_is_passed_over(tmp_path: Path) -> None:
    written(tmp_path / "amp.aidax", "gru")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "._amp.json").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / "._amp.nam").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / "settings.json").write_text("[1, 2]")
    assert [device.name for device in find_devices([tmp_path]) if device.kind == "capture"] == ["amp"]


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_stacked_layers_knobs_and_dense_layers_behind_sound_as_their_equations_say(tmp_path: Path, kind: str) -> None:
    rng = np.random.default_rng(8)
    gates, hidden, knobs = 4 if kind == "lstm" else 3, 4, [0.2, 0.9]
    shapes = [(3, gates * hidden), (hidden, gates * hidden)]
    cells = [
        [
            rng.normal(0, 0.5, shape),
            rng.normal(0, 0.4, (hidden, gates * hidden)),
            rng.normal(0, 0.3, (2, gates * hidden)),
        ]
        for shape in shapes
    ]
    if kind == "lstm":
        cells = [[into, back, biases[0]] for into, back, biases in cells]
    dense = [
        [rng.normal(0, 0.5, (hidden, 3)), rng.normal(0, 0.2, 3)],
        [rng.normal(0, 0.5, (3, 1)), rng.normal(0, 0.2, 1)],
    ]
    layers = [{"type": kind, "activation": "", "weights": [w.tolist() for w in cell]} for cell in cells]
    layers += [
        {"type": "dense", "activation": activation, "weights": [w.tolist() for w in one]}
        for one, activation in zip(dense, ("tanh", "linear"), strict=True)
    ]
    model = {"in_shape": [None, None, 3], "in_gain": 6.0, "out_gain": -3.0, "in_skip": True, "layers": layers}
    (tmp_path / "amp.json").write_text(json.dumps(model))
    capture = read_capture(tmp_path / "amp.json")
    assert capture.knobs == ("knob1", "knob2")
    dry = 0.4 * np.sin(np.arange(400) / 7)
    wet = capture.render_native(dry[None].astype(np.float32), np.array([knobs], np.float32), None)[0]
    states, wanted = [[np.zeros(hidden), np.zeros(hidden)] for _ in cells], []
    for sample in dry * 10 ** (6 / 20):
        x = np.array([sample, *knobs])
        for (into, back, bias), state in zip(cells, states, strict=True):
            h, c = state
            if kind == "lstm":
                i, f, g, o = np.split(x @ into + h @ back + bias, 4)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                h = sigmoid(o) * np.tanh(c)
            else:
                (xz, xr, xn), (hz, hr, hn) = np.split(x @ into + bias[0], 3), np.split(h @ back + bias[1], 3)
                z, r = sigmoid(xz + hz), sigmoid(xr + hr)
                h = z * h + (1 - z) * np.tanh(xn + r * hn)
            state[:], x = [h, c], h
        y = np.tanh(x @ dense[0][0] + dense[0][1]) @ dense[1][0] + dense[1][1]
        wanted.append((float(y[0]) + sample) * 10 ** (-3 / 20))
    assert np.abs(wet - np.array(wanted)).max() < 1e-5


def test_a_gru_of_another_kind_is_refused(tmp_path: Path) -> None:
    model = written(tmp_path / "amp.json", "gru")
    weights: list[object] = model["layers"][0]["weights"]  # type: ignore[index]
    weights[2] = weights[2][0]  # type: ignore[index]
    (tmp_path / "amp.json").write_text(json.dumps(model))
    with pytest.raises(InputError, match="reset_after=False"):
        read_capture(tmp_path / "amp.json")


@pytest.mark.parametrize("fault", ["layers", "weights", "numbers"])
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "amp.aidax"
    model = written(path, "lstm")
    layers: list[dict[str, object]] = model["layers"]  # type: ignore[assignment]
    if fault == "layers":
        layers.pop()
    elif fault == "weights":
        layers[0]["weights"].pop()  # type: ignore[attr-defined]
    else:
        layers[1]["weights"] = [["x"], [0.0]]
    path.write_text(json.dumps(model))
    with pytest.raises(InputError, match=r"amp\.aidax"):
        read_capture(path)
