"""`gritspace fit` end to end, on seconds of audio and seconds of time; and what it says to bad input."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.commands import model
from gritspace.host_tools.models.nam_files import nam_text
from gritspace.quantize.model.grit import read_grit
from gritspace.quantize.network.nam import read_nam
from gritspace.quantize.network.network import from_tcn
from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.errors import InputError
from gritspace.train.snapshot.snapshot import load_snapshot


def fit(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = "from gritspace.host_tools.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "fit", *map(str, arguments)], capture_output=True, text=True, timeout=300
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    dry = signals.synthetic(14, 6)
    write_audio(folder / "dry.wav", dry)
    write_audio(folder / "wet.wav", -np.concatenate([np.zeros(900, np.float32), 0.5 * np.tanh(3 * dry)]))
    write_audio(folder / "silent.wav", 0 * dry)
    write_audio(folder / "other.wav", signals.synthetic(14, 7))
    return folder


def test_a_recording_becomes_every_kind_of_file_and_a_picture(folder: Path) -> None:
    outs = [folder / f"pedal{suffix}" for suffix in (".pt", ".nam", ".grit")]
    options = [part for out in outs for part in ("-o", out)]
    result = fit("--dry", folder / "dry.wav", "--wet", folder / "wet.wav", *options, "--plot", folder / "pedal.png",
                 "--shape", "a2-lite", "--minutes", 0.07, "--json")  # fmt: skip
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["esr"] < 0.9
    assert any("upside down" in remark for remark in report["remarks"])
    late = re.search(r"wet\.wav was (\d+) frames .* late", " ".join(report["remarks"]))
    assert late is not None
    assert 884 <= int(late[1]) <= 903
    assert report["esr_integer"] == pytest.approx(report["esr"], rel=0.2)
    snapshot = load_snapshot(outs[0])
    (nam,) = read_nam(outs[1]).networks
    ours = from_tcn(snapshot.tcn)
    assert np.allclose(nam.arrays[0].head_weight, ours.arrays[0].head_weight)
    assert np.allclose(nam.arrays[0].layers[20].weight, ours.arrays[0].layers[20].weight)
    assert read_grit(outs[2]).position_count == 0
    assert (folder / "pedal.png").read_bytes().startswith(b"\x89PNG")
    assert not (folder / "pedal.pt.checkpoint").exists()
    model.quantize(outs[0], folder / "again.grit", None, "again", None, False)
    assert read_grit(folder / "again.grit").macs_per_frame == read_grit(outs[2]).macs_per_frame
    assert json.loads(nam_text(outs[0], None))["weights"] == json.loads(outs[1].read_text())["weights"]
    with pytest.raises(InputError, match="has no position"):
        nam_text(outs[0], "0,0")


def test_several_clips_of_one_setting_become_one_model_with_an_interval(folder: Path) -> None:
    for number in (1, 2):
        dry = signals.synthetic(4.5, 20 + number)
        write_audio(folder / f"clip{number}.wav", dry)
        write_audio(folder / f"clip{number}_wet.wav", 0.5 * np.tanh(3 * dry))
    pairs = [x for n in (1, 2) for x in ("--dry", folder / f"clip{n}.wav", "--wet", folder / f"clip{n}_wet.wav")]
    result = fit(*pairs, "-o", folder / "clips.pt", "--shape", "a2-lite", "--minutes", 0.05, "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["recording"]["seconds"] == pytest.approx(9, abs=0.1)
    assert report["recording"]["delay_frames"] == 0
    held = report["held_out"]
    assert held["clips"] >= 2
    assert held["esr_low"] < report["esr"] < held["esr_high"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["-o", "a.pt"], "--device"),
        (["--dry", "dry.wav", "-o", "a.pt"], "--wet is missing"),
        (["--dry", "dry.wav", "--wet", "none.wav", "-o", "a.pt"], "none.wav: there is no such file"),
        (["--dry", "dry.wav", "--wet", "silent.wav", "-o", "a.pt"], "silent"),
        (["--dry", "dry.wav", "--wet", "other.wav", "-o", "a.pt"], "does not seem to be what was played"),
        (["--dry", "dry.wav", "--dry", "other.wav", "--wet", "wet.wav", "-o", "a.pt"], "in pairs"),
        (
            [
                "--dry",
                "dry.wav",
                "--dry",
                "other.wav",
                "--wet",
                "wet.wav@gain=0.2",
                "--wet",
                "wet.wav@gain=1",
                "-o",
                "a.pt",
            ],
            "give --dry once",
        ),
        (["--dry", "dry.wav", "--wet", "wet.wav", "-o", "a.wav"], ".grit"),
        (["--dry", "dry.wav", "--wet", "wet.wav", "-o", "none/a.pt"], "does not exist"),
        (["--dry", "dry.wav", "--wet", "wet.wav", "-o", "a.pt", "--shape", "a9"], "a2-lite"),
        (["--device", "nobody", "-o", "a.pt"], "no device has this name"),
    ],
)
def test_bad_input_meets_one_sentence_and_writes_nothing(
    folder: Path, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from gritspace.host_tools import cli

    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    monkeypatch.setattr(sys, "argv", ["gritspace", "fit", *arguments, "--json"])
    with pytest.raises(SystemExit) as leaving:
        cli.main()
    assert leaving.value.code == 2
    said = " ".join(capsys.readouterr().err.split())
    assert words in said
    assert sorted(folder.iterdir()) == before
