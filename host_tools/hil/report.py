"""Writes a measurement down: report.json for programs, one HTML page for people, WAV files for ears."""

from __future__ import annotations

import json
import re
import statistics
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.host_tools.console import esr_text
from gritspace.host_tools.hil import figures
from gritspace.host_tools.hil.measure import Measurement, Outcome
from gritspace.host_tools.pages import page
from gritspace.host_tools.pages.page import write_text
from gritspace.host_tools.pages.sounds import Comparison, as_many_as_fit, comparison
from gritspace.host_tools.pages.words import verdict_of
from gritspace.quantize.cycles.real_time import LIMIT_PERCENT
from gritspace.train.audio.audio_file import SAMPLE_RATE, write_audio

LONGEST_HEARD_SECONDS = 12.0
"""Of a take, in the page; the WAV files have all of it."""


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
    """The page, with everything in it: nothing is loaded from elsewhere."""
    by_device = sorted(report["esr_vs_device"].items(), key=lambda pair: pair[1])
    report = {"wav_files": [], **report}
    return page.rendered(
        "gritspace.host_tools.hil",
        "report.html.j2",
        title=title,
        report=report,
        devices=[(name, esr_text(value), verdict_of(value)) for name, value in by_device],
        median_device=statistics.median(v for _, v in by_device) if by_device else None,
        load=_load(report),
        load_words=_load_words(report),
        takes=[
            (
                take["name"],
                f"{take['seconds_of_audio']:.1f}",
                str(take["differing_samples"]),
                esr_text(take["esr_integer_vs_float"]),
                esr_text(take["esr_vs_device"]),
            )
            for take in report["takes"]
        ],
        facts=[
            ("model", f"{report['model_name']}, sha256 {report['model_sha256']}"),
            ("firmware", report["firmware_version"]),
            ("multiplications", f"{report['macs_per_frame']:,} a frame"),
            ("link", ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in report["link"].items())),
            ("seconds", ", ".join(f"{name}: {value:.1f}" for name, value in report["seconds"].items())),
        ],
        sounds=as_many_as_fit(heard(measurement, report)),
        waveforms=figures.waveforms(measurement),
        sweeps=figures.sweeps(measurement),
        spectrum=figures.residual_spectrum(measurement),
        work=figures.work_over_time(measurement),
    )


def heard(measurement: Measurement, report: dict[str, Any]) -> list[Comparison]:
    """What is played first, then the most alike, the middle and the least alike take of a device."""
    takes = list(zip(measurement.outcomes, report["takes"], strict=True))
    first = [(one, told) for one, told in takes if one.take.target is None][:1]
    devices = sorted(((o, told) for o, told in takes if o.take.target is not None), key=lambda t: t[1]["esr_vs_device"])
    chosen = [devices[i] for i in sorted({0, len(devices) // 2, len(devices) - 1})] if devices else []
    return [_compared(measurement, one, told) for one, told in (*first, *chosen)]


def _compared(measurement: Measurement, outcome: Outcome, told: dict[str, Any]) -> Comparison:
    frames = int(LONGEST_HEARD_SECONDS * SAMPLE_RATE)
    versions = {"dry": outcome.take.audio[:frames] / 32768.0}
    if outcome.take.target is not None:
        versions["device"] = outcome.take.target[:frames]
    versions["module"] = measurement.real(outcome.module, outcome.live)[:frames]
    return comparison(outcome.take.name, versions, told["esr_vs_device"])


def _load(report: dict[str, Any]) -> str:
    share = report["load"].get("p99")
    return "unknown" if share is None else f"{100 * share:.1f} %"


def _load_words(report: dict[str, Any]) -> tuple[str, str]:
    share = report["load"].get("p99")
    if share is None:
        return ("not measured by this module", "")
    return ("in time", "good") if share <= LIMIT_PERCENT / 100 else ("too slow", "bad")
