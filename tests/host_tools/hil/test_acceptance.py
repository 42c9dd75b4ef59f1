"""The card of one board: from real reports, right and wrong."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from gritspace.host_tools.cli import app
from gritspace.host_tools.errors import RigError
from gritspace.host_tools.hil import acceptance
from gritspace.host_tools.module import loop_analysis
from gritspace.train.errors import InputError


def _loop(path: Path, gain: float = 0.93, noise: float = 1e-5, bend: float = 0.0) -> Path:
    """A path of 96 frames with a gain, a noise and a bend, measured as the command measures it."""
    sent = loop_analysis.signal()
    heard = gain * (sent + bend * sent**3) + noise * np.random.default_rng(2).normal(size=len(sent))
    back = np.concatenate([np.zeros(96), heard]).astype(np.float32)
    path.write_text(json.dumps(loop_analysis.analyse(sent, back).as_values()), encoding="utf-8")
    return path


def _hil(path: Path, differing: int = 0) -> Path:
    values = {"differing_samples": differing, "frames": 480000, "firmware_version": "0.2.0", "model_name": "circuits"}
    path.write_text(json.dumps(values | {"xruns": 0}), encoding="utf-8")
    return path


def test_a_good_board_gets_one_page_with_its_serial_number(tmp_path: Path) -> None:
    hil, loop = _hil(tmp_path / "hil.json"), _loop(tmp_path / "loop.json")
    out = tmp_path / "GS-0001.html"
    done = CliRunner().invoke(app, ["accept", "GS-0001", "--hil", str(hil), "--loop", str(loop), "-o", str(out)])
    assert done.exit_code == 0, done.output
    page = out.read_text(encoding="utf-8")
    assert "GS-0001 passes" in page
    assert "0 of 480,000 differ" in page
    values = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    assert values["good"]
    assert values["serial"] == "GS-0001"
    assert {check["what"]: check["value"] for check in values["checks"]}["latency"] == "2.000 ms"


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        ({"gain": 0.4}, "gain, out to in"),
        ({"gain": -0.93}, "polarity"),
        ({"noise": 1e-3}, "noise floor"),
        ({"bend": 0.1}, "THD+N, 1 kHz"),
    ],
)
def test_each_fault_of_a_board_is_its_own_line(tmp_path: Path, fault: dict[str, float], what: str) -> None:
    made = acceptance.card("A1", "B", "2026-11-30", _hil(tmp_path / "h.json"), _loop(tmp_path / "l.json", **fault))
    assert not made.good
    assert what in [check.what for check in made.checks if not check.good]


def test_one_differing_sample_does_not_pass(tmp_path: Path) -> None:
    made = acceptance.card("A1", "B", "2026-11-30", _hil(tmp_path / "h.json", 1), _loop(tmp_path / "l.json"))
    assert [check.what for check in made.checks if not check.good] == ["samples against the integer model"]


@pytest.mark.parametrize("serial", ["", "../x", "<b>", "a" * 33])
def test_a_serial_number_that_is_none_is_refused(tmp_path: Path, serial: str) -> None:
    with pytest.raises(RigError, match="serial number"):
        acceptance.card(serial, "B", "d", _hil(tmp_path / "h.json"), _loop(tmp_path / "l.json"))


def test_a_file_that_is_no_report_is_named(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[]", encoding="utf-8")
    with pytest.raises(InputError, match=r"x\.json: it is \[\], and should be .*gritspace hil"):
        acceptance.card("A1", "B", "d", tmp_path / "x.json", _loop(tmp_path / "l.json"))
