"""`gritspace enroll` as a user runs it: a preset that the module takes, a space that quantize takes, bad recordings."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from gritspace.host_tools.cli import app
from gritspace.host_tools.commands import space
from gritspace.host_tools.models.made_from import file_sha256
from gritspace.host_tools.models.model_files import model_from_space
from gritspace.host_tools.module import presets_file
from gritspace.train.audio.signals import synthetic
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.space import enroll as enrolling
from gritspace.train.space.space import load_space

MUFF = next(device for device in CIRCUITS if device.name == "big_muff")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dry.wav and what comes out of a Big Muff, late by 0.3 s, at another rate, softly."""
    path = tmp_path_factory.mktemp("recordings")
    dry = synthetic(5.0, 4)
    wet = MUFF.render(dry[None], np.full((1, 2), 0.5, np.float32))[0]
    soundfile.write(path / "dry.wav", dry, 48_000, subtype="FLOAT")
    late = np.concatenate([np.zeros(14_400, np.float32), 0.3 * wet / np.abs(wet).max()])
    soundfile.write(path / "wet.wav", late, 48_000, subtype="FLOAT")
    soundfile.write(path / "stereo.wav", np.stack([late, late[::-1]], 1), 48_000)
    soundfile.write(path / "silent.wav", np.zeros(240_000), 48_000)
    soundfile.write(path / "other.wav", synthetic(5.0, 99), 48_000)
    soundfile.write(path / "clipped.wav", np.clip(wet / np.abs(wet).max() * 40, -1, 1), 48_000)
    return path


def test_a_preset_comes_out_that_the_module_takes_and_a_space_that_quantize_takes(
    folder: Path, space_file: Path, model_file: Path, tmp_path: Path, monkeypatch, capsys
) -> None:
    for name in ("SEARCH_STEPS", "STEPS", "REFINE_STEPS"):
        monkeypatch.setattr(enrolling, name, 12)
    out = tmp_path / "muff.json"
    space.enroll(
        space_file,
        wet=folder / "wet.wav",
        out=out,
        dry=folder / "dry.wav",
        refine=True,
        model=model_file,
        place=3,
        json=True,
    )
    report = json.loads(capsys.readouterr().out)
    assert report["delay_frames"] == pytest.approx(14_400, abs=8)
    assert report["esr"] <= report["esr_of_guess"]
    assert report["files"] == [str(out), str(tmp_path / "muff.pt")]
    slot = SimpleNamespace(slot=1, state="good", sha256=file_sha256(model_file))
    _, presets = presets_file.parse(presets_file.read_file(out), [slot], 16, "muff.json")
    assert (presets[0].index, presets[0].model) == (2, 2)
    assert presets[0].played == tuple(round(x * 32768) for x in report["position"])
    refined = load_space(tmp_path / "muff.pt")
    assert list(refined.positions) == ["wet"]
    assert model_from_space(refined, tmp_path / "muff.pt", synthetic(2.0, 0)).position_count == 4


def test_without_dry_audio_the_guess_is_said_to_be_one(gritspace, folder: Path, space_file: Path, tmp_path) -> None:
    done = gritspace("enroll", space_file, "--wet", folder / "wet.wav", "-o", tmp_path / "p.json")
    assert done.returncode == 0, done.stderr
    assert "only the encoder's guess" in done.stdout
    assert "ESR" not in done.stdout
    assert json.loads((tmp_path / "p.json").read_text())["presets"][0]["model"] == "factory"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--dry", "dry.wav", "--wet", "stereo.wav"), "stereo.wav: its two channels differ"),
        (("--dry", "dry.wav", "--wet", "silent.wav"), "silent.wav: this is silence"),
        (("--dry", "dry.wav", "--wet", "other.wav"), "other.wav: this does not seem to be what was played"),
        (("--dry", "dry.wav", "--wet", "clipped.wav"), "of it is clipped"),
        (("--wet", "wet.wav", "--refine"), "give --dry too"),
        (("--wet", "nothing.wav"), "nothing.wav: there is no such file"),
    ],
)
def test_a_recording_that_is_of_no_use_is_named_and_nothing_is_written(
    folder: Path, space_file: Path, tmp_path: Path, monkeypatch, arguments: tuple[str, ...], reason: str
) -> None:
    monkeypatch.chdir(folder)
    done = CliRunner().invoke(app, ["enroll", str(space_file), *arguments, "-o", str(tmp_path / "p.json")])
    assert reason in str(done.exception)
    assert list(tmp_path.iterdir()) == []
