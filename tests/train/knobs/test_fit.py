"""Fitting a device with its knobs: between the settings it heard, against the device itself; its file; its plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from gritspace.train.audio import signals
from gritspace.train.audio.recording.recording import Recording
from gritspace.train.devices.device import checked
from gritspace.train.errors import InputError
from gritspace.train.knobs.fit import KnobFit, KnobFitConfig
from gritspace.train.knobs.knob_model import KNOB_SHAPES, KnobModel, load_knob_model, save_knob_model
from gritspace.train.knobs.material import anywhere, from_a_device, from_recordings, one_delay
from gritspace.train.knobs.plan import chosen, planned
from gritspace.train.knobs.settings import spread
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.snapshot.source import Source

Audio = NDArray[np.float32]

TINY = TcnConfig((LayerArrayConfig(4, (3, 3), (1, 3), "tanh"),), 1, 6)
QUICK = KnobFitConfig(shape="tiny", steps=150, batch=5, segment_frames=512, learning_rate=4e-2)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOB_SHAPES, "tiny", TINY)
    torch.set_num_threads(1)


class Shaper:
    """tanh after a gain of 0 to 12 dB, by a formula that no network has."""

    name, kind, licence = "shaper", "circuit", "MIT"

    def __init__(self, knobs: tuple[str, ...] = ("gain",)) -> None:
        self.knobs = knobs

    def render(self, dry: Audio, settings: NDArray[np.float32]) -> Audio:
        dry, settings = checked(self, dry, settings)
        return np.tanh(4 ** (1 + settings[:, :1]) * dry).astype(np.float32)


def esr(target: Audio, heard: Audio) -> float:
    """Behind the tiny network's past."""
    return float(np.square(target - heard)[8:].sum() / np.square(target)[8:].sum())


def material(count: int = 5, between: int = 4):
    settings = spread(count, 1)
    dry, held = signals.synthetic(2.0 * count, 1), signals.synthetic(3, 2)
    return from_a_device(Shaper(), settings, anywhere(1, between, settings), dry, held)


def test_what_lies_between_the_settings_it_heard_is_known_as_well() -> None:
    heard = material()
    fit = KnobFit(heard.settings, heard.sources, QUICK)
    model = KnobModel(fit.run().tcn, "shaper", ("gain",), heard.settings)
    for setting, source in zip(heard.between, heard.beside, strict=True):
        target = np.tanh(4 ** (1 + setting[0]) * source.held_dry)
        assert esr(target, model.render_audio(source.held_dry, setting)) < 0.02
        wrong = model.render_audio(source.held_dry, ((setting[0] + 0.5) % 1,))
        assert esr(target, wrong) > 0.04, "and the knob is what does it"


def test_the_same_seed_learns_the_same_to_the_bit() -> None:
    heard = material(3, 0)
    config = KnobFitConfig(shape="tiny", steps=20, batch=3, segment_frames=256)
    first, second = (KnobFit(heard.settings, heard.sources, config).run() for _ in range(2))
    for name, value in first.tcn.state_dict().items():
        assert torch.equal(value, second.tcn.state_dict()[name])


def test_an_interrupted_fit_goes_on(tmp_path: Path) -> None:
    heard, kept = material(2, 0), tmp_path / "fit.checkpoint"
    config = KnobFitConfig(shape="tiny", steps=20, batch=2, segment_frames=256)

    def interrupt(step: int, *rest: float) -> None:
        if step >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        KnobFit(heard.settings, heard.sources, config, kept).run(interrupt)
    result = KnobFit(heard.settings, heard.sources, config, kept).run()
    assert result.resumed_at >= 8
    assert result.steps == 20


def test_minutes_are_counted_by_the_clock_that_is_given() -> None:
    """The wall's clock does not matter: a processor's that goes on by half a second at each look has time for six."""
    heard, looks = material(2, 0), iter(range(1_000_000))
    config = KnobFitConfig(shape="tiny", minutes=3 / 60, batch=2, segment_frames=256)
    result = KnobFit(heard.settings, heard.sources, config, clock=lambda: next(looks) / 2).run()
    assert (result.steps, result.seconds) == (6, 3.0)


def test_a_silent_setting_is_named() -> None:
    class Volume(Shaper):
        def render(self, dry: Audio, settings: NDArray[np.float32]) -> Audio:
            return (dry * settings[:, :1]).astype(np.float32)

    with pytest.raises(InputError, match=r"shaper@gain=0: at this setting the device is silent"):
        from_a_device(Volume(), [(0.0,), (1.0,)], [], signals.synthetic(3, 1), signals.synthetic(2, 2))


def recording(delay: int, wet: Audio, inverted: bool = False) -> Recording:
    return Recording(signals.synthetic(1, 1), wet, delay, inverted, ())


def test_recordings_of_one_interface_are_late_by_the_same_and_the_same_way_up() -> None:
    """What the device's own phase adds at a setting stays; what was cut otherwise keeps its own delay."""
    raw = np.arange(48_000, dtype=np.float32)
    found, remarks = one_delay(
        [recording(100, raw), recording(103, raw, True), recording(100, raw), recording(2000, raw)], list("abcd")
    )
    assert [one.delay_frames for one in found] == [100, 100, 100, 2000]
    assert np.array_equal(found[1].wet[10:], -raw[7:-3]), "moved back by three, and left as it was recorded"
    assert [one.inverted for one in found] == [False] * 4
    assert [remark.split()[0] for remark in remarks] == ["b", "b", "d"]


def test_a_recording_beside_is_measured_whole_and_not_learnt_from() -> None:
    dry = signals.synthetic(12, 1)
    recordings = [Recording(dry, np.tanh(gain * dry), 0, False, ()) for gain in (1, 4, 2)]
    heard = from_recordings(
        "x", ("gain",), [(0.0,), (1.0,)], recordings[:2], [(0.5,)], recordings[2:], ["a.wav", "b.wav", "c.wav"]
    )
    assert [len(one.dry) < len(dry) for one in heard.sources] == [True, True]
    (beside,) = heard.beside
    assert np.isclose(np.square(beside.held_wet).sum(), np.square(np.tanh(2 * dry)).sum(), rtol=0.2)


def test_a_look_on_the_way_is_at_some_seconds_of_each_setting_only() -> None:
    """Nine recordings have minutes held out: looking at all of it would take longer than learning."""
    dry = signals.synthetic(20, 3)
    clips = ((0, 96_000), (144_000, 432_000), (480_000, 900_000))
    sources = [Source("x", "MIT", dry, gain * dry, dry, gain * dry, (), clips) for gain in (0.5, 1)]
    fit = KnobFit([(0.0,), (1.0,)], sources, QUICK)
    for held in fit.held:
        assert held.clips[0] == (8, 96_000)
        assert sum(stop - start for start, stop in held.clips) == 6 * 48_000
        assert len(held.dry) == len(held.wet) == held.clips[-1][1] <= 432_000


def test_a_plan_names_where_the_error_is_largest_and_not_twice_the_same() -> None:
    places = [(x / 10,) for x in range(11)]
    errors = np.array([1, 1, 1, 3, 1, 1, 1, 6, 9, 6, 9], float)
    found = chosen(places, errors, [(0.0,), (1.0,)], 2)
    assert found == [((0.8,), 9.0), ((0.3,), 3.0)], "what was recorded, and what lies beside the first, is passed over"


def test_a_plan_of_recordings_asks_for_the_gap_that_they_leave() -> None:
    """Five settings at one end, one at the other: the device itself says that what is between is known worst."""
    settings = [(0.0,), (0.1,), (0.2,), (0.3,), (1.0,)]
    heard = from_a_device(Shaper(), settings, [], signals.synthetic(10, 1), signals.synthetic(3, 2))
    config = KnobFitConfig(shape="tiny", steps=60, batch=4, segment_frames=512, learning_rate=2e-2, knob_rate=1.0)
    plan = planned(heard, config, heard.sources[0].held_dry[:24_000], 1, lambda share, words: None)
    (setting, expected), *_ = plan.next
    assert 0.35 < setting[0] < 1
    assert expected > 0
    assert len(plan.left_out) == 5
    assert plan.left_out[4] > max(plan.left_out[1:3]), "an end foretold by the other end is foretold worse"
    with pytest.raises(InputError, match="too few"):
        planned(material(2, 0), config, heard.sources[0].held_dry, 1, lambda share, words: None)


def test_a_knob_model_comes_back_from_its_file_and_damage_is_named(tmp_path: Path) -> None:
    heard = material(2, 0)
    tcn = KnobFit(heard.settings, heard.sources, QUICK).tcn
    model, path = KnobModel(tcn, "box", ("gain",), heard.settings, "MIT", {"esr": 0.01}), tmp_path / "box.pt"
    save_knob_model(model, path)
    again = load_knob_model(path)
    assert (again.name, again.knobs, again.settings, again.facts) == ("box", ("gain",), heard.settings, {"esr": 0.01})
    sound = signals.synthetic(1, 3)
    assert np.array_equal(again.render_audio(sound, (0.3,)), model.render_audio(sound, (0.3,)))
    model.knobs = ("gain", "tone")
    save_knob_model(model, path)
    with pytest.raises(InputError, match=r"box\.pt: .*knobs are not as many"):
        load_knob_model(path)
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match=r"box\.pt"):
        load_knob_model(path)
