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
    with plt.rc_context(STYLE):
        picture = as_svg(snapshot_files.comparison(wet, fitted, checks, report["source"]))
    most = int(LONGEST_HEARD_SECONDS * SAMPLE_RATE)
    heard = {"dry": dry[:most], "device": wet[:most], "snapshot": fitted[:most]}
    facts = [
        ("files", ", ".join(report["files"])),
        ("licence", report["licence"]),
        ("steps", f"{report['steps']:,} in {report['minutes']:.1f} minutes, seed {report['seed']}"),
        ("held out", f"{report['held_out']['seconds']:g} s in {report['held_out']['clips']} clips"),
    ]
    text = page.rendered(
        "gritspace.host_tools.spaces",
        "fit_report.html.j2",
        title=f"A snapshot of {report['source']}",
        report=report,
        picture=picture,
        heard=comparison(report["source"], heard, report["esr"]),
        facts=facts,
    )
    page.write_text(path, text)
