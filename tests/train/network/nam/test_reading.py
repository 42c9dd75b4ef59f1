"""The one reader of `.nam` files: two dialects are one network, and no value anywhere in a file is a fault of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gritspace.quantize.network.nam import read_nam
from gritspace.train.devices.captures.wavenet import tcn_from
from gritspace.train.errors import InputError
from gritspace.train.network.limits import DEVICE, ENGINE
from gritspace.train.network.nam.family import family_of
from gritspace.train.network.nam.lstm import lstm_of
from gritspace.train.network.nam.player import player_of
from gritspace.train.network.nam.reading import read_model, submodels
from gritspace.train.network.nam.records import NamError
from gritspace.train.network.nam.wavenet import parts_of, wavenet_record, weight_count
from tests.quantize.network.test_nam import document
from tests.train.devices.captures.test_recurrent_nam import invented
from tests.train.network.nam.inventing import every_kind


def spelled_anew(doc: dict[str, Any]) -> dict[str, Any]:
    """The same capture as format 0.7.0 spells it."""
    layers = []
    for old in doc["config"]["layers"]:
        count = len(old["dilations"])
        layers.append(
            {
                "input_size": old["input_size"],
                "condition_size": 1,
                "channels": old["channels"],
                "bottleneck": old["channels"],
                "kernel_sizes": [old["kernel_size"]] * count,
                "dilations": old["dilations"],
                "activation": [{"type": old["activation"]}] * count,
                "gating_mode": ["gated" if old["gated"] else "none"] * count,
                "secondary_activation": ["Sigmoid" if old["gated"] else None] * count,
                "head": {"out_channels": old["head_size"], "kernel_size": 1, "bias": old["head_bias"]},
                "layer1x1": {"active": True, "groups": 1},
                "head1x1": {"active": False, "out_channels": 1, "groups": 1},
                "conv_pre_film": False,
                "slimmable": None,
            }
        )
    return {**doc, "version": "0.7.0", "config": {"layers": layers, "head": None, "head_scale": 0.02}}


def written(folder: Path, contents: Any) -> Path:
    path = folder / "capture.nam"
    path.write_text(json.dumps(contents))
    return path


def test_both_dialects_of_a_capture_are_the_same_record_and_the_same_network(tmp_path: Path) -> None:
    old = read_model(written(tmp_path, document()))
    new = read_model(written(tmp_path, spelled_anew(document())))
    first, second = wavenet_record(old), wavenet_record(new)
    assert [weight_count(a) for a in first.layers] == [weight_count(a) for a in second.layers]
    for ours, theirs in zip(tcn_from(old).parameters(), tcn_from(new).parameters(), strict=True):
        assert bool((ours == theirs).all())


def test_every_weight_of_the_list_is_placed_once_and_in_its_order(tmp_path: Path) -> None:
    doc = document()
    doc["weights"] = list(range(len(doc["weights"])))
    model = read_model(written(tmp_path, doc))
    parts = parts_of(wavenet_record(model), model)
    flat: list[Any] = []
    for array in parts.arrays:
        flat.append(array.rechannel)
        for layer in array.layers:
            flat += [layer.conv, layer.bias, layer.mixin, layer.one, layer.one_bias]
        flat.append(array.head)
    flat.append(parts.arrays[-1].head_bias)
    assert np.concatenate([part.reshape(-1) for part in flat]).tolist() == doc["weights"][:-1]
    assert parts.scale == doc["weights"][-1]


def test_a_byte_order_mark_is_no_fault_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bom.nam"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(document()).encode())
    assert read_model(path).architecture == "WaveNet"


@pytest.mark.parametrize("rate", [0, -48000, "48000", True, 1e300, []])
def test_a_rate_that_is_none_is_refused_by_its_name(rate: Any, tmp_path: Path) -> None:
    with pytest.raises(NamError, match=r"capture\.nam: sample_rate is"):
        read_model(written(tmp_path, {**document(), "sample_rate": rate}))


@pytest.mark.parametrize("weight", [1e308, 10**400, "0.1", None, True, [0.1]])
def test_a_weight_that_is_no_single_precision_number_is_refused(weight: Any, tmp_path: Path) -> None:
    doc = document()
    doc["weights"][5] = weight
    with pytest.raises(NamError, match=r"its weights are not all (finite )?numbers"):
        read_model(written(tmp_path, doc))


def test_a_file_nested_beyond_reason_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.nam"
    path.write_text('{"architecture":' + "[" * 100_000)
    with pytest.raises(NamError, match=r"deep\.nam"):
        read_model(path)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("\ud83d"),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=3), part, max_size=3),
    max_leaves=5,
)


OTHERS = [every_kind()[kind] for kind in ("head1x1", "layer1x1_post_film_blended", "condition", "post_head", "convnet")]


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document, but of a list of numbers only two."""
    found = [at]
    if isinstance(value, dict):
        for key in value:
            found += places(value[key], (*at, key))
    elif isinstance(value, list):
        for index in range(min(len(value), 2)):
            found += places(value[index], (*at, index))
    return found


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_value_in_any_place_is_read_or_refused_in_a_sentence(data: st.DataObject, tmp_path: Path) -> None:
    container = {"architecture": "SlimmableContainer", "config": {"submodels": [{"max_value": 1, "model": document()}]}}
    doc = data.draw(st.sampled_from([document(), spelled_anew(document()), invented(1, 3), container, *OTHERS]))
    doc = json.loads(json.dumps(doc))
    place = data.draw(st.sampled_from(places(doc)[1:]))
    inner = doc
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = data.draw(ANYTHING)
    path = written(tmp_path, doc)
    said = ""
    try:
        for _, model in submodels(read_model(path)):
            if model.architecture == "LSTM":
                lstm_of(model)
            elif model.architecture == "WaveNet":
                tcn_from(model)
            else:
                player_of(model)
        read_nam(path)
    except InputError as error:
        said = str(error).replace(str(path), "")
    assert len(said) < 300, "a sentence, not the file"


def test_devices_may_be_wider_than_what_the_engine_runs(tmp_path: Path) -> None:
    doc = document()
    doc["config"]["layers"] = [doc["config"]["layers"][0] | {"channels": 40, "head_size": 1, "dilations": [1]}]
    doc["weights"] = [0.01] * (40 + 40 * (40 * 3 + 2) + 1600 + 40 + 40 + 1)
    model = read_model(written(tmp_path, doc))
    family_of(model, DEVICE)
    with pytest.raises(NamError, match="channels is 40; the engine runs 1 to 32"):
        family_of(model, ENGINE)
