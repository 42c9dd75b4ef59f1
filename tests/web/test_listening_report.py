"""A listening test from an evaluation's report: its devices from best to worst, float, integers and a rival."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.web import evaluation_report, listening, listening_report
from gritspace.host_tools.web.wasm import ROOT
from gritspace.quantize.network.nam import write_nam_text
from gritspace.quantize.network.network import from_tcn
from gritspace.train.errors import InputError
from tests.quantize.conftest import make_tcn

REPORT = ROOT / "spaces" / "circuits.json"


@pytest.mark.slow
def test_a_report_gives_its_devices_with_float_integers_anchors_and_a_rival(tmp_path: Path) -> None:
    report = evaluation_report.read_report(REPORT)
    space = listening_report.space_of(REPORT, report)
    names = listening_report.devices_by_error(report, ["rat", "big_muff", "tube_screamer"], 2)
    errors = [json.loads(REPORT.read_text())["devices"][name]["seen"]["esr"] for name in names]
    assert errors == sorted(errors)
    items = listening.space_items(space, ROOT / "spaces" / "circuits.grit", 9, 0, "guitar", names)
    assert [item.name.partition("@")[0] for item in items] == names
    nam = tmp_path / "theirs.nam"
    nam.write_text(write_nam_text(from_tcn(make_tcn("two_tanh_arrays")), "theirs"))
    listening_report.add_rivals(items, [f"{names[0]}/theirs={nam}"], "guitar")
    assert {"reference", "float", "integers", "theirs"} <= set(items[0].sounds)
    assert "theirs" not in items[1].sounds
    assert len({len(sound) for sound in items[0].sounds.values()}) == 1
    page = listening.page(listening.ListeningTest("mushra", "t", items))
    told = json.loads(page.split('id="test">')[1].split("</script>")[0])
    assert len(told["items"][0]["sounds"]) == 6


def test_another_space_beside_the_report_is_refused(tmp_path: Path) -> None:
    shutil.copyfile(REPORT, tmp_path / "circuits.json")
    report = evaluation_report.read_report(tmp_path / "circuits.json")
    with pytest.raises(RigError, match="not beside it"):
        listening_report.space_of(tmp_path / "circuits.json", report)
    (tmp_path / "circuits.pt").write_bytes(b"another")
    with pytest.raises(RigError, match="not the space"):
        listening_report.space_of(tmp_path / "circuits.json", report)


def test_what_is_no_report_and_a_rival_of_nobody_are_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]")
    with pytest.raises(InputError, match=r"x\.json: it is \[\], and should be .*gritspace evaluate"):
        evaluation_report.read_report(tmp_path / "x.json")
    (tmp_path / "none.json").write_text('{"devices": {}, "space": "x.pt", "space_sha256": ""}')
    with pytest.raises(RigError, match="built-in circuit"):
        listening_report.devices_by_error(evaluation_report.read_report(tmp_path / "none.json"), ["rat"], 2)
    with pytest.raises(RigError, match="write ITEM/NAME=FILE"):
        listening_report.add_rivals([], ["x"], "guitar")
    with pytest.raises(RigError, match="the test has no rat"):
        listening_report.add_rivals([], ["rat/x=y.nam"], "guitar")
