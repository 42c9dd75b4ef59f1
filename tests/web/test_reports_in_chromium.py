"""Reports as a reader sees them: three widths, light and dark, by facts of the layout; and their players.

`python -m tests.web.test_reports_in_chromium FOLDER` leaves the pages and a screenshot of each there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.web.browser import HERE, PACKAGE, browser, what_is_missing


def tone(hz: float, frames: int = 30_000) -> np.ndarray:
    return (0.3 * np.sin(np.arange(frames) * 2 * np.pi * hz / 48000)).astype(np.float32)


def fit_page(path: Path) -> None:
    from gritspace.host_tools.snapshots.fit_report import write_fit_report
    from gritspace.train.snapshot.fit import Check

    name = "a_pedal_with_a_name_that_is_longer_than_a_telephone_is_wide@gain=0.5,tone=0.25"
    report = {
        "source": name,
        "shape": "a2-full",
        "esr": 0.0123,
        "esr_integer": 0.0125,
        "held_out": {"seconds": 8.0, "clips": 4, "esr_low": 0.01, "esr_high": 0.02},
        "macs_per_frame": 11_776,
        "remarks": ["the recording is 3.2 ms late"],
        "files": ["pedal.pt", "pedal.grit"],
        "licence": "MIT",
        "steps": 1200,
        "minutes": 3.0,
        "seed": 0,
    }
    checks = [Check(step, 10.0 * step, 0.1 / step) for step in range(1, 9)]
    write_fit_report(path, report, tone(110), tone(110) ** 3, tone(111) ** 3, checks)


def hil_page(path: Path) -> None:
    from gritspace.host_tools.hil import measure, report
    from tests.web.report_examples import measurement

    made = measurement()
    report.write_report(made, measure.as_report(made), path, "Gritspace: hardware in the loop")


def space_page(path: Path) -> None:
    from tests.web import report_examples

    path.write_text(report_examples.space_page(), encoding="utf-8")


PAGES = {"fit": fit_page, "hil": hil_page, "space": space_page}


def seen(pages: list[Path], shots: Path | None = None) -> list[dict[str, Any]]:
    """What Chromium shows of them."""
    asked = json.dumps({"pages": [str(page) for page in pages], "shots": None if shots is None else str(shots)})
    environment = {**os.environ, "CHROMIUM": browser() or "", "NODE_PATH_FROM": str(PACKAGE)}
    done = subprocess.run(
        ["node", str(HERE / "report_layout.mjs"), asked],
        env=environment,
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    if missing := what_is_missing():
        pytest.skip(missing)
    folder = tmp_path_factory.mktemp("reports")
    for name, make in PAGES.items():
        make(folder / f"{name}.html")
    return seen(sorted(folder.glob("*.html")))


def test_nothing_is_wider_than_the_page_and_no_cell_is_cut(found: list[dict[str, Any]]) -> None:
    layouts = [one for one in found if "width" in one]
    assert {(one["width"], one["scheme"]) for one in layouts} == {
        (w, s) for w in (390, 800, 1400) for s in ("light", "dark")
    }
    for one in layouts:
        assert one["page"] <= one["width"], one
        assert one["sticking_out"] == [], one
        assert one["cells_cut"] == 0, one
        assert one["complaints"] == []


def test_a_telephone_has_one_column_and_buttons_for_fingers(found: list[dict[str, Any]]) -> None:
    for one in found:
        if "width" in one:
            assert (one["columns"] == 1) == (one["width"] == 390), one
            assert one["smallest_button"] >= 44


def test_dark_is_dark_for_text_and_pictures(found: list[dict[str, Any]]) -> None:
    for one in found:
        if "width" in one:
            dark = one["scheme"] == "dark"
            assert (one["ground"] < 0.2, one["picture"] < 0.2) == (dark, dark), one
            assert (one["ink"] > 0.7, one["picture_ink"] > 0.7) == (dark, dark), one


def test_sounds_change_in_place_while_they_play(found: list[dict[str, Any]]) -> None:
    for one in (one["played"] for one in found if "played" in one):
        before, playing, changed, later, stopped = one
        assert [state["playing"] for state in one] == ["false", "true", "true", "true", "false"]
        assert playing["chosen"] == before["chosen"] != "dry"
        assert changed["chosen"] == later["chosen"] == "dry"
        assert later["far"] != changed["far"] or changed["far"] >= playing["far"]  # it went on
        assert stopped["far"] == 0


if __name__ == "__main__":
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for one, make_page in PAGES.items():
        make_page(out / f"{one}.html")
    print(json.dumps(seen(sorted(out.glob("*.html")), out), indent=1))
