"""Files that people's bug reports are about: what each kind is to do, on files made here and on those of ../shared.

The reports themselves are no part of the checkout; where they lie beside it, they are tried as well.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from gritspace.host_tools.spaces.quantizing import QuantizeRequest, quantized
from gritspace.quantize.model.grit import from_bytes
from gritspace.quantize.network.nam import read_nam
from gritspace.train.devices.captures.files import capture_paths
from gritspace.train.devices.finding import device_named
from gritspace.train.errors import InputError
from tests.places import SHARED
from tests.quantize.network.test_nam import document
from tests.train.devices.captures.test_files import invented
from tests.train.devices.captures.test_keras import written as write_keras
from tests.train.network.nam.inventing import every_kind
from tests.train.network.nam.test_reading import spelled_anew

REPORTS = SHARED / "reports"
RATE_OF = {"container_rate_top.nam": 44_100, "cap_48k.json": 48_000, "cap_ok.json": 44_100, "aidax.aidax": 48_000}


def nam(**changes: Any) -> dict[str, Any]:
    return {**document(), "version": "0.5.4", "sample_rate": 48_000, **changes}


def with_weight(value: Any) -> dict[str, Any]:
    made = nam()
    return {**made, "weights": [value, *made["weights"][1:]]}


def with_slope(value: Any) -> dict[str, Any]:
    made = copy.deepcopy(nam())
    made["config"]["layers"][0]["activation"] = {"type": "LeakyReLU", "negative_slope": value}
    return made


def container(**top: Any) -> dict[str, Any]:
    inner = {key: value for key, value in nam().items() if key not in ("sample_rate", "metadata")}
    submodels = [{"max_value": share, "model": inner} for share in (0.5, 1.0)]
    whole = {"version": "0.7.0", "architecture": "SlimmableContainer", "weights": [], "sample_rate": 48_000}
    return {**whole, "metadata": {"loudness": -15.5}, "config": {"submodels": submodels}, **top}


def text(made: Any) -> bytes:
    return json.dumps(made).encode()


def keras(path: Path) -> bytes:
    return text(write_keras(path, "lstm", metadata={"samplerate": 48_000}))


PLAYED: dict[str, Callable[[Path], bytes]] = {
    "good.nam": lambda _: text(nam()),
    "a1_as_0.7.0.nam": lambda _: text(spelled_anew(nam())),
    "bom.nam": lambda _: b"\xef\xbb\xbf" + text(nam()),
    "container_loud_top.nam": lambda _: text(container()),
    "container_rate_top.nam": lambda _: text(container(sample_rate=44_100)),
    "cap_ok.json": lambda _: text(invented()),
    "cap_48k.json": lambda _: text({**invented(), "samplerate": 48_000}),
    "aidax.aidax": keras,
}
REFUSED: dict[str, tuple[Callable[[Path], bytes], str]] = {
    "bigint.nam": (lambda _: text(with_weight(10**400)), "its weights are not all numbers"),
    "weights_1e308.nam": (lambda _: text(with_weight(1e308)), "its weights are not all finite numbers"),
    "loudness_nan.nam": (lambda _: text(nam(metadata={"loudness": float("nan")})), "NaN is no number in JSON"),
    "surrogate.nam": (lambda _: text(nam(metadata={"name": "\ud83d amp"})), "half a character"),
    "rate_string.nam": (lambda _: text(nam(sample_rate="48000")), "sample_rate is '48000'"),
    "rate_zero.nam": (lambda _: text(nam(sample_rate=0)), "sample_rate is 0"),
    "slope_string.nam": (lambda _: text(with_slope("0.1")), "negative_slope is '0.1'"),
    "version_2.3.1.nam": (lambda _: text(nam(version="2.3.1")), "it is of format 2.3.1"),
    "convnet.nam": (lambda _: text({**every_kind()["convnet"], "weights": [0.1] * 30}), "30 weights where its shape"),
}


@pytest.fixture(params=["made here", "reported"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str, Callable[[Path], bytes]], Path]:
    """A report's file by its name, or one of its kind."""

    def find(name: str, make: Callable[[Path], bytes]) -> Path:
        if request.param == "reported":
            if not (REPORTS / name).is_file():
                pytest.skip("needs ../shared/reports")
            return REPORTS / name
        path = tmp_path / name
        path.write_bytes(make(path))
        return path

    return find


Found = Callable[[str, Callable[[Path], bytes]], Path]


def played(path: Path) -> NDArray[np.float32]:
    dry = np.random.default_rng(1).uniform(-0.3, 0.3, (1, 2400)).astype(np.float32)
    device = device_named(str(path))
    return device.render(dry, np.zeros((1, len(device.knobs)), np.float32))[0]


@pytest.mark.parametrize("name", PLAYED)
def test_a_capture_in_any_dialect_is_a_device_at_its_own_rate(name: str, file: Found) -> None:
    path = file(name, PLAYED[name])
    wet = played(path)
    assert np.isfinite(wet).all()
    assert np.any(wet)
    rate = RATE_OF.get(name, 48_000)
    assert device_named(str(path)).rate == rate  # type: ignore[attr-defined]
    if path.suffix == ".nam":
        assert read_nam(path).networks[-1].sample_rate == rate
        if rate == 48_000:  # all are one network, however they say it
            np.testing.assert_array_equal(wet, played(file("good.nam", PLAYED["good.nam"])))
    if name == "container_loud_top.nam":
        assert read_nam(path).networks[-1].metadata["loudness"] == -15.5


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_one_can_play_is_refused_in_a_sentence_by_every_reader(name: str, file: Found) -> None:
    make, words = REFUSED[name]
    path = file(name, make)
    for read in (lambda: quantized(path, "x", QuantizeRequest(), lambda *_: None), lambda: device_named(str(path))):
        with pytest.raises(InputError, match=words) as told:
            read()
        assert str(told.value).startswith(str(path))
        assert "\n" not in str(told.value)


def test_a_pack_from_a_mac_is_its_captures_alone(tmp_path: Path) -> None:
    (tmp_path / "Amp.json").write_bytes(text(invented()))
    (tmp_path / "._Amp.json").write_bytes(b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \x00\x02\xb0")
    (tmp_path / "__MACOSX").mkdir()
    (tmp_path / "__MACOSX" / "Amp.json").write_bytes(text(invented()))
    packs = [tmp_path, *([REPORTS / "pack_mac"] if (REPORTS / "pack_mac").is_dir() else [])]
    for pack in packs:
        assert capture_paths(pack) == [pack / "Amp.json"]


@pytest.mark.skipif(not REPORTS.is_dir(), reason="needs ../shared/reports; tests/quantize/model has its twins")
@pytest.mark.parametrize("name", ["poc_film_bias", "poc_film_gain", "poc_film_hidden"])
def test_a_model_that_would_overflow_is_refused_by_the_engine_in_words(name: str) -> None:
    from gritspace.quantize.cycles.estimate import estimate_cycles
    from gritspace.quantize.model.c_engine import Engine

    blob = (REPORTS / f"{name}.grit").read_bytes()
    for refuse in (lambda: Engine(blob), lambda: estimate_cycles(from_bytes(blob))):
        with pytest.raises(InputError, match="could overflow an accumulator"):
            refuse()
