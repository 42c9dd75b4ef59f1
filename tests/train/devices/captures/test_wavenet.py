"""A1 captures as devices, held against the float network that quantize reads from the same file by code of its own."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gritspace.quantize.network.nam import read_nam
from gritspace.quantize.network.run import run_float
from gritspace.train.audio.signals import synthetic
from gritspace.train.devices.captures.wavenet import device_name, read_wavenet
from gritspace.train.devices.finding import device_named, find_devices
from gritspace.train.errors import InputError


def array(inputs: int, channels: int, head: int, dilations: list[int], **more: Any) -> dict[str, Any]:
    return {
        "input_size": inputs,
        "condition_size": 1,
        "channels": channels,
        "head_size": head,
        "kernel_size": 3,
        "dilations": dilations,
        "activation": "Tanh",
        "gated": False,
        "head_bias": False,
        **more,
    }


def document(gated: bool = False) -> dict[str, Any]:
    layers = [array(1, 6, 4, [1, 2, 8], gated=gated), array(6, 4, 1, [1, 4], head_bias=True)]
    count = 1
    for one in layers:
        c, rows = one["channels"], one["channels"] * (2 if one["gated"] else 1)
        count += one["input_size"] * c + len(one["dilations"]) * (rows * (3 * c + 2) + c * c + c)
        count += one["head_size"] * (c + one["head_bias"])
    weights = np.random.default_rng(4).normal(0, 0.4, count).tolist()
    return {
        "version": "0.5.0",
        "architecture": "WaveNet",
        "config": {"layers": layers, "head": None},
        "weights": weights,
    }


def written(folder: Path, contents: dict[str, Any], name: str = "Amp Gain@7 [red].nam") -> Path:
    path = folder / name
    path.write_text(json.dumps(contents))
    return path


@pytest.mark.parametrize("gated", [False, True])
def test_a_capture_sounds_as_the_network_that_quantize_reads(tmp_path: Path, gated: bool) -> None:
    path = written(tmp_path, document(gated))
    dry = np.stack([synthetic(0.1, 0), synthetic(0.1, 1)])
    wet = read_wavenet(path).render(dry, np.zeros((2, 0), np.float32))
    network = read_nam(path).networks[0]
    for ours, row in zip(wet, dry, strict=True):
        assert np.allclose(ours, run_float(network, row), atol=2e-5)


def test_folders_are_searched_for_them_and_other_nam_files_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, document())
    written(tmp_path, {"architecture": "LSTM", "config": {}, "weights": []}, "lstm.nam")
    written(tmp_path, {**document(), "architecture": "SlimmableContainer"}, "container.nam")
    found = [device for device in find_devices([tmp_path]) if device.kind == "capture"]
    assert [device.name for device in found] == ["Amp_Gain-7_red"]
    assert device_named(str(path)).name == device_name(path) == "Amp_Gain-7_red"
    assert "@" not in device_name(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d["weights"].pop(), "where its shape needs"),
        (lambda d: d["weights"].append(0.0), "where its shape needs"),
        (lambda d: d["weights"].__setitem__(3, float("nan")), "NaN is no number"),
        (lambda d: d.update(weights="many"), "not all numbers"),
        (lambda d: d["config"]["layers"][0].update(channels=0), "channels is 0"),
        (lambda d: d["config"]["layers"][0].update(dilations=[1, -2]), r"dilations\[1\] is -2"),
        (lambda d: d["config"]["layers"][1].update(head_size=2), "it has 2 outputs"),
        (lambda d: d["config"]["layers"][1].update(channels=5), "do not fit together"),
        (lambda d: d["config"].update(head={"x": 1}), "a further network"),
        (lambda d: d["config"]["layers"][0].update(activation="Softsign"), "the activation Softsign"),
        (lambda d: d.update(architecture="ConvNet"), "ConvNet"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_name(tmp_path: Path, change: Any, reason: str) -> None:
    contents = document()
    change(contents)
    with pytest.raises(InputError, match=reason) as caught:
        read_wavenet(written(tmp_path, contents))
    assert "Amp Gain@7" in str(caught.value)


def test_a_torn_file_is_told(tmp_path: Path) -> None:
    path = written(tmp_path, document())
    path.write_text(path.read_text()[:200])
    with pytest.raises(InputError, match="cut short"):
        find_devices([tmp_path])
