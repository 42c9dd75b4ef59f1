"""Writes a measurement down: report.json for programs, one HTML page for people, WAV files for ears."""

from __future__ import annotations

import json
import re
import statistics
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from gritspace.host_tools.console import esr_text
from gritspace.host_tools.hil import figures
from gritspace.host_tools.hil.measure import Measurement
from gritspace.train.audio.audio_file import write_audio
from gritspace.train.output_file import written_whole
from gritspace.train.plain_text import printable


def write_wavs(measurement: Measurement, folder: Path) -> list[Path]:
    """Every take as dry, module and, where there is one, device. All are divided by the model's output full scale."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    scale = 2.0**-measurement.model.output_shift
    for outcome in measurement.outcomes:
        name = re.sub(r"[^A-Za-z0-9.=,-]+", "_", outcome.take.name).strip("_")
        sounds = {"dry": outcome.take.audio / 32768.0, "module": outcome.module / 32768.0}
        if outcome.take.target is not None:
            sounds["device"] = np.clip(outcome.take.target * scale, -1, 1)
        for kind, samples in sounds.items():
            path = folder / f"{name}.{kind}.wav"
            write_audio(path, samples.astype(np.float32))
            written.append(path)
    return written


def write_report(measurement: Measurement, report: dict[str, Any], html: Path, title: str) -> Path:
    """Writes `html` and, beside it, the same name as .json; returns the JSON's path. report: from hil.as_report."""
    html.parent.mkdir(parents=True, exist_ok=True)
    write_text(html, as_html(measurement, report, title))
    beside = html.with_suffix(".json")
    write_text(beside, json.dumps(report, indent=2, allow_nan=False) + "\n")
    return beside


def as_html(measurement: Measurement, report: dict[str, Any], title: str) -> str:
    """The page, with everything in it: no scripts, nothing loaded from elsewhere."""
    template = Environment(
        loader=PackageLoader("gritspace.host_tools.hil", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=as_text,
    ).get_template("report.html.j2")
    by_device = sorted(report["esr_vs_device"].items(), key=lambda pair: pair[1])
    return template.render(
        title=title,
        report={"wav_files": [], **report},
        made_at=datetime.now().strftime("%Y-%m-%d %H:%M"),
        devices=by_device,
        median_device=statistics.median(v for _, v in by_device) if by_device else None,
        esr=esr_text,
        waveforms=figures.waveforms(measurement),
        sweeps=figures.sweeps(measurement),
        spectrum=figures.residual_spectrum(measurement),
        work=figures.work_over_time(measurement),
    )


def as_text(value: Any) -> Any:
    """For templates: a text without characters that act on a reader or cannot be encoded; markup stays markup."""
    return type(value)(printable(value, lines=True)) if isinstance(value, str) else value


def write_text(path: Path, text: str) -> None:
    """Writes a file whole or not at all. Raises InputError, naming the file, when it cannot."""
    with written_whole(path) as beside:
        beside.write_text(text, encoding="utf-8")
