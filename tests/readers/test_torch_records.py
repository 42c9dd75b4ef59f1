"""What a `.pt` file may say: its shape is bounded and its numbers are numbers before anything is made of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from gritspace.train.errors import InputError
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn
from gritspace.train.snapshot.snapshot import Snapshot, load_snapshot, save_snapshot
from gritspace.train.space import checkpoint
from gritspace.train.space.checkpoint import Progress
from gritspace.train.space.space import load_space
from gritspace.train.torch_file import save_torch
from tests.train.test_torch_file import a_space


def spoil_weight(contents: Any) -> None:
    name = next(iter(contents["state"]))
    contents["state"][name].view(-1)[0] = math.nan


def shorten_position(contents: Any) -> None:
    contents["positions"]["short"] = [0.0]


def look_far_back(contents: Any) -> None:
    array = contents["config"]["decoder"]["arrays"][0]
    array["dilations"] = (1_000_000,) * len(array["kernel_sizes"])


def set_array(key: str, value: object) -> Callable[[Any], None]:
    def change(contents: Any) -> None:
        config = contents["config"]
        config.get("decoder", config)["arrays"][0][key] = value

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (spoil_weight, "a weight is not finite"),
        (shorten_position, r"has not the \d+ numbers"),
        (set_array("channels", 1_000_000), "weights, as no such network has"),
        (set_array("channels", 10**12), r"arrays\[0\].channels is 1000000000000, and should be less"),
        (set_array("channels", True), r"channels is True, and should be a valid integer"),
        (look_far_back, "looks back more than"),
        (set_array("dilations", ()), "one entry a layer"),
        (set_array("kernel_sizes", ()), "kernel_sizes is"),
        (set_array("activation", "\x1b[31m"), "activation is"),
        (lambda contents: contents["config"]["encoder"].update(mels=10**9), "encoder.mels is 1000000000"),
        (lambda contents: contents["gains"].update(x=math.inf), "gains.x is inf, and should be a finite number"),
        (lambda contents: contents["licences"].update(x=3), "licences.x is 3, and should be a valid string"),
        (lambda contents: contents.pop("attributes"), "the key 'attributes' is missing"),
        (lambda contents: contents.update(state={"x": torch.zeros(2)}), "this space is damaged"),
    ],
)
def test_a_space_that_cannot_be_is_refused_in_one_sentence(
    tmp_path: Path, change: Callable[[Any], None], words: str
) -> None:
    path = tmp_path / "space.pt"
    a_space(path)
    contents = torch.load(path, weights_only=True)
    change(contents)
    save_torch(contents, path)
    with pytest.raises(InputError, match=words) as refused:
        load_space(path)
    assert "\n" not in str(refused.value)


def test_a_snapshot_too_large_to_be_one_is_refused_before_it_is_made(tmp_path: Path) -> None:
    path = tmp_path / "snapshot.pt"
    save_snapshot(Snapshot(Tcn(TcnConfig((LayerArrayConfig(4, (3,), (1,)),))), "x"), path)
    contents = torch.load(path, weights_only=True)
    set_array("channels", 1_000_000)(contents)
    save_torch(contents, path)
    with pytest.raises(InputError, match="weights, as no such network has"):
        load_snapshot(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"step": "many"}, "step is 'many'"),
        ({"step": -1}, "step is -1"),
        ({"elapsed_seconds": math.nan}, "elapsed_seconds is nan"),
        ({"positions": [1.0]}, "positions is"),
        ({"model": 3}, "model is 3"),
        ({"decaying": "yes"}, "decaying is 'yes'"),
    ],
)
def test_a_checkpoint_with_nonsense_in_it_is_refused_when_it_is_read(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    path = tmp_path / "space.pt.checkpoint"
    checkpoint.save(path, "print", Progress(step=3), model, optimizer)
    assert checkpoint.step_of(path) == checkpoint.load(path, "print", model, optimizer).step == 3
    save_torch({**torch.load(path, weights_only=True), **change}, path)
    with pytest.raises(InputError, match=words):
        checkpoint.load(path, "print", model, optimizer)
    if "step" in change:
        with pytest.raises(InputError, match="step is"):
            checkpoint.step_of(path)
