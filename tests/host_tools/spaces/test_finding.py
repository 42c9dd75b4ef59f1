"""`gritspace match` and `gritspace devices --similar` as a user runs them, with small networks for trained ones."""

import json

import numpy as np
import pytest
import torch

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.spaces.finding import match_recording
from gritspace.quantize.firmware_sources import SPACES
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.matching.contrastive import EffectsEncoder, EffectsEncoderConfig, save_encoder
from gritspace.train.matching.matching import KNOWN, VERSION, load_matcher, save_matcher, train_matcher
from gritspace.train.space import enroll
from tests.conftest import tones


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """A cache folder with a hasty matcher in it."""
    folder = tmp_path_factory.mktemp("cache")
    (folder / "gritspace").mkdir()
    save_matcher(train_matcher(clips=8, steps=10), folder / "gritspace" / f"matcher-{VERSION}.pt")
    return folder


@pytest.fixture(scope="module")
def wet(tmp_path_factory):
    path = tmp_path_factory.mktemp("wet") / "wet.wav"
    write_audio(path, CIRCUITS[0].render(tones(36_000)[None], np.array([[0.9, 0.5]], np.float32))[0])
    return path


def test_a_match_becomes_a_preset_for_a_space(cache, wet, space_file, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setattr(enroll, "SEARCH_STEPS", 2)  # how good the position is, is enroll's own tests' question
    monkeypatch.setattr(enroll, "STEPS", 2)
    out = tmp_path / "preset.json"
    values = match_recording(wet, out, space_file, None, place=3)
    best = values["matches"][0]
    assert set(best["knobs"]) == set(next(d.knobs for d in KNOWN if d.name == best["device"]))
    assert sum(match["chance"] for match in values["matches"]) == pytest.approx(1, abs=1e-4)
    preset = json.loads(out.read_text())["presets"][0]
    assert preset["place"] == 3
    assert list(preset["played"].values()) == pytest.approx(values["preset"]["position"][:4])


@pytest.mark.parametrize("what", ["silent", "no json", "no space"])
def test_what_cannot_be_matched_is_told_and_nothing_written(gritspace, cache, wet, tmp_path, what):
    arguments = [wet]
    if what == "silent":
        arguments = [tmp_path / "quiet.wav"]
        write_audio(arguments[0], np.zeros(48_000))
    elif what == "no json":
        arguments += ["--space", tmp_path / "none.pt", "-o", tmp_path / "preset.wav"]
    else:
        arguments += ["--space", tmp_path / "none.pt", "-o", tmp_path / "preset.json"]
    before = sorted(tmp_path.iterdir())
    said = gritspace("match", *arguments, XDG_CACHE_HOME=str(cache))
    assert said.returncode == 2
    assert len(said.stderr.strip().splitlines()) == 1
    assert {"silent": "silence", "no json": ".json", "no space": "none.pt"}[what] in said.stderr
    assert sorted(tmp_path.iterdir()) == before


def test_devices_are_listed_by_likeness_to_a_recording(gritspace, wet, tmp_path):
    torch.manual_seed(0)
    save_encoder(EffectsEncoder(EffectsEncoderConfig(channels=8, size=8)), tmp_path / "e.pt", ["MIT"])
    said = gritspace("devices", "--similar", wet, "--encoder", tmp_path / "e.pt", "--json")
    assert said.returncode == 0, said.stderr
    near = json.loads(said.stdout)["similar"]
    assert len(near) == 10
    assert [one["likeness"] for one in near] == sorted((one["likeness"] for one in near), reverse=True)


@pytest.mark.skipif(not (SPACES / "matcher.pt").is_file(), reason="no matcher is shipped: run `make matcher`")
def test_the_shipped_matcher_knows_every_circuit_and_what_is_clean() -> None:
    matcher = load_matcher(SPACES / "matcher.pt")
    assert matcher.names == tuple(device.name for device in KNOWN), "run: make matcher"
    dry = riff(4.0)
    best, second = matcher.match(dry)[:2]
    assert (best.device, best.knobs) == ("clean", {})
    assert best.chance > 2 * second.chance
    fuzz = next(device for device in CIRCUITS if device.name == "big_muff")
    assert matcher.match(fuzz.render(dry[None], np.array([[0.9, 0.5]], np.float32))[0])[0].device == "big_muff"
