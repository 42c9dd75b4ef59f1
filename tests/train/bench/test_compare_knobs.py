import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from gritspace.train.audio.signals import synthetic
from gritspace.train.bench import compare_knobs
from gritspace.train.space.data import renders


class Pedal:
    name, knobs, kind, licence = "pedal", ("drive",), "capture", "MIT"

    def render(self, dry: np.ndarray, settings: np.ndarray) -> np.ndarray:
        return np.tanh(dry * (1 + 9 * settings)).astype(np.float32)


def test_each_weight_is_a_row_and_a_space_that_is_there_is_not_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "a.wav", synthetic(3.0, 0), 48_000)
    tiny = replace(compare_knobs.CONFIG, channels=4, kernel_sizes=(3, 3), dilations=(1, 2), seconds_per_setting=0.5)
    tiny = replace(tiny, validation_seconds=0.2, view_frames=4096, batch_settings=2, encoder_channels=4, mels=16)
    monkeypatch.setattr(compare_knobs, "CONFIG", tiny)
    for name in ("DRY_SECONDS", "ALL_CHECKS_SECONDS"):
        monkeypatch.setattr(compare_knobs, name, 3.0)
    monkeypatch.setattr(compare_knobs, "find_devices", lambda _: [Pedal()])
    monkeypatch.setattr(compare_knobs, "default_folder", lambda: tmp_path / "renders")
    assert renders.default_folder() != tmp_path / "renders"
    arguments = ["compare", "--captures", ".", "--audio", str(tmp_path / "a.wav"), "--steps", "6"]
    monkeypatch.setattr(sys, "argv", [*arguments, "--out", str(tmp_path / "out")])
    compare_knobs.main()
    first = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| 0")]
    assert [line.split(" | ")[0] for line in first] == ["| 0", "| 0.3"]
    assert len(list((tmp_path / "out").glob("*.pt"))) == 2
    monkeypatch.setattr(compare_knobs, "train_space", lambda *_, **__: pytest.fail("both are there"))
    compare_knobs.main()
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("| 0")] == first
