"""A script of control movements: a CSV file with the columns time, control, value."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from gritspace.host_tools.panel_names import KNOBS, PLAYED
from gritspace.host_tools.takes import Move
from gritspace.train.errors import InputError

COLUMNS = ("time", "control", "value")


def read_automation(path: Path, position_count: int) -> list[Move]:
    """The moves of a file, for a model with so many dimensions.

    time: seconds from the audio's beginning; control: drive, tone, symmetry, dynamics, or z1, z2, ... for any dimension
    of the model; value: from -1 to 1. Raises InputError, naming the line, for anything else.
    """
    names = controls(position_count)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: could not be read ({error.strerror}); check the name.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: this is no text; write a CSV file with the columns time,control,value.") from error
    rows = csv.reader(text.splitlines())
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
        if seconds < 0 or not -1 <= value <= 1:
            raise InputError(f"{where}: times begin at 0, and values lie from -1 to 1.")
        if control not in names:
            why = " is behind the engine, and a stream ends there" if control in KNOBS[len(PLAYED) :] else " is none"
            raise InputError(
                f"{where}: {control!r}{why}; there is {', '.join(names) or 'none: a snapshot has no knobs'}."
            )
        moves.append(Move(seconds, names[control], value))
    return moves


def controls(position_count: int) -> dict[str, int]:
    """The names that a model's dimensions go by, and their numbers."""
    names = {f"z{i + 1}": i for i in range(position_count)}
    return {name: i for i, name in enumerate(PLAYED) if i < position_count} | names


def _number(text: str, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(f"{what} is a number, not {text!r}.")
    return value
