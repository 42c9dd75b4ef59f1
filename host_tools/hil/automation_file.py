"""A script of control movements: a CSV file with the columns time, control, value."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

from gritspace.host_tools.hil.takes import LIVE_KNOBS, Move
from gritspace.host_tools.module.panel_names import PLAYED
from gritspace.train.errors import InputError
from gritspace.train.text_file import read_text

COLUMNS = ("time", "control", "value")


def read_automation(path: Path, position_count: int, knobs: Sequence[str] = ()) -> list[Move]:
    """The moves of a file, for a model with so many dimensions; knobs: their names, where they are a device's own.

    time: seconds from the audio's beginning; control: drive, tone, symmetry, dynamics, or z1, z2, ... for any dimension
    of the model, with a value from -1 to 1; or gain, mix, level, or one of the device's own knobs, with a value from 0
    to 1, the whole turn (z1 stays from -1 to 1). Raises InputError, naming the line, for anything else.
    """
    names = controls(position_count, knobs)
    turns = {name.lower() for name in knobs}
    rows = _rows(path)
    head = tuple(cell.strip().lower() for cell in next(rows, []))
    if head != COLUMNS:
        raise InputError(f"{path}: its first line must be time,control,value.")
    moves = []
    for number, row in enumerate(rows, 2):
        if not row or row[0].lstrip().startswith("#"):
            continue
        where = f"{path}, line {number}"
        if len(row) != 3:
            raise InputError(f"{where}: three columns are wanted: time, control, value.")
        seconds, value = _number(row[0], f"{where}: time"), _number(row[2], f"{where}: value")
        control = row[1].strip().lower()
        knob = control in LIVE_KNOBS and control not in turns
        least = 0 if knob or control in turns else -1
        if seconds < 0 or not least <= value <= 1:
            raise InputError(f"{where}: times begin at 0, and values of {control} lie from {least} to 1.")
        if not knob and control not in names:
            raise InputError(f"{where}: {control!r} is no control; there is {', '.join([*names, *LIVE_KNOBS])}.")
        if control in turns:
            value = 2 * value - 1
        moves.append(Move(seconds, LIVE_KNOBS.index(control) if knob else names[control], value, knob))
    return moves


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        yield from csv.reader(read_text(path).splitlines(), strict=True)
    except csv.Error as error:
        raise InputError(f"{path}: this is no CSV that can be read ({error}); write time,control,value.") from error


def controls(position_count: int, knobs: Sequence[str] = ()) -> dict[str, int]:
    """The names that a model's dimensions go by, and their numbers; knobs: a device's own, in place of the usual."""
    names = {f"z{i + 1}": i for i in range(position_count)}
    return {name.lower(): i for i, name in enumerate(knobs or PLAYED) if i < position_count} | names


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{what} is a number, not {text!r}.")
    return value
