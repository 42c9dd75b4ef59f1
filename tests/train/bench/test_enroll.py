import sys
from pathlib import Path

import numpy as np
import pytest

from gritspace.train.audio.signals import synthetic
from gritspace.train.bench import enroll as bench_enroll
from gritspace.train.bench.enroll import Row, as_table, measured
from gritspace.train.space import enroll
from gritspace.train.space.space import load_space


class Clipper:
    name, knobs, kind, licence = "clipper", ("drive",), "circuit", "MIT"

    def render(self, dry: np.ndarray, settings: np.ndarray) -> np.ndarray:
        return np.tanh(dry * (1 + 9 * settings)).astype(np.float32)


def test_a_row_holds_every_way_on_the_same_test_audio(space_file: Path, monkeypatch) -> None:
    for name in ("SEARCH_STEPS", "STEPS", "REFINE_STEPS"):
        monkeypatch.setattr(enroll, name, 10)
    space, setting = load_space(space_file), np.array([0.5], np.float32)
    row = measured(space, "", Clipper(), setting, synthetic(3, 0), synthetic(1, 1), 0, None)
    assert (row.label, row.seconds, row.fitted) == ("clipper@drive=0.5", 3.0, None)
    assert 0 < row.position < 1.2
    assert row.refined < row.wet_only
    assert row.enroll_seconds > 0


def test_the_table_gives_medians_by_seconds_and_leaves_out_what_was_not_measured() -> None:
    rows = [Row(str(i), 5.0, 1.0, 0.9, 0.1 * i, 0.05, None if i else 0.2, 1, 1, "") for i in range(3)]
    rows.append(Row("x", 60.0, 1.0, 0.9, 0.3, 0.02, None, 1, 1, ""))
    lines = as_table(rows).splitlines()
    assert len(lines) == 2 + 4 + 2
    assert lines[-2] == "| **median of 3** | 5 | 1.000 | 0.900 | 0.100 | 0.050 | 0.200 |"
    assert lines[-1].endswith("| 0.300 | 0.020 | - |")


def test_a_space_that_knows_all_test_devices_gives_an_empty_table(
    space_file: Path, tmp_path, monkeypatch, capsys
) -> None:
    import soundfile

    soundfile.write(tmp_path / "a.wav", synthetic(2, 0), 48_000)
    monkeypatch.setattr(bench_enroll, "find_devices", lambda _: [])
    arguments = ["bench", str(space_file), "--captures", ".", "--audio", str(tmp_path / "a.wav")]
    monkeypatch.setattr(sys, "argv", [*arguments, "--out", str(tmp_path / "rows.json")])
    bench_enroll.main()
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert not (tmp_path / "rows.json").exists()


@pytest.mark.parametrize("seconds", ["5,x", ""])
def test_seconds_that_are_no_numbers_are_refused(space_file: Path, tmp_path, monkeypatch, seconds: str) -> None:
    arguments = ["bench", str(space_file), "--captures", ".", "--audio", str(space_file), "--seconds", seconds]
    monkeypatch.setattr(sys, "argv", [*arguments, "--out", str(tmp_path / "rows.json")])
    with pytest.raises(SystemExit) as caught:
        bench_enroll.main()
    assert caught.value.code == 2
