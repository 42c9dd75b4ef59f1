"""`gritspace fit` of a device with its knobs: end to end on seconds of audio, and what it says to bad input."""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from gritspace.host_tools import arguments, cli
from gritspace.host_tools.arguments import position_q15
from gritspace.host_tools.commands.model import Position
from gritspace.host_tools.hil.automation_file import read_automation
from gritspace.host_tools.inputs import Numbers, refuse_odd_numbers
from gritspace.host_tools.snapshots import knob_fitting
from gritspace.host_tools.sound.playing import play
from gritspace.quantize.model.grit import read_grit
from gritspace.train.audio import signals
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.audio.recording.recording import read_recording
from gritspace.train.errors import InputError
from gritspace.train.knobs.knob_model import KNOB_SHAPES, load_knob_model
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    monkeypatch.setattr(sys, "argv", ["gritspace", "fit", *map(str, words)])
    monkeypatch.setattr(arguments, "SHORTEST_TO_LEARN_SECONDS", 3.0)
    with pytest.raises(SystemExit) as leaving:
        cli.main()
    printed = capsys.readouterr()
    return int(leaving.value.code or 0), printed.out, " ".join(printed.err.split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three settings of one gain, through one interface, 600 frames late; shorter than anybody would record."""
    folder = tmp_path_factory.mktemp("pedal")
    dry = signals.synthetic(5, 6)
    write_audio(folder / "dry.wav", dry)
    for name, gain in (("low", 1), ("mid", 2), ("high", 4)):
        write_audio(folder / f"{name}.wav", np.concatenate([np.zeros(600, np.float32), 0.5 * np.tanh(gain * dry)]))
    return folder


def test_recordings_at_settings_become_a_model_with_the_devices_knobs(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(KNOB_SHAPES, "knobs", TcnConfig((LayerArrayConfig(4, (3, 3), (1, 3), "tanh"),), 1, 6))
    monkeypatch.setattr(knob_fitting, "read_recording", partial(read_recording, shortest_seconds=3.0))
    monkeypatch.chdir(folder)
    torch.set_num_threads(1)
    code, out, err = said(
        monkeypatch, capsys, "--dry", "dry.wav", "--wet", "low.wav@gain=0", "--wet", "high.wav@gain=1",
        "--between", "mid.wav@gain=0.5", "-o", "pedal.grit", "-o", "pedal.pt", "--report", "pedal.html",
        "--minutes", "0.05", "--json",
    )  # fmt: skip
    assert code == 0, err
    report = json.loads(out)
    assert report["knobs"] == ["gain"]
    assert any("low.wav was" in remark and "late" in remark for remark in report["remarks"])
    assert [row["setting"] for row in (*report["settings"], *report["between"])] == [
        {"gain": 0},
        {"gain": 1},
        {"gain": 0.5},
    ]
    assert report["esr_between_integer"] == pytest.approx(report["esr_between"], rel=0.3)
    page = (folder / "pedal.html").read_text()
    assert "gain 5" in page
    assert "not learnt from" in page
    model = read_grit(folder / "pedal.grit")
    assert model.knob_names == ("gain",)
    assert model.position_count == 1
    heard = signals.synthetic(1, 9)
    ours = load_knob_model(folder / "pedal.pt").render_audio(heard, (0.8,))
    integers = play(model, heard, position_q15("gain=0.8", model), "c")
    refuse_odd_numbers("gain=0.8", next(one for one in get_args(Position) if isinstance(one, Numbers)))
    assert np.square(integers - ours).sum() < 1e-3 * np.square(ours).sum()
    with pytest.raises(InputError, match="no knob 'drive'; its knobs: gain"):
        position_q15("drive=1", model)
    with pytest.raises(InputError, match="from 0 to 1"):
        position_q15("gain=1.5", model)
    (folder / "turn.csv").write_text("time,control,value\n0,gain,0\n1,gain,0.75\n")
    moves = read_automation(folder / "turn.csv", 1, model.knob_names)
    assert [(move.dimension, move.value, move.knob) for move in moves] == [(0, -1.0, False), (0, 0.5, False)]


def test_a_plan_without_recordings_says_with_which_settings_to_begin(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(monkeypatch, capsys, "--plan", "--knob", "gain", "--knob", "tone", "--json")
    assert code == 0
    assert len(json.loads(out)["next"]) == 9
    assert said(monkeypatch, capsys, "--plan", "--knob", "gain", "--settings", "3")[1].startswith("record gain=0\n")


TWO = ["--dry", "dry.wav", "--wet", "low.wav@gain=0", "--wet", "high.wav@gain=1"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--dry", "dry.wav", "--wet", "low.wav@gain=0", "-o", "a.grit"], "'gain' stands at the same place"),
        (["--dry", "dry.wav", "--wet", "low.wav", "--wet", "high.wav", "-o", "a.grit"], "where the knobs stood"),
        ([*TWO, "--wet", "mid.wav@gain=1", "-o", "a.grit"], "of the same setting"),
        ([*TWO, "--wet", "mid.wav@tone=1", "-o", "a.grit"], "does not say where 'gain' stood"),
        ([*TWO, "--wet", "mid.wav@gain=7", "-o", "a.grit"], "V from 0 to 1"),
        ([*TWO, "--wet", "none.wav@gain=0.5", "-o", "a.grit"], "none.wav: there is no such file"),
        ([*TWO, "--between", "mid.wav@gain=0", "-o", "a.grit"], "of the same setting"),
        ([*TWO, "-o", "a.nam"], "a .nam has none"),
        ([*TWO, "-o", "a.grit", "--plot", "a.png"], "--report"),
        ([*TWO, "-o", "a.grit", "--shape", "a2-lite"], "no model with knobs has this shape"),
        ([*TWO], "-o is missing"),
        ([*TWO, "--plan", "-o", "a.grit"], "--plan writes nothing"),
        ([*TWO, "--plan"], "too few"),
        (["--wet", "low.wav@gain=0", "-o", "a.grit"], "--dry is missing"),
        ([*TWO, "--device", "rat", "-o", "a.grit"], "either a recording"),
        (["--plan"], "name 1 to 4 knobs"),
        (["--plan", "--knob", "gain=1"], "a knob's name alone"),
        (["--plan", "--device", "rat", "--knob", "nope"], "leave --knob out"),
        ([*TWO, "--wet", "mid.wav@gain=nan", "-o", "a.grit"], "V from 0 to 1"),
        (["--device", "rat", "-o", "a.nam"], "a .nam has none"),
    ],
)
def test_bad_input_meets_one_sentence_and_writes_nothing(
    folder: Path, arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    code, _, err = said(monkeypatch, capsys, *arguments)
    assert code == 2
    assert words in err
    assert sorted(folder.iterdir()) == before
