"""An examined space written down: a table on the terminal, one HTML page with figures and sound."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.host_tools import console
from gritspace.host_tools.console import esr_text
from gritspace.host_tools.pages import page
from gritspace.host_tools.pages.page import write_text
from gritspace.host_tools.pages.sounds import Comparison, as_many_as_fit, comparison
from gritspace.host_tools.pages.words import verdict_of
from gritspace.host_tools.spaces import figures
from gritspace.host_tools.spaces.evaluation import ClipScore, Examination
from gritspace.train.errors import InputError
from gritspace.train.space.measures.clips import SPLITS

LISTENED_TO = 8
"""Clips to play in the page, from the best to the worst."""
NAMES = {
    "seen": "seen settings",
    "held_out_settings": "settings never trained on",
    "held_out_devices": "devices never heard, enrolled",
}


def refuse_unwritable_report(out: Path | None) -> None:
    """Raises InputError before the measuring, not after, if the page could not be written."""
    if out is None:
        return
    if out.suffix.lower() not in (".html", ".htm"):
        raise InputError(f"{out}: a report is a web page; name it .html.")
    if out.is_dir() or not out.parent.is_dir() or not os.access(out.parent, os.W_OK):
        raise InputError(f"{out}: nothing can be written there; name a file in a folder that exists.")


def print_examination(report: Mapping[str, Any], out: Path | None) -> None:
    """What a person wants to know first."""
    rows = []
    for split in SPLITS:
        found = report["splits"][split]
        for measure in ("esr", "mrsl"):
            values = found[measure]
            cells = ["-" if values[q] is None else f"{values[q]:.3f}" for q in ("min", "q25", "median", "q75", "max")]
            in_float = found["float"][measure]["median"]
            name = f"{NAMES[split]} ({found['settings']})" if measure == "esr" else ""
            rows.append((name, measure.upper(), *cells, "-" if in_float is None else f"{in_float:.3f}"))
    shuffled = report["shuffled_positions"]["esr"]["median"]
    console.print_table(
        ("", "measure", "min>", "q25>", "median>", "q75>", "max>", "median in float>"),
        rows,
        title="integers on the engine against the devices, on held-out audio",
    )
    if shuffled is not None:
        console.say(f"control, each at another device's position: median ESR {shuffled:.3f}")
    if report["held_out_settings_over_seen"] is not None:
        console.say(f"held-out settings over seen settings, median ESR: {report['held_out_settings_over_seen']:.2f}")
    adds = report["integer_adds"]["median"]
    console.say(f"what integers add to the float model's ESR, median: {100 * adds:+.2f} %")
    console.print_table(
        ("played dimension", "swept, devices seen>", "swept, unseen>", "over devices' positions>"),
        [
            (name, *(number(row[key]) for key in ("spearman", "spearman_unseen", "spearman_positions")))
            for name, row in report["played"].items()
        ],
        title="Spearman with its attribute",
    )
    console.say(f"separation (SAP) {report['separation']['sap']:.3f}")
    console.say(
        f"sweeping a knob: largest step {report['smoothness']['step']:.2f} times, largest click "
        f"{report['smoothness']['click']:.2f} times the resting audio's own"
    )
    console.print_table(
        ("over the whole box", "found>", "aim>"), box_rows(report), title="what every position has to keep"
    )
    if report["aliasing"]:
        console.print_table(
            ("aliasing, dBc", "hertz>", "device>", "model>"),
            [
                (name if i == 0 else "", hz, f"{row['device_dbc']:.0f}", f"{row['model_dbc']:.0f}")
                for name, tones in report["aliasing"].items()
                for i, (hz, row) in enumerate(tones.items())
            ],
            title="between the overtones of a sine at -6 dBFS",
        )
    for name, found in report["foreign"].items():
        console.say(
            f"on other audio ({name}), median ESR: {number(found['seen']['esr']['median'])} of known devices, "
            f"{number(found['held_out_devices']['esr']['median'])} of enrolled ones"
        )
    if out is not None:
        console.say(f"report: {out}")


def box_rows(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What, how it was found, and what is aimed at, for the terminal and the page."""
    box = report["box"]
    turn = box["turn_lu"]
    return [
        ("silence in, worst of 1,000 places and the corners", f"{box['dc_dbfs']:.0f} dBFS", "-60"),
        ("loudness of the 16 corners, largest less smallest", f"{box['corners_lufs_range']:.1f} LU", "6"),
        ("corners over full scale, after the trim", f"{box['corners_over_full_scale']}", "0"),
        ("loudness over one knob's turn, median, largest", f"{turn['median']:.1f}, {turn['max']:.1f} LU", "3"),
        ("edges along which drive rises", f"{box['edges_monotone']} of 8", "8"),
        ("what other attributes come along with a turn (Spearman)", f"{box['cross_talk']:.2f}", "0.25"),
        ("the same over places all over the box", f"{box['cross_talk_over_box']:.2f}", "0.25"),
        ("thump of a 2 Hz triangle on one CV, after the trim", f"{box['thump_dbfs']:.0f} dBFS", "-70"),
        ("the same without the module's hush", f"{box['thump_before_hush_dbfs']:.0f} dBFS", "-70"),
        ("signal over grain, riff at -50 dBFS", f"{report['grain_db']:.0f} dB", "40"),
    ]


def number(value: float | None) -> str:
    """Two places, or a dash."""
    return "-" if value is None else f"{value:+.2f}"


def write_examination(found: Examination, report: dict[str, Any], out: Path) -> None:
    """The page, whole or not at all. Raises InputError if it cannot be written."""
    write_text(out, as_html(found, report))


def as_html(found: Examination, report: dict[str, Any]) -> str:
    """The page, with everything in it: nothing is loaded from elsewhere."""
    ordered = sorted(found.scores, key=lambda score: score.in_integers.esr)
    picked = np.unique(np.linspace(0, len(ordered) - 1, min(LISTENED_TO, len(ordered))).round().astype(int))
    moving = {sweep.dimension: sweep.sound for sweep in found.sweeps if sweep.start == "the middle"}
    return page.rendered(
        "gritspace.host_tools.spaces",
        "report.html.j2",
        title=f"The space {found.path.name}",
        report=report,
        names=NAMES,
        box_rows=box_rows(report),
        error_rows=error_rows(report),
        knob_rows=[
            (name, *(number(row[key]) for key in ("spearman", "spearman_unseen", "spearman_positions")))
            for name, row in report["played"].items()
        ],
        moves_rows=moves_rows(report),
        alias_rows=[
            (name, hz, f"{row['device_dbc']:.0f}", f"{row['model_dbc']:.0f}")
            for name, tones in report["aliasing"].items()
            for hz, row in tones.items()
        ],
        device_rows=device_rows(report),
        errors=figures.errors(found),
        maps=figures.maps(found),
        legend=figures.legend(found),
        sweeps=figures.sweeps(found),
        sounds=as_many_as_fit([_compared(ordered[i]) for i in picked]),
        moving=comparison("One knob after another, from -1 to 1", moving) if moving else None,
    )


def _compared(score: ClipScore) -> Comparison:
    versions = {"dry": score.clip.dry, "device": score.clip.wet, "space": score.sound}
    return comparison(score.clip.label, versions, score.in_integers.esr, NAMES[score.clip.split])


def moves_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """What else moves: of each dimension and device, Spearman of the turn with every attribute, its own first."""
    rows = []
    for name, row in report["played"].items():
        for label, moved in row["moves"].items():
            own, *others = (moved[name], *(f"{other} {number(moved[other])}" for other in moved if other != name))
            rows.append((name, label, number(own), *others))
    return rows


def error_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Each kind of settings, ESR then MRSL."""
    rows = []
    for split, found in report["splits"].items():
        for measure in ("esr", "mrsl"):
            values = [esr_text(found[measure][q]) for q in ("min", "q25", "median", "q75", "max")]
            name = f"{NAMES[split]} ({found['settings']})"
            rows.append((name, measure.upper(), *values, esr_text(found["float"][measure]["median"])))
    return rows


def device_rows(report: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Each device's ESR where it was measured, and what its best says in words."""
    rows = []
    for name, row in report["devices"].items():
        found = [row[split]["esr"] if split in row else None for split in SPLITS]
        best = min((one for one in found if one is not None), default=None)
        rows.append((name, *map(esr_text, found), "" if best is None else verdict_of(best)))
    return rows
