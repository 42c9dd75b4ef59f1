"""The whole training, at a size of seconds: it learns, resumes, works in several processes, stops on trouble."""

import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gritspace.train.audio.signals import synthetic
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.devices.device import Audio, Settings
from gritspace.train.errors import InputError
from gritspace.train.processes import Processes
from gritspace.train.space import checkpoint
from gritspace.train.space.config import TrainConfig, read_config
from gritspace.train.space.data import pairs
from gritspace.train.space.measures.evaluate import held_out_esr
from gritspace.train.space.space import load_space
from gritspace.train.space.steps import Training, fresh_space
from gritspace.train.space.train import train_space
from tests.places import ROOT


class Shaper:
    """A device quick enough for tests: tanh, harder with its knob."""

    kind, licence, knobs = "circuit", "MIT", ("drive",)

    def __init__(self, name: str = "shaper", gain: float = 8.0) -> None:
        self.name, self.gain = name, gain

    def render(self, dry: Audio, settings: Settings) -> Audio:
        return np.tanh(dry * (1 + self.gain * settings)).astype(np.float32) * 0.5


DRY = synthetic(12.0, 0)
TINY = TrainConfig(
    steps=24,
    seconds_per_setting=0.5,
    validation_seconds=0.2,
    batch_settings=4,
    view_frames=4096,
    channels=4,
    kernel_sizes=(3, 3),
    dilations=(1, 2),
    film_hidden=4,
    mels=16,
    encoder_channels=4,
    threads=1,
    checkpoint_seconds=0.0,
)


class Killed(Exception):
    pass


def weights(path: Path) -> dict[str, torch.Tensor]:
    return load_space(path).state_dict()


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("last_step", [3, 12, 20])
def test_a_training_interrupted_anywhere_ends_with_the_very_same_space(tmp_path: Path, last_step: int) -> None:
    whole = train_space([Shaper()], DRY, TINY, tmp_path / "whole.pt")

    def interrupt(step: int, *_: float) -> None:
        if step == last_step:
            raise Killed

    with pytest.raises(Killed):
        train_space([Shaper()], DRY, TINY, tmp_path / "two.pt", progress=interrupt)
    assert not (tmp_path / "two.pt").exists()
    report = train_space([Shaper()], DRY, TINY, tmp_path / "two.pt")
    assert report.resumed_at == last_step - 1  # the checkpoint of the step before
    assert same(weights(tmp_path / "whole.pt"), weights(tmp_path / "two.pt"))
    assert report.held_out.devices == whole.held_out.devices
    assert sorted(p.name for p in tmp_path.iterdir()) == ["two.pt", "whole.pt"]


def test_a_training_that_is_lengthened_goes_on_from_before_its_rates_fell(tmp_path: Path) -> None:
    steady = replace(TINY, start="attributes", decay=0.25)
    train_space([Shaper()], DRY, replace(steady, steps=32), tmp_path / "whole.pt")
    train_space([Shaper()], DRY, replace(steady, steps=20), tmp_path / "grown.pt")
    short = weights(tmp_path / "grown.pt")

    def interrupt(step: int, *_: float) -> None:
        if step == 18:
            raise Killed

    for expected, meanwhile in ((15, interrupt), (17, None)):  # rates fell over the last five of twenty steps
        try:
            report = train_space([Shaper()], DRY, replace(steady, steps=32), tmp_path / "grown.pt", progress=meanwhile)
        except Killed:
            continue
        assert report.resumed_at == expected
    assert same(weights(tmp_path / "whole.pt"), weights(tmp_path / "grown.pt"))
    assert not same(short, weights(tmp_path / "grown.pt"))


def test_a_killed_process_leaves_a_checkpoint_that_another_goes_on_from(tmp_path: Path) -> None:
    out = tmp_path / "s.pt"
    code = (
        "from tests.train.space.test_train import *; import time\n"
        f"train_space([Shaper()], DRY, replace(TINY, steps=100000), {str(out)!r}, progress=lambda *a: time.sleep(0.01))"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not checkpoint.path_for(out).exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = torch.load(checkpoint.path_for(out), weights_only=True)
    assert kept["step"] >= 1
    steps_seen: list[int] = []

    def stop(step: int, *_: float) -> None:
        steps_seen.append(step)
        raise Killed

    with pytest.raises(Killed):
        train_space([Shaper()], DRY, replace(TINY, steps=100000), out, progress=stop)
    assert steps_seen == [kept["step"] + 1]


def test_training_learns_a_simple_device_and_orders_its_knob(tmp_path: Path) -> None:
    config = replace(TINY, steps=500, seconds_per_setting=2.0, batch_settings=5, channels=6, learning_rate=0.01)
    config = replace(config, stft_weight=0.0, checkpoint_seconds=60.0)
    report = train_space([Shaper()], DRY, config, tmp_path / "s.pt")
    assert report.held_out.devices["shaper"] < 0.1
    space = load_space(tmp_path / "s.pt")
    drive = [space.positions[f"shaper@drive={v:g}"][0] for v in (0, 0.25, 0.5, 0.75, 1)]
    assert drive[0] < drive[2] < drive[4]
    positions = torch.tensor(list(space.positions.values()))
    assert float(positions.abs().max()) == pytest.approx(1.0)
    assert space.licences == {"shaper": "MIT"}
    again = held_out_esr(space, [Shaper()], synthetic(3.0, 9))
    assert again.devices["shaper"] < 0.15


def test_balance_draws_every_device_alike_and_no_setting_twice(tmp_path: Path) -> None:
    class Plain(Shaper):
        knobs: tuple[str, ...] = ()

        def render(self, dry: Audio, settings: Settings) -> Audio:
            return np.tanh(dry * self.gain).astype(np.float32) * 0.5

    found = pairs.render_pairs([Shaper(), Plain("plain")], DRY, 0.5)
    shares = {}
    for balance in (0.0, 0.5, 1.0):
        config = replace(TINY, balance=balance, batch_settings=2)
        training = Training(fresh_space(config), found, config, Processes(), tmp_path / "space.pt")
        rng = torch.Generator().manual_seed(0)
        drawn = torch.stack([training.chosen(rng) for _ in range(3000)])
        assert bool((drawn[:, 0] != drawn[:, 1]).all())
        shares[balance] = float((drawn[:, 0] == found.device_of.index("plain")).float().mean())
    assert shares[0.0] == pytest.approx(1 / 6, abs=0.03)
    assert shares[0.5] == pytest.approx(1 / (1 + 5**0.5), abs=0.03)
    assert shares[1.0] == pytest.approx(1 / 2, abs=0.03)


def test_a_training_can_begin_at_a_trained_space_and_bring_a_new_device_in(tmp_path: Path) -> None:
    train_space([Shaper()], DRY, TINY, tmp_path / "first.pt")
    first = load_space(tmp_path / "first.pt")
    config = replace(TINY, steps=1, learning_rate=0.0)
    train_space([Shaper(), Shaper("new", 3.0)], DRY, config, tmp_path / "second.pt", start_from=first)
    second = load_space(tmp_path / "second.pt")
    assert same(first.state_dict(), second.state_dict())
    assert second.gains["shaper"] == first.gains["shaper"]
    for name, place in first.positions.items():
        assert second.positions[name] == pytest.approx(place)
    assert {name.split("@")[0] for name in second.positions} == {"shaper", "new"}
    with pytest.raises(InputError, match="another shape"):
        train_space([Shaper()], DRY, replace(TINY, channels=6), tmp_path / "third.pt", start_from=first)


def test_settings_new_to_a_space_begin_between_their_neighbours(tmp_path: Path) -> None:
    train_space([Shaper()], DRY, TINY, tmp_path / "grid.pt")
    grid = load_space(tmp_path / "grid.pt")
    config = replace(TINY, steps=1, learning_rate=0.0, settings_between=2)
    train_space([Shaper()], DRY, config, tmp_path / "more.pt", start_from=grid)
    more = load_space(tmp_path / "more.pt")
    assert len(more.positions) == len(grid.positions) + 2
    for name in more.positions.keys() - grid.positions.keys():
        setting = float(name.split("=")[1])
        low = np.floor(setting * 4) / 4
        ends = np.array([grid.positions[f"shaper@drive={value:g}"] for value in (low, low + 0.25)])
        wanted = ends[0] + (setting - low) / 0.25 * (ends[1] - ends[0])
        assert more.positions[name] == pytest.approx(wanted, abs=1e-3)


def test_a_training_beside_rounding_noise_hears_it_and_leaves_none_behind(tmp_path: Path) -> None:
    config = replace(TINY, steps=3, activation="tanh")
    found = []
    for noise in (False, True):
        out = tmp_path / f"{noise}.pt"
        report = train_space([Shaper()], DRY, replace(config, rounding_noise=noise), out)
        found.append((report.loss, load_space(out)))
    assert found[0][0] != found[1][0]
    assert found[0][0] == pytest.approx(found[1][0], rel=0.05)
    assert found[1][1].decoder.rounding is None


def test_a_training_can_begin_at_a_space_with_a_shorter_head_and_plays_as_that_did_at_first(tmp_path: Path) -> None:
    train_space([Shaper()], DRY, TINY, tmp_path / "short.pt")
    short = load_space(tmp_path / "short.pt")
    config = replace(TINY, steps=1, learning_rate=0.0, head_kernel_size=5)
    train_space([Shaper()], DRY, config, tmp_path / "long.pt", start_from=short)
    long = load_space(tmp_path / "long.pt")
    assert long.config.decoder.receptive_field == short.config.decoder.receptive_field + 4
    dry, place = torch.from_numpy(DRY[None, :4800]), torch.full((1, 4), 0.3)
    assert torch.allclose(long.render(dry, place), short.render(dry, place), atol=1e-6)
    with pytest.raises(InputError, match="another shape"):
        train_space([Shaper()], DRY, TINY, tmp_path / "third.pt", start_from=long)


def test_the_layers_own_optimizer_learns_and_goes_on_after_an_interruption(tmp_path: Path) -> None:
    config = replace(TINY, steps=160, seconds_per_setting=2.0, channels=6, optimizer="layer", layer_rate=0.03)

    def interrupt(step: int, *_: float) -> None:
        if step == 80:
            raise Killed

    with pytest.raises(Killed):
        train_space([Shaper()], DRY, config, tmp_path / "s.pt", progress=interrupt)
    report = train_space([Shaper()], DRY, config, tmp_path / "s.pt")
    assert report.resumed_at == 79
    still = replace(config, layer_rate=0.0)  # the same training, but that only FiLM and positions learn
    unmoved = train_space([Shaper()], DRY, still, tmp_path / "still.pt")
    assert report.held_out.devices["shaper"] < 0.5 * unmoved.held_out.devices["shaper"]


def test_two_processes_train_one_space(tmp_path: Path) -> None:
    out = tmp_path / "s.pt"
    script = tmp_path / "go.py"
    script.write_text(
        "import sys; sys.path.insert(0, '.')\n"
        "from tests.train.space.test_train import *\n"
        f"report = train_space([Shaper(), Shaper('other', 2.0)], DRY, TINY, {str(out)!r})\n"
        f"Path({str(tmp_path)!r}, 'rank' + os.environ['RANK']).write_text(f'{{report.processes}} {{report.steps}}')\n"
    )
    launched = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert launched.returncode == 0, launched.stderr[-2000:]
    for rank in (0, 1):
        assert (tmp_path / f"rank{rank}").read_text() == "2 24"
    assert set(load_space(out).gains) == {"shaper", "other"}


def test_two_processes_step_by_the_mean_of_their_gradients(tmp_path: Path) -> None:
    script = tmp_path / "go.py"
    script.write_text(
        "import torch\n"
        "from gritspace.train.processes import Processes\n"
        "p = Processes()\n"
        "a, b = torch.full((2, 2), float(p.rank)), torch.tensor([10.0 * p.rank])\n"
        "p.average([a, b])\n"
        "assert a.eq(0.5).all() and b.item() == 5.0, (a, b)\n"
        "assert p.gathered(p.rank) == [0, 1] and p.from_first(7.0 + p.rank) == 7.0\n"
        "p.leave()\n"
    )
    launched = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert launched.returncode == 0, launched.stderr[-2000:]


def test_a_time_budget_is_kept_and_the_cosine_follows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By this process's own clock, which stands still while others have the processor."""
    monkeypatch.setattr(time, "monotonic", time.process_time)
    rates: list[float] = []
    started = time.monotonic()
    config = replace(TINY, steps=10**9, seconds=6.0)
    report = train_space([Shaper()], DRY, config, tmp_path / "s.pt", progress=lambda *a: rates.append(a[4]))
    assert 4 < time.monotonic() - started < 9
    assert report.steps > 20
    assert rates[-1] < 0.2 < rates[0]


def test_a_loss_that_is_no_number_stops_the_training_and_keeps_the_last_good_state(tmp_path: Path, monkeypatch) -> None:
    out = tmp_path / "s.pt"
    real_step = Training.step

    def breaking(self: Training, share: float) -> tuple[float, float]:
        return (math.nan, math.nan) if self.progress.step == 10 else real_step(self, share)

    monkeypatch.setattr(Training, "step", breaking)
    with pytest.raises(InputError, match=r"step 10.*s\.pt\.checkpoint"):
        train_space([Shaper()], DRY, TINY, out)
    kept = torch.load(checkpoint.path_for(out), weights_only=True)
    assert kept["step"] == 10
    assert all(torch.isfinite(value).all() for value in kept["model"].values())
    assert not out.exists()


def test_a_checkpoint_of_another_training_or_a_damaged_one_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "s.pt"

    def interrupt(step: int, *_: float) -> None:
        if step == 3:
            raise Killed

    with pytest.raises(Killed):
        train_space([Shaper()], DRY, TINY, out, progress=interrupt)
    with pytest.raises(InputError, match="belongs to a training with other"):
        train_space([Shaper()], DRY, replace(TINY, learning_rate=0.1), out)
    checkpoint.path_for(out).write_bytes(checkpoint.path_for(out).read_bytes()[:1000])
    with pytest.raises(InputError, match="damaged"):
        train_space([Shaper()], DRY, TINY, out)
    assert train_space([Shaper()], DRY, TINY, out, resume=False).resumed_at == 0


def test_tensorboard_logs_hold_the_loss(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train_space([Shaper()], DRY, replace(TINY, log_every=4), tmp_path / "s.pt", log_dir=tmp_path / "logs")
    events = EventAccumulator(str(tmp_path / "logs"))
    events.Reload()
    assert [event.step for event in events.Scalars("loss")] == [4, 8, 12, 16, 20, 24]
    assert {"esr", "learning_rate"} <= set(events.Tags()["scalars"])


def test_pairs_are_aligned_with_one_gain_a_device_and_every_setting_labelled() -> None:
    devices = [Shaper(), Shaper("soft", 1.0)]
    found = pairs.render_pairs(devices, DRY, 0.5)
    assert found.labels[:2] == ["shaper@drive=0", "shaper@drive=0.25"]
    assert len(found) == 10
    assert found.measured.shape == (10, 4)
    for i, device in enumerate(devices):
        rows = slice(5 * i, 5 * i + 5)
        wet = device.render(found.dry[rows].numpy(), pairs.grid(device)) * found.gains[device.name]
        assert np.allclose(found.wet[rows].numpy(), wet, atol=1e-6)
        assert float(found.wet[rows].square().mean().sqrt()) == pytest.approx(pairs.LEVEL_RMS, rel=1e-4)
    assert not torch.equal(found.dry[0], found.dry[1])


def test_every_built_in_circuit_and_any_number_of_knobs_has_a_grid() -> None:
    for circuit in CIRCUITS:
        assert pairs.grid(circuit).shape == (9, 2)

    class Wire(Shaper):
        knobs: tuple[str, ...] = ()

    class Five(Shaper):
        knobs = ("a", "b", "c", "d", "e")

    assert pairs.grid(Wire()).shape == (1, 0)
    assert pairs.grid(Five()).shape == (12, 5)
    assert pairs.grid(Five()).min() >= 0
    assert pairs.grid(Five()).max() <= 1


def test_too_little_audio_a_silent_device_and_no_device_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="too short"):
        train_space([Shaper()], DRY[:10_000], TINY, tmp_path / "s.pt")
    with pytest.raises(InputError, match="no device"):
        train_space([], DRY, TINY, tmp_path / "s.pt")

    class Silent(Shaper):
        def render(self, dry: Audio, settings: Settings) -> Audio:
            return np.zeros_like(dry)

    class Broken(Shaper):
        def render(self, dry: Audio, settings: Settings) -> Audio:
            return np.full_like(dry, np.nan)

    for device, reason in ((Silent("mute"), "mute: it gives silence"), (Broken("bad"), "bad: .*not finite")):
        with pytest.raises(InputError, match=reason):
            train_space([device], DRY, TINY, tmp_path / "s.pt")
    with pytest.raises(InputError, match="seconds_per_setting"):
        train_space([Shaper()], DRY, replace(TINY, seconds_per_setting=0.05), tmp_path / "s.pt")


def test_a_devices_error_is_only_asked_of_a_space_that_knows_it(tmp_path: Path) -> None:
    train_space([Shaper()], DRY, TINY, tmp_path / "s.pt")
    with pytest.raises(InputError, match="trained on shaper"):
        held_out_esr(load_space(tmp_path / "s.pt"), [Shaper("stranger")], DRY)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("steps = ", "no TOML"),
        ("step = 5", "'step' is unknown"),
        ("steps = 'many'", "steps is 'many', and should be a valid integer"),
        ("dilations = [1, 2]", "one entry a layer"),
        ("learning_rate = true", "learning_rate is True, and should be a valid number"),
        ("settle = 2.0", "from 0 to 1"),
        ("optimizer = 'sgd'", "layer, plain"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_told(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "c.toml").write_text(text)
    with pytest.raises(InputError, match=reason) as caught:
        read_config(tmp_path / "c.toml")
    assert "c.toml" in str(caught.value)


def test_a_configuration_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text("seed = 7\nlearning_rate = 1\nkernel_sizes = [3, 3]\ndilations = [1, 2]\n")
    expected = replace(TINY, seed=7, learning_rate=1.0, kernel_sizes=(3, 3), dilations=(1, 2))
    assert read_config(tmp_path / "c.toml", TINY) == expected
    with pytest.raises(InputError, match="no such file"):
        read_config(tmp_path / "none.toml")
