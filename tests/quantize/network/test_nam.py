"""Neural Amp Modeler files: read as their format says, written so that they read back, refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gritspace.quantize.export.tflite import run_tflite, to_tflite
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.fold import at_position, network_at_position
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.model import IntegerModel
from gritspace.quantize.model.reference import run
from gritspace.quantize.network.nam import read_nam, write_nam_text
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.dequantize import dequantize
from gritspace.quantize.rounding.quantize import quantize, to_q15
from gritspace.train.network.nam.records import NamError
from tests.places import DATA
from tests.quantize.conftest import make_tcn, noise, q15


def document(**changes: Any) -> dict[str, Any]:
    """A small capture of format 0.5: two arrays, the second gated; changes replace keys of the first array."""
    first = {
        "input_size": 1, "condition_size": 1, "channels": 4, "head_size": 3, "kernel_size": 3,
        "dilations": [1, 2], "activation": "Tanh", "gated": False, "head_bias": False,
    } | changes  # fmt: skip
    second = {
        "input_size": 4, "condition_size": 1, "channels": 3, "head_size": 1, "kernel_size": 2,
        "dilations": [4], "activation": "Tanh", "gated": True, "head_bias": True,
    }  # fmt: skip
    count = 4 + 2 * (4 * 4 * 3 + 4 + 4 + 16 + 4) + 3 * 4
    count += 3 * 4 + (6 * 3 * 2 + 6 + 6 + 9 + 3) + 3 + 1 + 1
    weights = np.random.default_rng(0).normal(0, 0.4, count).round(4).tolist()
    config = {"layers": [first, second], "head": None, "head_scale": weights[-1]}
    return {"version": "0.5.2", "architecture": "WaveNet", "config": config, "weights": weights}


def by_hand(doc: dict[str, Any], audio: np.ndarray) -> np.ndarray:
    """The format's own words as loops over samples, from silence: the oracle."""
    weights = iter(doc["weights"])

    def take(*shape: int) -> np.ndarray:
        return np.array([next(weights) for _ in range(int(np.prod(shape)))]).reshape(shape)

    silence = 64
    dry = np.concatenate([np.zeros(silence), audio])
    stream, head = dry[:, None], None
    for a in doc["config"]["layers"]:
        c, rows = a["channels"], a["channels"] * (2 if a["gated"] else 1)
        rechannel = take(c, a["input_size"])
        stream = np.array([rechannel @ x for x in stream])
        sums = np.zeros_like(stream) if head is None else head
        for dilation in a["dilations"]:
            conv, bias, mixin = take(rows, c, a["kernel_size"]), take(rows), take(rows, 1)
            one, one_bias = take(c, c), take(c)
            z = np.zeros((len(dry), c))
            for t in range(len(dry)):
                pre = bias + mixin[:, 0] * dry[t]
                for k in range(a["kernel_size"]):
                    past = t - (a["kernel_size"] - 1 - k) * dilation
                    if past >= 0:
                        pre = pre + conv[:, :, k] @ stream[past]
                z[t] = np.tanh(pre[:c]) / (1 + np.exp(-pre[c:])) if a["gated"] else np.tanh(pre)
            sums = sums + z
            stream = stream + z @ one.T + one_bias
        head_weight = take(a["head_size"], c)
        head = sums @ head_weight.T + (take(a["head_size"]) if a["head_bias"] else 0)
    return next(weights) * head[silence:, 0]


def written(doc: dict[str, Any], folder: Path) -> Path:
    path = folder / "capture.nam"
    path.write_text(json.dumps(doc))
    return path


def test_a_capture_computes_what_its_format_says(tmp_path: Path) -> None:
    network = read_nam(written(document(), tmp_path)).networks[0]
    audio = noise(400)
    np.testing.assert_allclose(run_float(network, audio), by_hand(document(), audio.astype(float)), atol=1e-12)


@pytest.mark.parametrize("shape", ["two_tanh_arrays", "relu_snapshot", "hardtanh_odd_two_arrays"])
def test_what_is_written_reads_back_as_the_same_network(shape: str, tmp_path: Path) -> None:
    network = from_tcn(make_tcn(shape))
    path = tmp_path / "out.nam"
    path.write_text(write_nam_text(network, "name"))
    back = read_nam(path).networks[0]
    np.testing.assert_allclose(run_float(back, noise(2400)), run_float(network, noise(2400)), atol=1e-6)


@pytest.mark.parametrize("shape", ["tanh_space", "leaky_space_with_long_head", "gated_odd_width_space"])
def test_a_space_folded_at_a_position_is_a_capture_that_sounds_the_same(shape: str, tmp_path: Path) -> None:
    network = from_tcn(make_tcn(shape))
    position = np.linspace(-0.7, 0.9, network.position_size)
    path = tmp_path / "out.nam"
    path.write_text(write_nam_text(network_at_position(network, position), "name"))
    wanted = run_float(network, noise(2400), position)
    np.testing.assert_allclose(run_float(read_nam(path).networks[0], noise(2400)), wanted, atol=1e-5)


def test_an_integer_model_stands_for_a_float_network_that_differs_by_rounding_alone(model: IntegerModel) -> None:
    position = to_q15(np.linspace(-0.7, 0.9, model.position_count)) if model.film else None
    snapshot = at_position(model, position)
    network = dequantize(snapshot)
    audio = noise(4800)
    wanted = run_float(network, q15(audio) / 32768)
    got = run(snapshot, q15(audio)) / 32768 * 2.0**model.output_shift
    assert np.sum((got - wanted) ** 2) / np.sum(wanted**2) < 1e-4


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"activation": "Softsign"}, "Softsign"),
        ({"channels": 2**31}, "channels is 2147483648"),
        ({"condition_size": 2}, "condition_size"),
        ({"dilations": []}, "layers in an array is 0"),
        ({"dilations": [0]}, r"dilations\[0\] is 0"),
        ({"kernel_size": "three"}, "kernel_size"),
        ({"head_size": 5}, "it has 5 outputs|fit together"),
        ({"gating_mode": "blended"}, "blended"),
        ({"bottleneck": 2}, "weights"),
        ({"conv_pre_film": {"active": True}}, "conv_pre_film"),
        ({"head1x1": {"active": True}}, "weights"),
        ({"groups_input": 2}, "weights"),
    ],
)
def test_what_the_engine_does_not_run_is_refused_by_name(changes: dict[str, Any], reason: str, tmp_path: Path) -> None:
    with pytest.raises(NamError, match=reason):
        read_nam(written(document(**changes), tmp_path))


def test_wrong_weight_counts_and_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    doc = document()
    doc["weights"].pop()
    with pytest.raises(NamError, match=r"\d+ weights where its shape needs \d+"):
        read_nam(written(doc, tmp_path))
    doc["weights"].append(float("nan"))
    with pytest.raises(NamError, match="NaN is no number"):
        read_nam(written(doc, tmp_path))
    doc["weights"][-1] = "x"
    with pytest.raises(NamError, match="not all numbers"):
        read_nam(written(doc, tmp_path))


@pytest.mark.parametrize("key", ["architecture", "config", "weights"])
def test_a_missing_key_is_named(key: str, tmp_path: Path) -> None:
    doc = document()
    del doc[key]
    with pytest.raises(NamError, match=rf"capture\.nam.*{key}"):
        read_nam(written(doc, tmp_path))


def test_a_file_that_is_no_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.nam"
    path.write_text("RIFF")
    with pytest.raises(NamError, match="no JSON"):
        read_nam(path)


CAPTURES = sorted((DATA / "captures").glob("nam*/*.nam")) if DATA.is_dir() else []


@pytest.mark.skipif(not CAPTURES, reason="no real captures: set GRITSPACE_DATA to a folder with captures/nam_mit")
@pytest.mark.parametrize("name", ["A2.nam", "wavenet_a1_standard.nam"])
def test_real_captures_run_alike_in_numpy_c_and_tensorflow_lite(name: str) -> None:
    file = read_nam(DATA / "captures" / "nam_mit" / name)
    for network in file.networks:
        audio = noise(6000, seed=8) * 0.5
        model = quantize(network, noise(24000) * 0.5)
        expected = run(model, q15(audio))
        assert np.array_equal(Engine(to_bytes(model)).process(q15(audio)), expected)
        assert np.array_equal(run_tflite(to_tflite(model), q15(audio)), expected)
        wanted = run_float(network, q15(audio) / 32768)
        esr = np.sum((expected / 32768 * 2**model.output_shift - wanted) ** 2) / np.sum(wanted**2)
        assert esr < 2e-3, f"{name}: {esr:.1e} on noise, which is harder than music"


@pytest.mark.skipif(not CAPTURES, reason="no real captures: set GRITSPACE_DATA to a folder with captures/nam_mit")
def test_a_container_offers_its_submodels_smallest_first() -> None:
    file = read_nam(DATA / "captures" / "nam_mit" / "A2.nam")
    assert file.names == ("0.5", "1")
    assert [n.arrays[0].channels for n in file.networks] == [3, 8]
    assert [n.receptive_field for n in file.networks] == [6347, 6347]
