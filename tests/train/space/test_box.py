"""What is asked all over the box: losses that are zero where it holds, and a space that is taught it."""

import copy
from pathlib import Path

import numpy as np
import pyloudnorm
import pytest
import torch
from scipy.signal import lfilter

from gritspace.train.audio import tones
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.errors import InputError
from gritspace.train.network.tcn import LayerArrayConfig, TcnConfig
from gritspace.train.space import knob_map, loudness
from gritspace.train.space.attributes import audible
from gritspace.train.space.between import position_between
from gritspace.train.space.data.pairs import grid, render_pairs
from gritspace.train.space.encoder import EncoderConfig
from gritspace.train.space.senses import box_sense, even
from gritspace.train.space.senses.even import EvenConfig, equal_levels, evened, silence_only, worst_silence
from gritspace.train.space.space import Space, SpaceConfig, load_space, save_space
from gritspace.train.space.steps import placed_by_attributes

RNG = torch.Generator().manual_seed(3)


def lively_space() -> Space:
    torch.manual_seed(5)
    array = LayerArrayConfig(4, (3, 3, 3), (1, 4, 16), head_kernel_size=2)
    space = Space(SpaceConfig(TcnConfig((array,), position_size=5, film_hidden=8), EncoderConfig(mels=16, channels=4)))
    film, last = space.decoder.film, space.decoder.arrays[-1]
    assert film is not None
    with torch.no_grad():
        film.bias.weight.mul_(4)
        film.log2_gain.weight.mul_(4)
        last.head.weight.mul_(4)
    space.positions = {f"amp@x={x:g}": [x, -x, 0.3, x / 2, 0.1] for x in (-0.8, -0.2, 0.4, 0.9)}
    space.attributes = {name: [p[0] * 10, p[1], p[2] * 10, p[3]] for name, p in space.positions.items()}
    return space.eval()


def test_loudness_is_the_standards_without_its_gate() -> None:
    """ITU-R BS.1770 through pyloudnorm, on noise that no gate touches."""
    noise = np.random.default_rng(1).normal(0, 0.1, 96_000)
    for wave in (noise, lfilter([0.1], [1, -0.97], noise)):
        theirs = pyloudnorm.Meter(48_000).integrated_loudness(wave)
        ours = 20 * np.log10(float(loudness.weighted_rms(torch.from_numpy(wave.astype(np.float32))[None])))
        assert ours - 0.691 == pytest.approx(theirs, abs=0.15)


def test_settings_asked_to_be_equally_loud_are_and_the_file_keeps_their_levels(tmp_path) -> None:
    rat = next(device for device in CIRCUITS if device.name == "rat")
    dry = np.concatenate([loudness.phrase(), np.zeros(9_600, np.float32)])
    pairs = render_pairs([rat], dry, 0.4, with_attributes=False, equally_loud=True)
    settings = grid(rat)
    wet = torch.from_numpy(rat.render(np.repeat(loudness.phrase()[None], len(settings), 0), settings))
    factors = torch.tensor([abs(pairs.gains["rat"]) * pairs.levels[name] for name in pairs.labels])
    assert loudness.beside_equal_db(wet * factors[:, None]).abs().max() < 0.3
    assert float(loudness.beside_equal_db(wet).std()) > 1
    space = lively_space()
    space.levels = pairs.levels
    save_space(space, tmp_path / "s.pt")
    assert load_space(tmp_path / "s.pt").levels == pairs.levels


def test_places_lie_in_the_box_at_its_corners_and_on_its_edges() -> None:
    known = torch.tensor([[0.1, 0.2, 0.3, 0.4, 0.77]])
    found = box_sense.places_in_box(known, 400, RNG)
    assert found.abs().max() <= 1
    ends = (found[:, :4].abs() == 1).sum(1)
    assert ((ends == 4) & (found[:, 4] == 0.77)).sum() >= 100
    assert ((ends == 3) & (found[:, 4] == 0.77)).sum() == 100
    assert (found[:, 4] != 0.77).sum() == 100


def test_silence_costs_nothing_where_a_space_is_silent() -> None:
    space = lively_space()
    known = torch.tensor(list(space.positions.values()))
    assert float(box_sense.silence_loss(space, known, RNG).detach()) > 0.01
    last = space.decoder.arrays[-1]
    with torch.no_grad():
        for parameter in (last.head.weight, last.head.bias):
            parameter.zero_()
        space.decoder.film.bias.weight[-1].zero_()
        space.decoder.film.bias.bias[-1].zero_()
    assert float(box_sense.silence_loss(space, known, RNG).detach()) == 0


def test_tones_cost_what_folds_and_not_what_overtones_do() -> None:
    class Player(torch.nn.Module):
        film = staticmethod(lambda position: position)

        def __init__(self, bend) -> None:
            super().__init__()
            self.bend = bend

        def forward(self, dry, modulation):
            return self.bend(dry)[:, 100:]

    sense = box_sense.BoxSense(100, torch.randn(8, 4))
    known = torch.zeros(1, 4)

    def cost(bend) -> float:
        space = torch.nn.Module()
        space.decoder = Player(bend)
        return float(sense.tones(space, known, torch.Generator().manual_seed(1)))

    assert cost(lambda x: x) == 0
    assert cost(lambda x: x + 0.5 * x * x) < 0.2  # an octave above folds from 12 kHz on, and tones end at 6
    assert cost(lambda x: torch.sign(x)) > 1


def test_evening_a_space_out_quietens_its_box_and_keeps_its_known_places() -> None:
    space = lively_space()
    known = torch.tensor(list(space.positions.values()))
    corners = box_sense.places_in_box(known, 64, torch.Generator().manual_seed(9))
    before = copy.deepcopy(space.state_dict())
    config = EvenConfig(steps=80, batch=4, segment_frames=2048, film_rate=1e-2, layer_rate=2e-3, alias_weight=0.0)
    told: list[dict[str, float]] = []
    found = evened(space, tones.bright(2.0, 1), config, lambda step, steps, values: told.append(values))
    assert all(torch.equal(value, before[name]) for name, value in space.state_dict().items())
    assert worst_silence(found, corners) < 0.3 * worst_silence(space, corners)
    assert np.mean([one["esr"] for one in told[-10:]]) < 0.7 * np.mean([one["esr"] for one in told[:10]])
    off = [20 * np.log10(float(level)) for level in equal_levels(found, known)]
    assert np.abs(off).max() < 0.7 * (20 * equal_levels(space, known).log10()).abs().max()
    assert set(found.levels) == set(space.positions)


def test_asked_for_silence_alone_a_space_falls_silent_and_nothing_else_is_asked() -> None:
    space = lively_space()
    corners = box_sense.places_in_box(
        torch.tensor(list(space.positions.values())), 64, torch.Generator().manual_seed(9)
    )
    told: list[dict[str, float]] = []
    found = evened(space, tones.bright(2.0, 1), silence_only(0, 60), lambda step, steps, values: told.append(values))
    assert worst_silence(found, corners) < 0.5 * worst_silence(space, corners)
    assert {name for values in told for name in values} == {"esr", "silence"}


def test_an_interrupted_evening_out_goes_on_where_it_was_and_only_with_its_own_space(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(even, "CHECKPOINT_SECONDS", 0.0)
    space, dry, kept = lively_space(), tones.bright(1.0, 1), tmp_path / "even.pt.checkpoint"
    config = EvenConfig(steps=6, batch=1, segment_frames=2048)
    begun = copy.deepcopy(space)

    def pulled(step: int, steps: int, told: dict[str, float]) -> None:
        if step == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evened(space, dry, config, pulled, kept)
    heard: list[int] = []
    evened(space, dry, config, lambda step, steps, told: heard.append(step), kept)
    assert heard == [4, 5, 6]
    with torch.no_grad():
        begun.decoder.arrays[0].rechannel.weight.mul_(1.01)
    with pytest.raises(InputError, match="belongs to a training with other"):
        evened(begun, dry, config, None, kept)


def test_a_polynomial_of_the_knobs_holds_places_and_tells_those_of_other_settings() -> None:
    class Pedal:
        name, knobs, kind, licence = "pedal", ("drive", "tone"), "circuit", "MIT"

    rng = np.random.default_rng(0)
    settings = rng.random((40, 2)).round(4)
    truth = lambda s: np.stack([0.8 * s[:, 0] ** 3 - 0.2, s[:, 0] * s[:, 1] - 0.5, s[:, 1] ** 2 - s[:, 0]], 1) / 2  # noqa: E731
    noisy = torch.from_numpy((truth(settings) + 0.02 * rng.normal(size=(40, 3))).astype(np.float32))
    projection = knob_map.projection([settings])
    held = projection @ noisy
    assert torch.allclose(projection @ held, held, atol=1e-5)
    assert np.abs(held.numpy() - truth(settings)).mean() < 0.02
    wanted = np.array([[0.125, 0.875], [0.6, 0.4]])
    labels = [f"pedal@drive={a:.4g},tone={b:.4g}" for a, b in settings]
    space = lively_space()
    space.positions = {name: row.tolist() for name, row in zip(labels, held, strict=True)}
    for setting, expected in zip(wanted, truth(wanted), strict=True):
        assert position_between(space, Pedal(), setting) == pytest.approx(expected, abs=0.03)  # type: ignore[arg-type]
    assert knob_map.mapped(settings, noisy.numpy() + rng.normal(0, 0.3, (40, 3)), wanted) is None
    assert torch.equal(knob_map.projection([np.zeros((1, 0)), settings[:5]]), torch.eye(6))


def test_first_places_follow_the_attributes_and_symmetric_devices_are_alike() -> None:
    measured = torch.tensor([[-80.0, 0.0, -97.0, 1.0], [-20.0, 1.0, -99.0, 2.0], [-5.0, 2.0, -10.0, 3.0]])
    assert torch.equal(audible(measured)[:2, 2], torch.tensor([-60.0, -60.0]))
    found = placed_by_attributes(measured, ["a", "a", "b"], 6, seed=0)
    assert (found[:, 0].diff() > 0).all()
    assert found[0, 2] == found[1, 2] < found[2, 2]
    assert torch.equal(found[0, 4:], found[1, 4:])
    assert not torch.equal(found[0, 4:], found[2, 4:])
    assert found.abs().max() <= 1


def test_bright_audio_is_the_same_for_a_seed_and_reaches_high_and_low_levels() -> None:
    audio = tones.bright(20.0, 4)
    assert np.array_equal(audio, tones.bright(20.0, 4))
    assert len(audio) == 20 * 48_000
    peaks = np.abs(audio.reshape(-1, 4800)).max(1)
    assert 0.5 < peaks.max() <= 1.0
    assert (peaks < 0.05).any()
    power = np.abs(np.fft.rfft(audio)) ** 2
    assert power[len(power) // 4 :].sum() > 1e-3 * power.sum()  # above 6 kHz
