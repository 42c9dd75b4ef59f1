import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.commands import presets as command
from gritspace.host_tools.module import presets_file
from gritspace.host_tools.sound.loudness import TARGET_LUFS, model_lufs
from gritspace.host_tools.spaces import box, presets
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.quantize.model import grit
from gritspace.quantize.rounding.quantize import to_q15
from gritspace.train.space.space import load_space

SPACES = Path(__file__).parents[3] / "spaces"


def test_sixteen_presets_of_the_factory_space_are_named_far_apart_and_equally_loud(tmp_path: Path) -> None:
    out = tmp_path / "presets.json"
    command.presets_choose(space=SPACES / "circuits.pt", model=SPACES / "circuits.grit", out=out, factory=True)
    shipped = presets_file.shipped()[0]
    assert json.loads(out.read_text()) == json.loads(shipped.read_text()), "run: make presets"
    rows = json.loads(out.read_text())["presets"]
    assert [row["place"] for row in rows] == list(range(1, 17))
    assert len({row["name"] for row in rows}) == 16
    space = load_space(SPACES / "circuits.pt")
    devices = [name.partition("@")[0] for name in presets.spread_out(space)]
    assert len(set(devices)) >= 6  # captures of one pedal lie together, and one of them is enough
    assert max(devices.count(name) for name in devices) <= 4
    drives = [row["played"]["drive"] for row in rows]
    assert drives == sorted(drives)
    model = grit.read_grit(SPACES / "circuits.grit")
    for row in rows[::5]:
        position = np.array([*row["played"].values(), *row["stored"]])[: model.position_count]
        heard = model_lufs(model, to_q15(position)) + 20 * np.log10(row["level"])
        assert heard == pytest.approx(TARGET_LUFS, abs=0.2) or row["level"] == pytest.approx(8, abs=0.01)
    morph, found = presets_file.parse({"presets": rows}, [], 16, "these")  # as the module would take them
    assert morph is None
    assert len(found) == 16


def test_a_setting_that_is_not_wanted_makes_room_for_the_next_and_is_taken_where_there_is_no_other() -> None:
    space = load_space(SPACES / "circuits.pt")
    usual = presets.spread_out(space, 5)
    assert len(set(usual)) == 5
    out = usual[2]
    others = presets.spread_out(space, 5, lambda label: label != out)
    assert len(set(others)) == 5
    assert out not in others
    space.positions = {label: space.positions[label] for label in usual}
    assert sorted(presets.spread_out(space, 5, lambda label: label != out)) == sorted(usual)


@pytest.mark.parametrize("name", ["circuits", "openamp"])
def test_drive_rises_from_every_shipped_preset(name: str) -> None:
    """In integers, over its whole turn, by the harmonics of a sine: what `evaluate` asks along the box's edges."""
    model = grit.read_grit(SPACES / f"{name}.grit")
    player = IntegerPlayer(model)
    for row in json.loads((SPACES / f"{name}-presets.json").read_text())["presets"]:
        place = np.array([*row["played"].values(), *row["stored"]])[: model.position_count]
        drives = box.drive_along(player, place)
        assert min(np.diff(drives)) > -0.25, row["name"]


def test_a_label_is_read_as_a_player_reads_a_pedal() -> None:
    assert presets.spoken("big_muff@sustain=0.5,tone=0.125") == "Big muff, sustain 5, tone 1.2"
    assert presets.spoken("TS9_HighDrive") == "TS9 HighDrive"


def test_presets_of_devices_are_made_by_name_and_follow_the_space(tmp_path: Path) -> None:
    out = tmp_path / "mine.json"
    command.presets_make(space=SPACES / "circuits.pt", out=out, device=["rat", "big_muff"], place=3)
    rows = json.loads(out.read_text())["presets"]
    space = load_space(SPACES / "circuits.pt")
    assert [row["place"] for row in rows] == [3, 4]
    assert [row["name"].split(",")[0] for row in rows] == ["Rat", "Big muff"]
    assert rows[0]["model"]["name"] == "circuits"
    known = np.array([space.positions[label] for label in space.positions if label.startswith("rat@")])
    mine = np.array([*rows[0]["played"].values(), *rows[0]["stored"]])[: known.shape[1]]
    assert np.abs(known - mine).max(axis=1).min() < 1e-4


def test_more_devices_than_places_go_on_in_another_file() -> None:
    space = load_space(SPACES / "openamp.pt")
    labels = presets.by_drive(space)
    assert len(labels) == len({label.partition("@")[0] for label in space.positions}) > 16
    assert [space.positions[label][0] for label in labels] == sorted(space.positions[label][0] for label in labels)
    model = grit.read_grit(SPACES / "circuits.grit")
    few = load_space(SPACES / "circuits.pt")
    files = presets.rows_of(list(few.positions)[:4], few, model, None, "circuits", first=15)
    assert [[row["place"] for row in one["presets"]] for one in files] == [[15, 16], [1, 2]]


@pytest.mark.parametrize("file", presets_file.shipped(), ids=lambda path: path.stem)
def test_shipped_presets_belong_to_the_shipped_model_and_are_found_again_by_name(file: Path) -> None:
    values = presets_file.read_file(file)
    assert len(values["presets"]) == 16
    name = file.stem.removesuffix("-presets")
    bytes_now = (SPACES / f"{name}.grit").read_bytes()
    for row in values["presets"]:
        assert row["model"] == "factory" or row["model"]["sha256"] == hashlib.sha256(bytes_now).hexdigest()
        assert "@" not in row["name"]
    assert set(presets_file.known_names().values()) >= {row["name"] for row in values["presets"]}
