"""Captures of every kind sound here as they do in Neural Amp Modeler Core, whose answers are in core_says.json."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gritspace.host_tools.sound.playing import play
from gritspace.quantize.network.nam import read_nam
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding.quantize import quantize
from gritspace.train.audio import signals
from gritspace.train.devices.captures.nam import read_nam_capture
from gritspace.train.network.nam.family import Beyond
from gritspace.train.network.nam.player import played, player_of
from gritspace.train.network.nam.reading import read_model
from gritspace.train.network.nam.records import NamError
from tests.train.network.nam import inventing
from tests.train.network.nam.ask_core import ANSWERS

SAID: dict[str, list[float]] = json.loads(ANSWERS.read_text())
KINDS = inventing.every_kind()
IN_THE_ENGINE = {
    *("fasttanh", "hardtanh", "sigmoid", "leaky", "prelu", "prelus", "gated_sigmoid", "gated_each", "bottleneck"),
    *("wide_bottleneck", "grouped", "no_layer1x1", "head1x1", "head1x1_two", "head_dilation", "two_arrays"),
    *("linear_5", "linear_200", "head_taps_first", "head_taps_longer_than_the_rest", "sigmoid_head1x1"),
    *("sigmoid_head1x1_gated", "prelu_of_both_spellings"),
}


def written(folder: Path, document: dict[str, Any]) -> Path:
    path = folder / "capture.nam"
    path.write_text(json.dumps(document))
    return path


def esr(wet: Any, wanted: Any) -> float:
    wanted = np.asarray(wanted, np.float64)
    return float(np.square(np.asarray(wet, np.float64)[-len(wanted) :] - wanted).sum() / np.square(wanted).sum())


def test_core_was_asked_about_every_kind() -> None:
    assert SAID.keys() == KINDS.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_a_capture_plays_as_core_plays_it(kind: str, tmp_path: Path) -> None:
    path, dry = written(tmp_path, KINDS[kind]), inventing.dry()
    assert esr(played(player_of(read_model(path)), torch.from_numpy(dry)), SAID[kind]) < 1e-11
    wet = read_nam_capture(path).render(dry[None], np.zeros((1, 0), np.float32))[0]
    assert esr(wet, SAID[kind]) < (1e-6 if kind == "fasttanh" else 1e-11)
    if kind in IN_THE_ENGINE:
        assert esr(run_float(read_nam(path).networks[-1], dry), SAID[kind]) < (1e-6 if kind == "fasttanh" else 1e-11)
    else:
        with pytest.raises(Beyond):
            read_nam(path)


@pytest.mark.parametrize(
    "kind", ["prelus", "gated_each", "head1x1_two", "linear_200", "head_taps_first", "sigmoid_head1x1"]
)
def test_what_is_written_otherwise_for_the_engine_sounds_the_same_in_integers(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, KINDS[kind])
    model = quantize(read_nam(path).networks[-1], signals.synthetic(4, 1))
    dry = signals.synthetic(1, 7)
    wet = played(player_of(read_model(path)), torch.from_numpy(dry))
    assert esr(play(model, dry, None, "c"), wet) < 2e-4


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"groups_input": 3}, "3 groups do not divide 4 inputs"),
        ({"activation": "Swiss"}, "it has the activation 'Swiss'"),
        ({"activation": {"type": "PReLU", "negative_slopes": [0.1, 0.2]}}, "2 slopes for 4 channels"),
        ({"gating_mode": "lent"}, "it has the gating mode 'lent'"),
        ({"condition_size": 2}, "its condition_size is 2"),
        ({"layer1x1": {"active": False, "groups": 1}, "bottleneck": 2}, "its bottleneck of 2 is not its 4 channels"),
    ],
)
def test_what_no_loader_could_place_is_named(changes: dict[str, Any], said: str, tmp_path: Path) -> None:
    document = inventing.wavenet(inventing.layer_array(**changes))
    try:
        document = inventing.filled(document, 0)
    except ZeroDivisionError:
        pytest.fail("the inventor")
    for read in (read_nam, read_nam_capture):
        with pytest.raises(NamError, match=said):
            read(written(tmp_path, document))


@pytest.mark.parametrize("version", ["0.4.0", "0.8.0", "2.3.1", "0.5", "", 7, "0.5.4.1"])
def test_another_format_is_refused_by_its_version(version: Any, tmp_path: Path) -> None:
    with pytest.raises(NamError, match=r"capture\.nam: (it is of format|its version is)"):
        read_model(written(tmp_path, {**KINDS["prelu"], "version": version}))


@pytest.mark.parametrize("name", ["Softsigmoid", "ELU", "GELU", "Mish", "Softplus", "SELU"])
def test_what_the_trainer_writes_and_core_does_not_know_plays_as_it_was_trained(name: str, tmp_path: Path) -> None:
    """A layer that reads the dry audio alone, and a head that hands it on: the activation itself."""
    one = layer_of_one(activation=[{"type": name}])
    document = {**inventing.wavenet(one), "version": "0.7.0", "weights": [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 1.0]}
    dry = np.linspace(-3, 3, 50, dtype=np.float32)
    wet = read_nam_capture(written(tmp_path, document)).render(dry[None], np.zeros((1, 0), np.float32))[0]
    x = torch.from_numpy(dry)
    wanted = 0.5 * (1 + x / (1 + x.abs())) if name == "Softsigmoid" else getattr(torch.nn, name)()(x)
    assert np.abs(wet - wanted.numpy()).max() < 1e-6


def layer_of_one(**changes: Any) -> dict[str, Any]:
    head = {"out_channels": 1, "kernel_size": 1, "bias": False}
    return inventing.layer_array(**{"channels": 1, "kernel_size": 1, "dilations": [1], "head": head, **changes})


def test_a_head_in_the_trainers_own_spelling_plays_as_in_the_formats(tmp_path: Path) -> None:
    behind = {"channels": 3, "out_channels": 1, "kernel_sizes": [3, 2]}
    first = inventing.layer_array(head={"out_channels": 2, "kernel_size": 1, "bias": True})
    wet = []
    for activation in ({"name": "LeakyReLU", "negative_slope": 0.3}, {"type": "LeakyReLU", "negative_slope": 0.3}):
        document = inventing.filled(inventing.wavenet(first, head={**behind, "activation": activation}), 3)
        wet.append(played(player_of(read_model(written(tmp_path, document))), torch.from_numpy(inventing.dry())))
    assert torch.equal(*wet)
    document["config"]["head"]["activation"] = {"name": "PReLU"}
    with pytest.raises(NamError, match="PReLU without its slopes; train it again"):
        read_nam_capture(written(tmp_path, document))


def test_a_container_speaks_for_its_submodels(tmp_path: Path) -> None:
    inner = {key: value for key, value in KINDS["leaky"].items() if key != "sample_rate"}
    document = {
        **{"version": "0.7.0", "architecture": "SlimmableContainer", "weights": []},
        **{"sample_rate": 44_100, "metadata": {"loudness": -21.5}},
        "config": {"submodels": [{"max_value": 1.0, "model": inner}]},
    }
    network = read_nam(written(tmp_path, document)).networks[0]
    assert (network.sample_rate, network.metadata["loudness"]) == (44_100, -21.5)


def test_a_container_in_a_container_is_the_last_of_its_own(tmp_path: Path) -> None:
    def around(*models: dict[str, Any], **top: Any) -> dict[str, Any]:
        submodels = [{"max_value": (n + 1) / len(models), "model": model} for n, model in enumerate(models)]
        return {"version": "0.7.0", "architecture": "SlimmableContainer", "config": {"submodels": submodels}, **top}

    inner = around(KINDS["prelu"], {k: v for k, v in KINDS["leaky"].items() if k != "sample_rate"}, sample_rate=44_100)
    path = written(tmp_path, around(KINDS["prelu"], inner))
    file = read_nam(path)
    assert [network.sample_rate for network in file.networks] == [48_000, 44_100]
    assert esr(run_float(file.networks[1], inventing.dry()), SAID["leaky"]) < 1e-11
    assert read_nam_capture(path).rate == 44_100  # type: ignore[attr-defined]
    with pytest.raises(NamError, match="container of nothing"):
        read_nam_capture(written(tmp_path, around(KINDS["prelu"], around())))


def test_a_slimmable_capture_is_several_as_core_cuts_them(tmp_path: Path) -> None:
    """The first channels of each array are the smaller network: its own weights, laid out anew, play the same."""
    slim = {"method": "slice_channels_uniform", "kwargs": {"allowed_channels": [2, 4]}}
    whole = inventing.filled(inventing.wavenet(inventing.layer_array(slimmable=slim, gating_mode="gated")), 5)
    file = read_nam(written(tmp_path, whole))
    assert file.names == ("0.5", "1")
    assert [network.arrays[0].channels for network in file.networks] == [2, 4]
    big, small = file.networks[1].arrays[0], file.networks[0].arrays[0]
    assert (small.rechannel == big.rechannel[:2]).all()
    for theirs, ours in zip(big.layers, small.layers, strict=True):
        assert (ours.weight == theirs.weight[:4, :2]).all()  # of a gated layer the first rows, as Core counts them
        assert (ours.residual_weight == theirs.residual_weight[:2, :2]).all()
    assert (small.head_weight == big.head_weight[:, :2]).all()
