"""`gritspace evaluate` on a small untrained space of two circuits: what it reports, and what it refuses."""

import copy
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
import torch
from typer.testing import CliRunner

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.cli import app
from gritspace.host_tools.commands import space as command_space
from gritspace.host_tools.models.model_files import model_from_space
from gritspace.host_tools.spaces import box, foreign
from gritspace.host_tools.spaces.evaluation import model_of, of_split, shuffled_esr, test_audio
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.quantize.model import reference
from gritspace.quantize.rounding.quantize import to_q15
from gritspace.train.audio.signals import synthetic
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.errors import InputError
from gritspace.train.space import enroll
from gritspace.train.space.between import known_settings, position_between
from gritspace.train.space.measures import evaluate
from gritspace.train.space.measures.clips import Clip, between_clips, seen_clips
from gritspace.train.space.space import Space, load_space

test_audio.__test__ = False  # type: ignore[attr-defined]
QUANTILES = ("min", "q25", "median", "q75", "max")


def test_the_report_has_every_split_and_every_dimension_and_a_page_that_plays(
    space_file: Path,
    model_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = tmp_path / "report.html"
    monkeypatch.setattr(enroll, "SEARCH_STEPS", 3)
    monkeypatch.setattr(enroll, "STEPS", 3)
    monkeypatch.setattr(box, "RANDOM_PLACES", 40)
    monkeypatch.setattr(box, "TURNS_FROM", 2)
    monkeypatch.setattr(box, "TURN_PLACES", 3)
    monkeypatch.setattr(box, "EDGE_PLACES", 3)
    monkeypatch.setattr(box, "SPREAD_PLACES", 12)
    other = tmp_path / "organ"
    other.mkdir()
    soundfile.write(other / "organ.wav", riff(2.0), 48_000)
    command_space.evaluate(
        space_file, model=model_file, out=page, seconds=0.3, enroll_seconds=2.0, foreign=[other], json=True
    )
    report = json.loads(capsys.readouterr().out)
    for split, settings in (("seen", 3), ("held_out_settings", 0), ("held_out_devices", 4)):
        found = report["splits"][split]
        assert found["settings"] == settings
        for measure in ("esr", "mrsl"):
            values = [found[measure][q] for q in QUANTILES]
            assert values == [None] * 5 if settings == 0 else values == sorted(values)
    assert {row["label"].split("@")[0] for row in report["settings"]} == {
        "diode_clipper",
        "rat",
        "big_muff",
        "octave_rectifier",
    }
    for name in ("drive", "tone", "symmetry", "dynamics"):
        assert -1 <= report["played"][name]["spearman"] <= 1
        moves = report["played"][name]["moves"]
        assert {label.partition("@")[0] for label in moves} == {"diode_clipper", "rat", "big_muff", "octave_rectifier"}
        own = [moves[label][name] for label in moves if label.partition("@")[0] in ("diode_clipper", "rat")]
        assert report["played"][name]["spearman"] == np.median(own)
        assert all(set(row) == set(report["played"]) for row in moves.values())
    assert report["integer_vs_float"]["max"] < 0.01
    assert -120 <= report["box"]["dc_corners_dbfs"] <= report["box"]["dc_dbfs"] < 20
    assert 0 <= report["box"]["turn_lu"]["median"] <= report["box"]["turn_lu"]["max"]
    assert 0 <= report["box"]["edges_monotone"] <= 8
    assert 0 <= report["box"]["cross_talk"] <= 1
    assert report["aliasing"]["rat"]["415"]["device_dbc"] < -40
    assert report["foreign"]["organ"]["settings"] == 4
    assert report["foreign"]["organ"]["esr"]["median"] > 0
    assert report["foreign"]["organ"]["of"] == "held_out_devices"
    assert report["foreign"]["organ"]["seen"]["settings"] == 2
    html = page.read_text()
    assert html.count("<audio") == 3 * 7 + 4
    assert html.count("<svg") == 3
    assert 'src="http' not in html
    assert html.count("<script") == 1
    assert len(html) < 5_000_000


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("-o", "report.txt"), "report.txt: a report is a web page"),
        (("-o", "nowhere/report.html"), "the folder nowhere does not exist"),
        (("--captures", "nowhere"), "nowhere: there is no such"),
    ],
)
def test_what_cannot_be_done_is_refused_before_it_is_begun(
    space_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["evaluate", str(space_file), *arguments])
    assert reason in str(done.exception)
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def space(space_file: Path) -> Space:
    return load_space(space_file)


def test_a_model_of_another_space_is_refused(space_file: Path, model_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.pt"
    other.write_bytes(space_file.read_bytes() + b"0")
    with pytest.raises(InputError, match="was not made from"):
        model_of(model_file, other)
    assert model_of(model_file, space_file).position_count == 4


def test_a_space_that_knows_none_of_the_devices_is_told(space: Space) -> None:
    with pytest.raises(InputError, match="which was trained on diode_clipper, rat"):
        seen_clips(space, [d for d in CIRCUITS if d.name == "big_muff"], synthetic(1.0, 0), 0.5)


def test_the_settings_a_space_knows_of_a_device_are_read_from_its_labels(space: Space) -> None:
    rat = next(device for device in CIRCUITS if device.name == "rat")
    assert known_settings(space, rat).tolist() == [[0.5, 0.5]]
    fixed = SimpleNamespace(name="amp", knobs=())
    assert known_settings(SimpleNamespace(positions={"amp": [0.0]}), fixed).shape == (1, 0)
    assert known_settings(SimpleNamespace(positions={"amp@gain=1": [0.0]}), fixed).shape == (0, 0)


def test_a_setting_between_lies_between_its_neighbours_in_the_space() -> None:
    class Knob:
        name, knobs, kind, licence = "pedal", ("drive",), "circuit", "MIT"

    class Two(Knob):
        knobs = ("drive", "tone")

    known = SimpleNamespace(positions={f"pedal@drive={x:g}": [x * x, 1 - x] for x in (0.0, 0.25, 0.5, 1.0)})
    found = position_between(known, Knob(), np.array([0.375]))  # type: ignore[arg-type]
    assert found == pytest.approx([(0.0625 + 0.25) / 2, 0.625])

    grid = [(x, y) for x in (0, 0.5, 1) for y in (0, 0.5, 1)]
    plane = SimpleNamespace(positions={f"pedal@drive={x:g},tone={y:g}": [2 * x - y, x + y] for x, y in grid})
    for x, y in ((0.125, 0.875), (0.375, 0.375), (0.6, 0.1)):
        found = position_between(plane, Two(), np.array([x, y]))  # type: ignore[arg-type]
        assert found == pytest.approx([2 * x - y, x + y], abs=1e-6)


def test_settings_between_are_played_where_a_device_was_trained_around_them(space: Space) -> None:
    assert between_clips(space, CIRCUITS, synthetic(2.0, 0), 0.2) == []  # two settings do not span two knobs
    wide = copy.deepcopy(space)
    wide.positions = {f"rat@distortion={x:g},filter={y:g}": [x, y, 0.0, 0.0] for x in (0, 0.5, 1) for y in (0, 0.5, 1)}
    clips = between_clips(wide, CIRCUITS, riff(2.0), 0.2)
    assert len(clips) == 8
    assert {clip.split for clip in clips} == {"held_out_settings"}
    values = {round(float(clip.position[0]), 3) for clip in clips}
    assert values == {0.125, 0.375, 0.625, 0.875}


def test_the_shuffled_control_never_uses_the_devices_own_position(space: Space, monkeypatch) -> None:
    clips = [
        Clip("seen", name, f"{name}@{i}", synthetic(0.2, i), synthetic(0.2, i), np.full(4, i, np.float32))
        for i, name in enumerate(["a", "a", "a", "b"])
    ]
    used: list[tuple[str, float]] = []

    def played(_: Space, clip: Clip, position: np.ndarray) -> np.ndarray:
        used.append((clip.device, float(position[0])))
        return clip.wet * 0.5

    monkeypatch.setattr(evaluate, "played", played)
    found = shuffled_esr(space, clips)
    assert found == pytest.approx([0.25] * 4)
    assert used[:3] == [("a", 3.0)] * 3
    assert used[3][1] < 3


def test_the_integers_are_played_as_the_reference_plays_them(space: Space, space_file: Path) -> None:
    model = model_from_space(space, space_file, riff(2))
    player = IntegerPlayer(model)
    audio, place = riff(0.2), np.array([0.3, -0.5, 0.4, 0.0])
    samples = np.clip(np.round(audio * 32768), -32768, 32767).astype(np.int16)
    expected = reference.run(model, samples, to_q15(place)) / 32768 * 2.0**model.output_shift
    assert np.array_equal(player.at_rest(audio, place), expected.astype(np.float32))
    still = player.moving(audio[:9600], np.tile(place, (200, 1)))
    assert np.array_equal(still, player.at_rest(audio[:9600], place))
    moved = player.moving(audio[:9600], np.linspace(-place, place, 200))
    assert not np.array_equal(moved, still)
    with pytest.raises(ValueError, match="200 blocks of audio and 3"):
        player.moving(audio[:9600], np.zeros((3, 4)))


def test_a_split_of_nothing_has_no_numbers_and_test_audio_is_not_training_audio() -> None:
    assert of_split([])["esr"] == dict.fromkeys(QUANTILES)
    dry, learn = test_audio([], 3.0, 2.0)
    assert (len(dry), len(learn)) == (144_000, 96_000)
    assert not np.array_equal(dry[:96_000], learn)
    assert torch.from_numpy(dry).abs().max() <= 1


def test_a_known_device_on_other_audio_is_compared_at_its_own_gain_and_level(
    space: Space, space_file: Path, tmp_path: Path
) -> None:
    """A device that is the decoder itself, at another level and upside down, differs by the integers alone."""
    own = copy.deepcopy(space)
    own.gains, own.levels = {"itself": -0.5}, {"itself": 1.6}
    own.positions = {"itself": [0.3, -0.5, 0.4, 0.0]}

    class Itself:
        name, knobs, kind, licence = "itself", (), "circuit", "MIT"

        def render(self, dry: np.ndarray, settings: np.ndarray) -> np.ndarray:
            place = torch.tensor([own.positions["itself"]])
            return own.render(torch.from_numpy(dry), place).numpy() / np.float32(-0.8)

    soundfile.write(tmp_path / "organ.wav", riff(2.0), 48_000)
    clips = seen_clips(own, [Itself()], riff(1.0), 0.5)  # type: ignore[list-item]
    player = IntegerPlayer(model_from_space(space, space_file, riff(2)))
    found = foreign.examined(own, player, [Itself()], clips, tmp_path, 1.0)  # type: ignore[list-item]
    assert (found.kind, len(found.seen), found.enrolled) == ("seen", 1, [])
    assert found.seen[0].esr < 1e-3
    assert foreign.as_values(found)["esr"]["median"] == found.seen[0].esr
    assert foreign.as_values(found)["held_out_devices"]["settings"] == 0
