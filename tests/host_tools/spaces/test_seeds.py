"""Brief trainings from several seeds: a column each, what misses its aim is marked, what is there is not made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from gritspace.host_tools.spaces import box, seeds
from gritspace.train.audio.signals import synthetic
from gritspace.train.space.space import load_space

CONFIG = """
steps = 2
settings_between = 1
seconds_per_setting = 0.5
validation_seconds = 0.4
equally_loud = true
batch_settings = 2
start = "attributes"
channels = 2
kernel_sizes = [3]
dilations = [1]
film_hidden = 4
threads = 1
"""
SHIPPED = Path(__file__).parents[3] / "spaces" / "circuits.json"


def test_a_column_marks_what_the_shipped_space_misses_and_nothing_else() -> None:
    report = json.loads(SHIPPED.read_text())
    report["box"] |= {"dc_dbfs": -60.1, "cross_talk": 0.26, "edges_monotone": 7}
    report["box"]["turn_lu"] = {"median": 2.9, "max": 3.1}
    text = seeds.table({1: report}).splitlines()
    assert text[0] == "| | aim | seed 1 |"
    cells = {line.split(" | ")[0].strip("| "): line.split(" | ")[2].rstrip(" |") for line in text[2:]}
    assert cells["silence in, worst of 1,000 places and the corners, dBFS"] == "-60.1"
    assert cells["loudness over one turn, median, LU"] == "2.9"
    assert cells["the most"] == "**3.1**"
    assert cells["cross-talk of turns"] == "**0.26**"
    assert cells["edges along which drive does not rise"] == "**1**"
    assert cells["signal over grain, dB"] == f"**{report['grain_db']:.1f}**"
    assert cells["without the module's hush"] == f"{report['box']['thump_before_hush_dbfs']:.1f}", "that has no aim"


def test_two_seeds_are_trained_held_and_measured_and_a_second_time_only_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("RANDOM_PLACES", 5), ("TURNS_FROM", 2), ("TURN_PLACES", 3), ("EDGE_PLACES", 3)):
        monkeypatch.setattr(box, name, value)
    monkeypatch.setattr(box, "SPREAD_PLACES", 8)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(seeds, "CLIP_SECONDS", 0.5)
    (tmp_path / "audio").mkdir()
    notes = synthetic(6.0, 3)
    for i in range(12):
        soundfile.write(tmp_path / "audio" / f"note_{i}.wav", notes[24_000 * i :][:24_000], 48_000)
    (tmp_path / "brief.toml").write_text(CONFIG)
    command = [str(tmp_path / "out"), "--config", str(tmp_path / "brief.toml"), "--audio", str(tmp_path / "audio")]
    command += ["--device", "rat", "--device", "diode_clipper"]
    seeds.main(command)
    told = capsys.readouterr()
    assert told.out.startswith("| | aim | seed 1 | seed 2 |\n")
    assert told.err.count("ms of a processor a step") == 2
    spaces = [load_space(tmp_path / "out" / f"seed-{seed}.pt") for seed in (1, 2)]
    assert all(space.held for space in spaces)
    assert spaces[0].positions != spaces[1].positions
    monkeypatch.setattr(seeds, "trained", None)
    monkeypatch.setattr(seeds, "measured", None)
    seeds.main([*command, "--seed", "2"])
    again = capsys.readouterr().out.splitlines()
    column = [line.rstrip(" |").rsplit(" | ", 1)[1] for line in told.out.splitlines()[2:]]
    assert [line.rstrip(" |").rsplit(" | ", 1)[1] for line in again[2:]] == column
