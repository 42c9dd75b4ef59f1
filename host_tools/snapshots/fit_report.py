"""A fitted snapshot as one HTML page: to hear beside its device, in figures and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.console import esr_text
from gritspace.host_tools.hil.figures import STYLE, as_svg
from gritspace.host_tools.models import snapshot_files
from gritspace.host_tools.pages import page
from gritspace.host_tools.pages.sounds import comparison
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.snapshot.fit import Check

Audio = NDArray[np.float32]
LONGEST_HEARD_SECONDS = 12.0


def write_fit_report(
    path: Path, report: Mapping[str, Any], dry: Audio, wet: Audio, fitted: Audio, checks: Sequence[Check]
) -> None:
    """dry, wet, fitted: held-out audio (frames,). Whole or not at all. Raises InputError if it cannot be written."""
    held = ("held out", f"{report['held_out']['seconds']:g} s in {report['held_out']['clips']} clips")
    _write(path, f"A snapshot of {report['source']}", "snapshot", report, dry, wet, fitted, checks, held)


def write_knob_report(
    path: Path, report: Mapping[str, Any], dry: Audio, wet: Audio, fitted: Audio, checks: Sequence[Check]
) -> None:
    """The same of a model with knobs: its settings in a table; dry, wet, fitted are of one of them."""
    knobs = ("knobs", ", ".join(report["knobs"]))
    with_held = {**report, "held_out": {"esr_high": None}}
    title = f"{report['source']} with its knobs"
    _write(path, title, "model", with_held, dry, wet, fitted, checks, knobs)


def _write(
    path: Path,
    title: str,
    what: str,
    report: Mapping[str, Any],
    dry: Audio,
    wet: Audio,
    fitted: Audio,
    checks: Sequence[Check],
    fact: tuple[str, str],
) -> None:
    with plt.rc_context(STYLE):
        picture = as_svg(snapshot_files.comparison(wet, fitted, checks, report["source"], what))
    most = int(LONGEST_HEARD_SECONDS * SAMPLE_RATE)
    heard = {"dry": dry[:most], "device": wet[:most], what: fitted[:most]}
    facts = [
        ("files", ", ".join(report["files"])),
        ("licence", report["licence"]),
        ("steps", f"{report['steps']:,} in {report['minutes']:.1f} minutes, seed {report['seed']}"),
        fact,
    ]
    text = page.rendered(
        "gritspace.host_tools.snapshots",
        "fit_report.html.j2",
        title=title,
        report=report,
        picture=picture,
        heard=comparison(report["source"], heard, report["esr"]),
        facts=facts,
        by_setting=_by_setting(report),
    )
    page.write_text(path, text)


def _by_setting(report: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """Of a model with knobs: each setting, whether it learnt from it, and its errors."""
    return [
        (
            ", ".join(f"{name} {10 * value:.3g}" for name, value in row["setting"].items()),
            "learnt from" if rows == "settings" else "not learnt from",
            esr_text(row["esr"]),
            esr_text(row.get("esr_integer")),
        )
        for rows in ("settings", "between")
        for row in report.get(rows, ())
    ]
