"""Captures against the LSTM's and the GRU's equations, written out in numpy; and files that cannot be used."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.train.audio.signals import synthetic
from gritspace.train.devices.captures.files import find_captures, read_capture
from gritspace.train.devices.captures.recurrent import NATIVE_RATE
from gritspace.train.devices.finding import device_named, find_devices
from gritspace.train.errors import InputError
from tests.places import DATA

PUBLISHED = DATA / "captures"
HIDDEN = 6
Model = dict[str, Any]


def invented(unit: str = "LSTM", inputs: int = 1, seed: int = 0) -> Model:
    """A capture with weights of a trained one's size, laid out as GuitarML's tools do."""
    rng = np.random.default_rng(seed)
    rows = HIDDEN * (4 if unit == "LSTM" else 3)

    def table(*shape: int) -> list[Any]:
        return rng.normal(0, 0.4, shape).astype(np.float32).tolist()

    about = {"model": "SimpleRNN", "input_size": inputs, "skip": 1, "output_size": 1, "unit_type": unit}
    return {
        "model_data": about | {"num_layers": 1, "hidden_size": HIDDEN, "bias_fl": True},
        "state_dict": {
            "rec.weight_ih_l0": table(rows, inputs),
            "rec.weight_hh_l0": table(rows, HIDDEN),
            "rec.bias_ih_l0": table(rows),
            "rec.bias_hh_l0": table(rows),
            "lin.weight": table(1, HIDDEN),
            "lin.bias": table(1),
        },
    }


def by_equations(model: Model, dry: NDArray[np.float32], knob: float | None) -> NDArray[np.float64]:
    """Hochreiter's LSTM or Cho's GRU (PyTorch's gate order), one frame after the other, from state zero; (frames,)."""
    state = {key: np.array(value, np.float64) for key, value in model["state_dict"].items()}
    w, u = state["rec.weight_ih_l0"], state["rec.weight_hh_l0"]
    b, c = state["rec.bias_ih_l0"], state["rec.bias_hh_l0"]
    size = u.shape[1]

    def sigmoid(x: NDArray[np.float64]) -> NDArray[np.float64]:
        return 1 / (1 + np.exp(-x))

    hidden, cell, out = np.zeros(size), np.zeros(size), []
    for sample in dry:
        x = np.array([sample] if knob is None else [sample, knob], np.float64)
        if model["model_data"]["unit_type"] == "LSTM":
            i, f, g, o = np.split(w @ x + b + u @ hidden + c, 4)
            cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
            hidden = sigmoid(o) * np.tanh(cell)
        else:
            from_input, from_hidden = np.split(w @ x + b, 3), np.split(u @ hidden + c, 3)
            reset, update = (sigmoid(from_input[n] + from_hidden[n]) for n in (0, 1))
            new = np.tanh(from_input[2] + reset * from_hidden[2])
            hidden = (1 - update) * new + update * hidden
        y = float(state["lin.weight"][0] @ hidden + state["lin.bias"][0])
        out.append(y + (sample if model["model_data"]["skip"] else 0.0))
    return np.array(out)


def written(path: Path, model: object) -> Path:
    path.write_text(json.dumps(model))
    return path


DRY = synthetic(0.25, 4)[:9000]


@pytest.mark.parametrize("unit", ["LSTM", "GRU"])
@pytest.mark.parametrize("inputs", [1, 2])
def test_an_invented_capture_obeys_its_equations(tmp_path: Path, unit: str, inputs: int) -> None:
    model = invented(unit, inputs)
    capture = read_capture(written(tmp_path / "a.json", model))
    knob = 0.7 if inputs == 2 else None
    settings = np.full((1, inputs - 1), 0.7, np.float32)
    found = capture.render_native(DRY[None, :3000], settings)[0]
    assert np.abs(found - by_equations(model, DRY[:3000], knob)).max() < 1e-5


@pytest.mark.parametrize(
    "name",
    [
        "proteus/TS9_DriveKnob.json",
        "proteus/PrincetonAmp_Clean.json",
        "neuralpi/LittleBigMuff.json",
        "neuralseed_mit/gru8_ts9_pytorch.json",
        "neuralseed_mit/lstm4_ts9_pytorch.json",
    ],
)
def test_a_published_capture_obeys_its_equations(name: str) -> None:
    path = PUBLISHED / name
    if not path.exists():
        pytest.skip(f"{name} is missing; put the published captures beside the project, in ../shared/data/captures")
    model = json.loads(path.read_text())
    knob = 0.4 if model["model_data"]["input_size"] == 2 else None
    capture = read_capture(path)
    found = capture.render_native(DRY[None, :4000], np.full((1, len(capture.knobs)), 0.4, np.float32))[0]
    assert np.abs(found - by_equations(model, DRY[:4000], knob)).max() < 2e-5


def test_chunks_run_side_by_side_differ_little_from_one_run(tmp_path: Path) -> None:
    capture = read_capture(written(tmp_path / "a.json", invented()))
    dry = np.stack([synthetic(1.6, seed)[:70_000] for seed in (1, 2)])
    settings = np.zeros((2, 0), np.float32)
    chunked, whole = capture.render_native(dry, settings), capture.render_native(dry, settings, chunk=None)
    assert chunked.shape == whole.shape
    assert ((chunked - whole) ** 2).sum() / (whole**2).sum() < 1e-8


def test_published_captures_forget_within_the_lead_in() -> None:
    if not PUBLISHED.exists():
        pytest.skip("../shared/data/captures is missing; put the published captures there")
    dry = synthetic(1.6, 3)[None, :66_150]
    for name in ("proteus/BossMT2_PedalHighGain.json", "proteus/XComp_Pedal.json", "proteus/Barber_GC_GainKnob.json"):
        capture = read_capture(PUBLISHED / name)
        settings = np.full((1, len(capture.knobs)), 0.5, np.float32)
        chunked, whole = capture.render_native(dry, settings), capture.render_native(dry, settings, chunk=None)
        assert ((chunked - whole) ** 2).sum() / (whole**2).sum() < 1e-6, name


def test_rendering_at_48_khz_keeps_length_alignment_and_level(tmp_path: Path) -> None:
    model = invented()
    model["state_dict"]["lin.weight"] = np.zeros((1, HIDDEN)).tolist()
    model["state_dict"]["lin.bias"] = [0.0]
    through = read_capture(written(tmp_path / "wire.json", model))  # only the skip connection is left
    for frames in (1000, 47_999, 48_001):
        dry = (0.5 * np.sin(2 * np.pi * 900 * np.arange(frames) / 48_000)).astype(np.float32)[None]
        wet = through.render(dry, np.zeros((1, 0), np.float32))
        assert wet.shape == dry.shape
        assert np.abs(wet - dry)[:, 300:-300].max() < 1e-3
    assert NATIVE_RATE == 44_100


def test_a_knob_changes_the_sound_and_no_knob_takes_none(tmp_path: Path) -> None:
    capture = read_capture(written(tmp_path / "a.json", invented(inputs=2)))
    assert capture.knobs == ("knob",)
    wet = capture.render(np.tile(DRY, (2, 1)), np.array([[0.0], [1.0]], np.float32))
    assert np.abs(wet[0] - wet[1]).max() > 1e-2
    with pytest.raises(ValueError, match="settings must be"):
        capture.render(DRY[None], np.zeros((1, 0), np.float32))


def without(key: str) -> Model:
    model = invented()
    (model if key in model else model["model_data"] if key in model["model_data"] else model["state_dict"]).pop(key)
    return model


def with_(part: str, key: str, value: object) -> Model:
    model = invented()
    model[part][key] = value
    return model


@pytest.mark.parametrize(
    ("model", "reasons"),
    [
        (without("state_dict"), ["'state_dict' is missing"]),
        (without("hidden_size"), ["hidden_size' is missing"]),
        (without("lin.bias"), ["'lin.bias' is missing"]),
        (with_("state_dict", "rec.weight_hh_l0", [[1.0, 2.0]]), ["rec.weight_hh_l0", "(24, 6)", "(1, 2)"]),
        (with_("state_dict", "rec.bias_ih_l0", [[1.0], [1.0, 2.0]]), ["rec.bias_ih_l0", "no table"]),
        (with_("state_dict", "lin.weight", "five"), ["state_dict.lin.weight", "five", "list"]),
        (with_("state_dict", "lin.bias", [1e300]), ["lin.bias"]),
        (with_("model_data", "unit_type", "RNN"), ["RNN", "'LSTM' or 'GRU'"]),
        (with_("model_data", "input_size", 3), ["input_size is 3", "less than or equal to 2"]),
        (with_("model_data", "num_layers", 2), ["num_layers is 2", "should be 1"]),
        (with_("model_data", "hidden_size", "six"), ["hidden_size is 'six'", "integer"]),
        (with_("model_data", "hidden_size", 10**9), ["hidden_size is 1000000000", "1024"]),
        (with_("model_data", "skip", [1]), ["skip is [1]", "integer"]),
        ([1, 2], ["JSON object", "list"]),
    ],
)
def test_a_damaged_capture_is_refused_with_file_key_and_shapes(
    tmp_path: Path, model: object, reasons: list[str]
) -> None:
    path = written(tmp_path / "damaged.json", model)
    with pytest.raises(InputError) as caught:
        read_capture(path)
    for reason in [str(path), *reasons]:
        assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_capture_cut_short_is_refused_alone_and_in_a_folder(tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    path.write_text(json.dumps(invented())[:-50])
    for call in (lambda: read_capture(path), lambda: find_captures(tmp_path), lambda: device_named(str(path))):
        with pytest.raises(InputError, match="cut short"):
            call()


def test_folders_give_their_captures_by_name_and_pass_over_other_json(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    written(tmp_path / "deep" / "a.json", invented())
    written(tmp_path / "b.json", invented("GRU", 2))
    written(tmp_path / "package.json", {"name": "something else"})
    (tmp_path / "LICENSE").write_text("MIT License\n\nCopyright")
    captures = find_captures(tmp_path)
    assert [(c.name, c.knobs, c.licence) for c in captures] == [("b", ("knob",), "MIT"), ("a", (), "NOASSERTION")]
    assert device_named("b", [tmp_path]).kind == "capture"
    assert {"rat", "big_muff", "a", "b"} <= {device.name for device in find_devices([tmp_path])}


def test_missing_empty_and_ambiguous_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        find_devices([tmp_path / "none"])
    with pytest.raises(InputError, match="no capture in this folder"):
        find_devices([tmp_path])
    written(tmp_path / "rat.json", invented())
    with pytest.raises(InputError, match="two devices"):
        find_devices([tmp_path])
    with pytest.raises(InputError, match="no device has this name"):
        device_named("fuzz_face")
    (tmp_path / "x.nam").write_text("{}")
    with pytest.raises(InputError, match=r"\.json"):
        find_captures(tmp_path / "x.nam")
