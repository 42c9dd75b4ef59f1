import json
from pathlib import Path

import numpy as np
import pytest

from gritspace.host_tools.commands import presets as command
from gritspace.host_tools.models.loudness import TARGET_LUFS, model_lufs
from gritspace.host_tools.module import presets_file
from gritspace.host_tools.spaces import presets
from gritspace.quantize.model import grit
from gritspace.quantize.rounding.quantize import to_q15
from gritspace.train.space.space import load_space

SPACES = Path(__file__).parents[3] / "spaces"


def test_sixteen_presets_of_the_factory_space_are_named_far_apart_and_equally_loud(tmp_path: Path) -> None:
    out = tmp_path / "presets.json"
    command.presets_choose(space=SPACES / "circuits.pt", model=SPACES / "circuits.grit", out=out, factory=True)
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


def test_a_label_is_read_as_a_player_reads_a_pedal() -> None:
    assert presets.spoken("big_muff@sustain=0.5,tone=0.125") == "Big muff, sustain 5, tone 1.2"
    assert presets.spoken("TS9_HighDrive") == "TS9 HighDrive"
