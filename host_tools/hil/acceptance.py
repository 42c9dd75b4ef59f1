"""The card of one board: what `gritspace hil` and `gritspace loop` measured of it, against limits, on one page.

The limits are the simulated board's (docs/hardware.md) with room for the Seed's converters; no board has been measured
yet, and whoever measures the first ones should narrow them.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from html import escape as escaped
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field

from gritspace.host_tools.errors import RigError
from gritspace.host_tools.hil.report import write_text
from gritspace.train.plain_text import printable
from gritspace.train.records import OpenRecord, read_record
from gritspace.train.text_file import read_json

SERIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
LATENCY_MS, GAIN_DB, NOISE_DBFS, THD_N_PERCENT = 10.0, 3.0, -80.0, 0.05


@dataclass(frozen=True)
class Check:
    """One line of the card. limit: in words, as beside the value."""

    what: str
    value: str
    limit: str
    good: bool


@dataclass(frozen=True)
class Card:
    """A board's acceptance. good: every check is."""

    serial: str
    revision: str
    firmware: str
    model: str
    date: str
    checks: tuple[Check, ...]

    @property
    def good(self) -> bool:
        """Whether the board passes."""
        return all(check.good for check in self.checks)


Count = Annotated[int, Field(ge=0, le=1 << 62)]
Measured = Annotated[float, Field(ge=-1e6, le=1e6)]


class HilReport(OpenRecord):
    """What is read of a report of hil."""

    differing_samples: Count
    frames: Count
    xruns: Count = 0
    firmware_version: str
    model_name: str


class LoopReport(OpenRecord):
    """What is read of a report of loop. thd_n: a share."""

    latency_ms: Measured
    gain_db: Measured
    noise_floor_dbfs: Measured
    thd_n: Measured
    inverted: bool


R = TypeVar("R", HilReport, LoopReport)


def read_report(path: Path, kind: type[R]) -> R:
    """A report of hil or loop. Raises InputError if it is none."""
    advice = "give what `gritspace hil` or `gritspace loop` wrote"
    return read_record(kind, read_json(path, advice), str(path), advice)


def hil_checks(report: HilReport) -> tuple[Check, ...]:
    """What the firmware and the processor do: to the bit, in time."""
    differing, frames, late = report.differing_samples, report.frames, report.xruns
    return (
        Check("samples against the integer model", f"{differing:,} of {frames:,} differ", "0", differing == 0),
        Check("sound played through", f"{frames / 48000:.1f} s", "≥ 1 s", frames >= 48000),
        Check("blocks late", f"{late:,}", "0", late == 0),
    )


def loop_checks(report: LoopReport) -> tuple[Check, ...]:
    """What converters and circuit do, output patched to input."""
    latency, gain, noise = report.latency_ms, report.gain_db, report.noise_floor_dbfs
    distorted = 100 * report.thd_n
    return (
        Check("latency", f"{latency:.3f} ms", f"≤ {LATENCY_MS:g} ms", 0 < latency <= LATENCY_MS),
        Check("gain, out to in", f"{gain:+.2f} dB", f"± {GAIN_DB:g} dB", abs(gain) <= GAIN_DB),
        Check("polarity", "inverted" if report.inverted else "kept", "kept", not report.inverted),
        Check("noise floor", f"{noise:.1f} dBFS", f"≤ {NOISE_DBFS:g} dBFS", noise <= NOISE_DBFS),
        Check("THD+N, 1 kHz", f"{distorted:.4f} %", f"≤ {THD_N_PERCENT:g} %", distorted <= THD_N_PERCENT),
    )


def card(serial: str, revision: str, date: str, hil: Path, loop: Path) -> Card:
    """From the two reports. Raises RigError for a serial number that is none, and for reports that are none."""
    if not SERIAL.fullmatch(serial):
        raise RigError(f"{serial!r} cannot be a serial number: letters, digits, dots and dashes, 32 at most.")
    played, heard = read_report(hil, HilReport), read_report(loop, LoopReport)
    checks = (*hil_checks(played), *loop_checks(heard))
    return Card(serial, revision, played.firmware_version, played.model_name, date, checks)


_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc}"
    ".bad{color:#b00020;font-weight:600}@page{size:A4;margin:20mm}"
)


def escape(text: str) -> str:
    """As text of a page, without what acts on a reader."""
    return escaped(printable(text))


def as_html(made: Card) -> str:
    """One page, to print and to lay into the box."""
    rows = "".join(
        f"<tr><td>{escape(check.what)}</td><td>{escape(check.value)}</td><td>{escape(check.limit)}</td>"
        f"<td{'' if check.good else ' class=bad'}>{'good' if check.good else 'not good'}</td></tr>"
        for check in made.checks
    )
    verdict = "passes" if made.good else "does not pass"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Gritspace {escape(made.serial)}</title><style>{_STYLE}</style></head><body>"
        f"<h1>Gritspace {escape(made.serial)} {verdict}</h1>"
        f"<p>Hardware revision {escape(made.revision)}, firmware {escape(made.firmware)}, model {escape(made.model)}, "
        f"{escape(made.date)}. Measured by <code>gritspace hil</code> and <code>gritspace loop module</code>.</p>"
        f"<table><tr><th>what</th><th>measured</th><th>limit</th><th></th></tr>{rows}</table>"
        "<p>Supply voltages by test points, calibration of every CV input, every knob, jack and light: "
        "by hand, see the build guide. Signature:</p><p>&nbsp;</p></body></html>\n"
    )


def write(made: Card, out: Path) -> None:
    """The page, and the same as .json beside it."""
    values = asdict(made) | {"good": made.good}
    write_text(out, as_html(made))
    write_text(out.with_suffix(".json"), json.dumps(values, indent=2, ensure_ascii=False) + "\n")
