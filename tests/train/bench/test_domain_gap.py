"""The domain gap's table: what an interface does is undone as far as it can be, a known place is told from a guess."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from scipy.signal import lfilter

from gritspace.train.audio.signals import synthetic
from gritspace.train.bench import domain_gap
from gritspace.train.bench.domain_gap import Row, as_table, read_back, row_of, through_interface
from gritspace.train.space import enroll
from gritspace.train.space.space import load_space

DRY = synthetic(2.5, 21)
WET = np.tanh(4 * DRY).astype(np.float32)


def test_an_interface_delays_turns_over_and_adds_a_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain_gap, "CLOCK_PPM", (0.0, 0.0))
    seen = set()
    for seed in range(6):
        heard, subtype = through_interface(WET, np.random.default_rng(seed))
        across = np.fft.irfft(np.fft.rfft(heard, 1 << 19) * np.fft.rfft(WET, 1 << 19).conj())
        at = int(np.abs(across).argmax())
        sign = int(np.sign(across[at]))
        assert domain_gap.DELAY_FRAMES[0] <= at < domain_gap.DELAY_FRAMES[1]
        assert 0.5 * 10 ** (-3 / 20) * 0.99 < np.abs(heard).max() < 0.5 * 10 ** (3 / 20) * 1.01
        floor = 20 * np.log10(heard[: at - 20].std())
        assert domain_gap.FLOOR_DBFS[0] - 3 < floor < domain_gap.FLOOR_DBFS[1] + 3
        seen |= {sign, subtype}
    assert seen == {-1, 1, "PCM_16", "PCM_24"}


def test_reading_it_back_leaves_little_but_the_floor(monkeypatch: pytest.MonkeyPatch) -> None:
    """But for the clock, which a few seconds are too short to tell: `test_recording` has that."""
    monkeypatch.setattr(domain_gap, "CLOCK_PPM", (0.0, 0.0))
    time = np.arange(120_000) / 48_000
    beats = np.exp(-6 * (time % 0.37)) * np.random.default_rng(1).normal(0, 0.1, len(time))
    played = np.clip(lfilter([0.2], [1, -0.8], beats), -1, 1).astype(np.float32)
    dry, wet = read_back(played, np.tanh(4 * played).astype(np.float32), np.random.default_rng(3))
    assert len(dry) == len(wet)
    truth = np.tanh(4 * dry)
    gain = float(np.dot(truth, wet) / np.dot(truth, truth))
    assert np.sum((wet - gain * truth) ** 2) / np.sum(wet**2) < 5e-3


def test_a_sound_of_the_space_itself_has_a_row_with_its_place(space_file: Path, monkeypatch) -> None:
    for name, steps in (("SEARCH_STEPS", 4), ("STEPS", 12), ("BATCH", 2)):
        monkeypatch.setattr(enroll, name, steps)
    space = load_space(space_file)
    place = [0.4, -0.2, 0.3, 0.1][: space.config.decoder.position_size]
    wet = space.render(torch.from_numpy(DRY)[None], torch.tensor([place]))[0].numpy()
    row = row_of(space, "rendered", "x", DRY, wet, place)
    assert row.position < 0.5 * row.guess
    assert row.off is not None
    assert row.off > 0
    assert row_of(space, "recording", "y", DRY, wet).off is None


def test_the_command_reads_recordings_and_gives_medians_by_domain(space_file, tmp_path, monkeypatch, capsys) -> None:
    for name in ("SEARCH_STEPS", "STEPS", "BATCH"):
        monkeypatch.setattr(enroll, name, 1)
    for name, audio in (("dry", DRY), ("wet", WET)):
        soundfile.write(tmp_path / f"{name}.wav", audio, 48_000)
    (tmp_path / "audio").mkdir()
    for i in range(12):
        soundfile.write(tmp_path / "audio" / f"note_{i}.wav", DRY[24_000 * (i % 3) :][:48_000], 48_000)
    files = [str(tmp_path / f"{name}.wav") for name in ("dry", "wet")]
    monkeypatch.setattr(domain_gap, "CLOCK_PPM", (0.0, 0.0))
    command = ["domain_gap", str(space_file), "--audio", str(tmp_path / "audio"), "--seconds", "4"]
    command += ["--device", "diode_clipper", "--stand-in", "tube_screamer", "--recording", *files]
    monkeypatch.setattr("sys.argv", command)
    domain_gap.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[:2] for line in lines[2:]] == [
        ["| wet", "recording"],
        ["| tube_screamer@drive=0.5,tone=0.5", "stand-in"],
        ["| diode_clipper@drive=0.8,tone=0.5", "rendered"],
        ["| diode_clipper@drive=0.8,tone=0.5", "interface"],
        *(["| **median of 1**", domain] for domain in domain_gap.DOMAINS),
    ]
    for wrong, said in (("diode_clipper", "the space knows it"), ("none", "no device is called none")):
        monkeypatch.setattr("sys.argv", [*command[:-3], "--stand-in", wrong])
        with pytest.raises(SystemExit):
            domain_gap.main()
        assert said in capsys.readouterr().err
    rows = [Row("rendered", str(i), 0.5, 0.1 * i, 0.2) for i in range(3)] + [Row("interface", "x", 0.9, 0.4)]
    assert list(as_table(rows))[-2:] == [
        "| **median of 3** | rendered | 0.500 | 0.100 | 0.200 |",
        "| **median of 1** | interface | 0.900 | 0.400 | - |",
    ]
