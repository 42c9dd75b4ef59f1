"""Fitting snapshots: it learns, it goes on after any interruption, and it never gives weights that are no numbers."""

from __future__ import annotations

import itertools
import math
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gritspace.train.audio import signals
from gritspace.train.audio.segments import Segments
from gritspace.train.errors import InputError
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.snapshot import descent
from gritspace.train.snapshot.fit import FitConfig, FitResult, SnapshotFit
from gritspace.train.snapshot.loss import SnapshotLoss
from gritspace.train.snapshot.snapshot import SHAPES, Snapshot, fresh, load_snapshot, rescale, save_snapshot

Audio = NDArray[np.float32]

TINY = TcnConfig((LayerArrayConfig(4, (3, 3, 3, 3), (1, 3, 9, 27), "leaky_relu", head_kernel_size=4),))
QUICK = FitConfig(shape="tiny", steps=300, batch=4, segment_frames=1024)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHAPES, "tiny", TINY)
    torch.set_num_threads(1)


def clipped(dry: Audio) -> Audio:
    return np.float32(3) * np.tanh(4 * (dry + 0.5 * np.concatenate([np.zeros(5, np.float32), dry[:-5]])))


DRY, HELD = signals.synthetic(6, 1), signals.synthetic(2, 2)


def fit_of(config: FitConfig = QUICK, checkpoint: Path | None = None, scale: float = 1.0) -> SnapshotFit:
    dry, held = DRY * np.float32(scale), HELD * np.float32(scale)
    return SnapshotFit(dry, clipped(DRY), held, clipped(HELD), config, checkpoint)


def esr(target: Audio, estimate: Audio, first: int) -> float:
    return float(np.square(target - estimate)[first:].sum() / np.square(target)[first:].sum())


def test_a_clipper_is_learnt_and_plays_as_measured_on_raw_audio() -> None:
    result = fit_of().run()
    assert result.esr < 0.03
    heard = Snapshot(result.tcn, "clipper").render_audio(HELD)
    assert esr(clipped(HELD), heard, TINY.receptive_field - 1) == pytest.approx(result.esr, rel=1e-3)
    assert min(check.esr for check in result.checks) == result.esr


def test_minutes_are_counted_by_the_clock_that_was_given() -> None:
    """Ten seconds a step: six of them are a minute, however busy the machine."""
    ticks = itertools.count(step=10)
    config = replace(QUICK, steps=0, minutes=1.0)
    fit = SnapshotFit(DRY, clipped(DRY), HELD, clipped(HELD), config, clock=lambda: float(next(ticks)))
    assert fit.run().steps == 6


def test_very_quiet_audio_is_learnt_as_well() -> None:
    assert fit_of(scale=1e-3).run().esr < 0.03


def bytes_of(result: FitResult) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in result.tcn.state_dict().items()}


def test_the_same_seed_learns_the_same_to_the_bit_and_another_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may hang on the clock: it asks for no measurement here, and on a busy machine it would at other steps."""
    monkeypatch.setattr("gritspace.train.snapshot.descent.CHECK_SECONDS", math.inf)
    first, second, other = (
        fit_of(FitConfig("tiny", steps=60, batch=2, segment_frames=512, seed=seed)).run() for seed in (0, 0, 1)
    )
    for result in (first, other):
        assert result.esr < 0.6 * result.checks[0].esr, "and it learns: the same nothing twice would prove little"
    assert bytes_of(first) == bytes_of(second)
    assert [(check.step, check.esr) for check in first.checks] == [(check.step, check.esr) for check in second.checks]
    assert bytes_of(first) != bytes_of(other)


def test_an_interrupted_fit_goes_on_where_it_was(tmp_path: Path) -> None:
    checkpoint = tmp_path / "fit.checkpoint"

    def interrupt(step: int, *rest: float) -> None:
        if step >= 60:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_of(checkpoint=checkpoint).run(interrupt)
    result = fit_of(checkpoint=checkpoint).run()
    assert result.resumed_at >= 60
    assert result.steps == 300
    assert result.esr < 0.05


KILLED = """
import sys, time
sys.path.insert(0, sys.argv[2])
from test_fit import SHAPES, TINY, QUICK, fit_of
from pathlib import Path
SHAPES["tiny"] = TINY

def progress(step, *rest):
    while step >= 250:  # it must not end before it is killed, however late that comes
        time.sleep(1)

fit_of(checkpoint=Path(sys.argv[1])).run(progress)
"""


def test_a_killed_fit_leaves_a_whole_checkpoint(tmp_path: Path) -> None:
    checkpoint = tmp_path / "fit.checkpoint"
    running = subprocess.Popen([sys.executable, "-c", KILLED, str(checkpoint), str(Path(__file__).parent)])
    while not checkpoint.exists() and running.poll() is None:
        time.sleep(0.01)
    running.kill()
    assert running.wait() == -signal.SIGKILL
    result = fit_of(checkpoint=checkpoint).run()
    assert 0 < result.resumed_at <= 250
    assert result.steps == 300


def test_a_loss_that_is_no_number_is_recovered_from_with_a_smaller_step(monkeypatch: pytest.MonkeyPatch) -> None:
    forward = SnapshotLoss.forward

    def spoilt(self: SnapshotLoss, target: torch.Tensor, estimate: torch.Tensor, step: int) -> tuple[torch.Tensor, ...]:
        loss, ratio = forward(self, target, estimate, step)
        return (loss * math.nan, ratio) if step == 70 else (loss, ratio)

    monkeypatch.setattr(SnapshotLoss, "forward", spoilt)
    result = fit_of().run()
    assert any("diverged at step 71" in remark for remark in result.remarks)
    assert result.esr < 0.05


def test_a_far_too_large_step_never_gives_weights_that_are_no_numbers() -> None:
    fit = fit_of(FitConfig("tiny", steps=60, batch=2, segment_frames=512, learning_rate=1e4))
    result = fit.run()
    assert all(bool(p.isfinite().all()) for p in result.tcn.parameters())
    assert math.isfinite(result.esr)


def test_a_good_enough_error_ends_the_fit_early() -> None:
    result = fit_of(FitConfig("tiny", steps=150, batch=4, segment_frames=1024, target_esr=0.2)).run()
    assert result.steps < 150
    assert any("good enough" in remark for remark in result.remarks)


def test_a_damaged_or_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    checkpoint = tmp_path / "fit.checkpoint"
    checkpoint.write_bytes(b"nonsense")
    with pytest.raises(InputError, match=r"fit\.checkpoint"):
        fit_of(checkpoint=checkpoint)
    checkpoint.unlink()
    with pytest.raises(KeyboardInterrupt):
        fit_of(checkpoint=checkpoint).run(lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(InputError, match="other audio"):
        fit_of(checkpoint=checkpoint, scale=0.5)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda x: np.where(np.arange(len(x)) == 99, np.float32(np.nan), x), "not finite"),
        (lambda x: np.where(np.arange(len(x)) == 99, np.float32(np.inf), x), "not finite"),
        (lambda x: 0 * x, "silent"),
        (lambda x: x[:500], "too little"),
    ],
)
def test_audio_that_cannot_be_learnt_from_is_refused(spoil: object, words: str) -> None:
    dry = spoil(DRY)  # type: ignore[operator]
    with pytest.raises(InputError, match=words):
        SnapshotFit(dry, clipped(DRY)[: len(dry)], HELD, clipped(HELD), QUICK)


def test_rescaling_moves_levels_from_the_audio_into_the_weights() -> None:
    torch.manual_seed(0)
    tcn, dry = fresh(TINY), torch.randn(2, 400)
    expected = tcn(dry * 7.0) / 0.3
    rescale(tcn, 7.0, 0.3)
    assert torch.allclose(tcn(dry), expected, rtol=1e-4, atol=1e-5)


def test_a_snapshot_comes_back_from_its_file_and_damage_is_named(tmp_path: Path) -> None:
    snapshot = Snapshot(fresh(TINY), "box", "MIT", {"esr": 0.01})
    path = tmp_path / "box.pt"
    save_snapshot(snapshot, path)
    again = load_snapshot(path)
    assert (again.name, again.licence, again.facts) == ("box", "MIT", {"esr": 0.01})
    assert np.array_equal(again.render_audio(HELD), snapshot.render_audio(HELD))
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match=r"box\.pt"):
        load_snapshot(path)
    with torch.no_grad():
        next(snapshot.tcn.parameters()).fill_(math.nan)
    with pytest.raises(ValueError, match="not finite"):
        save_snapshot(snapshot, tmp_path / "nan.pt")
    assert not (tmp_path / "nan.pt").exists()


def test_segments_are_pieces_of_the_recording_told_by_seed_and_step_alone() -> None:
    dry, wet = torch.arange(5000.0), -torch.arange(5000.0)
    segments = Segments(dry, wet, lead_in=30, frames=100, seed=4)
    first, target = segments.draw(17, 6)
    assert torch.equal(first[:, 30:], -target)
    assert torch.equal(first.diff(dim=1), torch.ones(6, 129))
    assert torch.equal(Segments(dry, wet, 30, 100, 4).draw(17, 6)[0], first)
    assert not torch.equal(segments.draw(18, 6)[0], first)
    with pytest.raises(ValueError, match="no pair"):
        Segments(dry[:120], wet[:120], 30, 100, 4)


def test_the_spectral_distance_is_zero_only_where_spectra_agree_and_grows_with_what_differs() -> None:
    loss, audio = SnapshotLoss(1.0, 1.0), torch.from_numpy(HELD[None, :8192]) * 8
    assert float(loss.spectral(audio, audio, 1024)) < 1e-5
    near, far = (float(loss.spectral(audio, audio * gain, 1024)) for gain in (0.9, 0.5))
    assert near < far
    ideal = math.log(2) + 0.5  # every bin half as large: ln 2, and half of the norm; less where next to nothing is
    assert 0.8 * ideal < far < 1.01 * ideal


def test_patience_is_counted_in_checks_and_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SnapshotFit, "held_out_esr", lambda self, weights: 0.5)
    result = fit_of(FitConfig("tiny", steps=150, batch=1, segment_frames=256)).run()
    share = descent.PATIENCE_SHARE
    assert share * 150 < result.steps < (share + 0.1) * 150
    assert any("nothing got better" in remark for remark in result.remarks)
