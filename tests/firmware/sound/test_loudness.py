"""How loud models and presets are: against published figures, and heard behind the module's whole path."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import lfilter

from gritspace.host_tools.module import memory, presets_match
from gritspace.host_tools.module.simulator import Simulator
from gritspace.host_tools.sound import loudness
from gritspace.host_tools.sound.level_trim import stated_trim, trimmed, with_trim
from gritspace.quantize.model.grit import from_bytes, read_grit, to_bytes
from gritspace.train.errors import InputError
from tests.conftest import Cli
from tests.firmware.host.rig import Rig
from tests.firmware.sound.test_playing import MIDDLE, OTHER, play, preset, pulse
from tests.places import ROOT

SPACE = read_grit(ROOT / "spaces" / "openamp.grit")
PLACES = ((-12000, 4000, 0, 9000), (0, 0, 0, 0), (20000, -9000, 5000, -16000))


def sine_lufs(hz: float, peak_dbfs: float, seconds: float = 5.0) -> float:
    return loudness.lufs(10 ** (peak_dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(int(48000 * seconds)) / 48000))


def published_lufs(sound: NDArray[np.float64]) -> float:
    """ITU-R BS.1770-4, annex 1, one channel: its coefficients at 48 kHz, blocks of 0.4 s, both gates."""
    shelf = ([1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585])
    highpass = ([1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621])
    weighted = lfilter(*highpass, lfilter(*shelf, sound))
    powers = np.array([np.mean(weighted[at : at + 19200] ** 2) for at in range(0, len(sound) - 19199, 4800)])
    heard = powers[-0.691 + 10 * np.log10(powers + 1e-30) > -70]
    gate = -0.691 + 10 * np.log10(heard.mean()) - 10
    return float(-0.691 + 10 * np.log10(heard[-0.691 + 10 * np.log10(heard) > gate].mean()))


def test_loudness_is_that_of_the_recommendation() -> None:
    assert sine_lufs(997, 0.0) == pytest.approx(-3.01, abs=0.05)  # BS.1770-4, annex 1
    assert sine_lufs(1000, -20.0) == pytest.approx(-23.0, abs=0.1)  # EBU Tech 3341, case 1, in one channel
    assert loudness.lufs(np.zeros(48000)) == -np.inf
    phrase = loudness.phrase() / 32768.0
    assert loudness.lufs(phrase) == pytest.approx(published_lufs(phrase), abs=0.05)


def test_a_level_brings_a_loudness_to_the_target_as_far_as_levels_go() -> None:
    assert loudness.level_for(-18.0) == 4096
    assert loudness.level_for(-12.0, -18.0) == round(4096 * 10**-0.3)
    assert loudness.level_for(-80.0) == 32767
    assert loudness.level_for(-np.inf) == 4096


def test_a_trim_travels_in_the_models_header_and_makes_models_equally_loud() -> None:
    for model in (SPACE, OTHER):  # a real space, and a toy
        made, measured = trimmed(model)
        again = from_bytes(to_bytes(made))
        assert again.trim_q12 == made.trim_q12 > 0
        assert measured + loudness.level_db(again.trim_q12) == pytest.approx(-18.0, abs=0.02)
    assert from_bytes(to_bytes(replace(OTHER, trim_q12=0))).trim_q12 == 0


def test_a_loudness_that_a_nam_file_states_can_be_the_trim() -> None:
    stated = replace(OTHER, metadata={"loudness": -26.4, "input_level_dbu": 14.8})
    made, levels = with_trim(stated, "stated", "a.nam")
    assert loudness.level_db(made.trim_q12) == pytest.approx(8.4, abs=0.01)
    assert levels["stated"] == {"loudness": -26.4, "input_level_dbu": 14.8}
    assert stated_trim(replace(OTHER, metadata={"loudness": "loud"})) is None
    with pytest.raises(InputError, match=r"a\.nam: it does not state its loudness"):
        with_trim(OTHER, "stated", "a.nam")


def heard_lufs(rig: Rig) -> float:
    """The next preset is chosen by gate; then the phrase goes in at the jack, and what comes out is measured."""
    play(rig.module, 400, gate=pulse(10))
    blocks = len(loudness.phrase()) // 48
    out, _ = play(rig.module, blocks, MIDDLE, audio=loudness.phrase()[: 48 * blocks])
    return published_lufs(out / 32768.0)


def test_matched_presets_are_equally_loud_behind_the_whole_path(rig: Rig, gritspace: Cli) -> None:
    """Two models at other levels; measured by another program than ours."""
    with rig.client() as client:
        memory.upload(client, to_bytes(OTHER))
        memory.put_preset(client, preset(0, PLACES[0], level=900))
        memory.put_preset(client, preset(1, PLACES[0], model=1, level=30000))
    with rig.port() as port:
        result = gritspace("presets", "match", "--port", port, "--target", "-20", "--json")
    assert result.returncode == 0, result.stderr
    values = json.loads(result.stdout)
    assert [one["place"] for one in values["presets"]] == [1, 2]
    assert max(abs(one["level"] / one["before_level"]) for one in values["presets"]) > 1.4
    for _ in values["presets"]:
        assert abs(heard_lufs(rig) + 20) <= presets_match.TOLERANCE_LU


def test_a_preset_out_of_reach_or_silent_is_said() -> None:
    quiet = preset(0, PLACES[1], level=77)
    reached, told = presets_match.matched(quiet, "quiet", -40.0, -18.0)
    assert (reached.level_q12, told.matched_lufs, told.good) == (32767, pytest.approx(-21.94, abs=0.01), False)
    kept, told = presets_match.matched(quiet, "silent", -np.inf, -18.0)
    assert (kept, told.loudness_lufs, told.good) == (quiet, None, False)
    assert not presets_match.as_values([told])["good"]


def test_a_model_is_heard_at_its_trim_from_the_start(rig: Rig) -> None:
    made, _ = trimmed(OTHER)
    rig.blob = to_bytes(made)
    rig.boot()
    play(rig.module, 200, MIDDLE)
    out, _ = play(rig.module, len(loudness.phrase()) // 48, MIDDLE, audio=loudness.phrase())
    assert published_lufs(out / 32768.0) == pytest.approx(-18.0, abs=0.5)


def test_presets_are_matched_on_the_simulated_module(image: Path, gritspace: Cli, tmp_path: Path) -> None:
    from gritspace.host_tools.link.client import Module

    with Simulator(image, flash=tmp_path / "flash.bin") as simulator:
        with Module(simulator.port) as client:
            for index in range(2):
                memory.put_preset(client, preset(index, PLACES[2 * index], level=500))
            dry = presets_match.match(client, -18.0, lambda done, of, words: None, dry=True)
            assert [p.level_q12 for p in memory.get_presets(client) if p.used] == [500, 500]
        result = gritspace("presets", "match", "--port", simulator.port)
        assert result.returncode == 0, result.stderr + result.stdout
        assert result.stdout.count("-18.0 LUFS") == 2
        with Module(simulator.port) as client:
            levels = [p.level_q12 / memory.LEVEL_UNITY for p in memory.get_presets(client) if p.used]
        assert levels == [one.level for one in dry]
