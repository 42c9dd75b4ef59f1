"""A module's presets as a JSON file, and back: to edit, to keep, to bring to another module.

Positions are numbers from -1 to 1, a level is a factor, a model is named by its SHA-256, so that it is found in
whichever slot another module has it.
"""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.memory import FACTORY, LEVEL_UNITY, Preset, Slot
from gritspace.host_tools.module.panel_names import PLAYED
from gritspace.quantize.firmware_sources import SPACES
from gritspace.train.errors import InputError
from gritspace.train.output_file import write_whole
from gritspace.train.records import OpenRecord, Record, read_record
from gritspace.train.text_file import read_json

FULL = 32768
FACTORY_NAME = "factory"


def read_module(module: Module) -> dict[str, Any]:
    """All used presets of a module, and how it goes from one to another, as plain values."""
    slots = memory.get_slots(module)
    names = known_names()
    return {
        "morph_seconds": memory.get_settings(module).morph_ms / 1000,
        "presets": [_as_values(preset, slots, names) for preset in memory.get_presets(module) if preset.used],
    }


def write_module(module: Module, values: dict[str, Any], source: str) -> int:
    """Puts presets into a module, leaves the places that are not named alone; returns how many when all are in flash.

    source: what to call the values in an error. Raises InputError, before anything is written, for values that are
    none, LinkError when the module fails.
    """
    morph_ms, presets = parse(values, memory.get_slots(module), memory.get_settings(module).presets, source)
    for preset in presets:
        memory.put_preset(module, preset)
    if morph_ms is not None:
        memory.put_morph(module, morph_ms)
    memory.wait_until_saved(module)
    return len(presets)


def read_file(path: Path) -> dict[str, Any]:
    """A presets file's values. Raises InputError if it is not JSON or not an object."""
    values = read_json(path, "write one with: gritspace presets get")
    if not isinstance(values, dict):
        raise InputError(f"{path}: a presets file is an object with a list 'presets' in it.")
    return values


def write_file(path: Path, values: dict[str, Any]) -> None:
    """Whole or not at all. Raises InputError if it cannot be written."""
    write_whole(path, (json.dumps(values, indent=1) + "\n").encode())


def shipped() -> list[Path]:
    """The presets of the shipped spaces, those of the factory model first."""
    return [SPACES / f"{name}-presets.json" for name in ("circuits", "openamp")]


def known_names() -> dict[tuple[int, ...], str]:
    """The names of the places that the shipped presets have, by the numbers that a module keeps: played, stored."""
    found = {}
    for path in shipped():
        for row in read_file(path)["presets"]:
            place = [*(row["played"][name] for name in PLAYED), *row["stored"]]
            found[tuple(max(-FULL, min(FULL - 1, round(value * FULL))) for value in place)] = str(row["name"])
    return found


def first_presets(model_sha256: str) -> list[tuple[str, tuple[int, ...]]]:
    """What a module begins with whose own model this is (its SHA-256): the shipped presets, by name, as numbers that a
    module keeps: played, stored, level. Empty for any other model.
    """
    for path in shipped():
        values = read_file(path)
        rows = read_record(FileRecord, values, str(path), "").presets
        of_factory = hashlib.sha256(
            path.with_name(path.name.replace("-presets.json", ".grit")).read_bytes()
        ).hexdigest()
        if model_sha256 == of_factory:
            return [
                (str(row.name), (*one.played, *one.stored, one.level_q12))
                for row in rows
                for one in [_preset(row.model_copy(update={"model": None}), [], len(rows), str(path))]
            ]
    return []


Unit = Annotated[float, Field(ge=-1, le=1)]


class PlayedRecord(Record):
    """PLAYED."""

    drive: Unit
    tone: Unit
    symmetry: Unit
    dynamics: Unit


class ModelRecord(OpenRecord):
    """Which model a preset plays: by its SHA-256. The rest is for who reads the file."""

    sha256: str
    name: Any = ""


class PresetRecord(Record):
    """A preset. name: for who reads the file. model: None for the factory's."""

    place: Annotated[int, Field(ge=1)]
    name: Any = None
    played: PlayedRecord
    stored: Annotated[list[Unit], Field(min_length=12, max_length=12)] = [0.0] * 12
    level: Annotated[float, Field(ge=0, le=8)] = 1.0
    model: Annotated[ModelRecord | None, BeforeValidator(lambda value: None if value == FACTORY_NAME else value)] = None


class FileRecord(Record):
    """A presets file. morph_seconds: how long a change from one to another takes; None where it does not say."""

    morph_seconds: Annotated[float, Field(ge=0, le=30)] | None = None
    presets: list[PresetRecord] = Field(default_factory=list)


def parse(values: dict[str, Any], slots: list[Slot], places: int, source: str) -> tuple[int | None, list[Preset]]:
    """Values of a file -> (morph in ms, or None where the file does not say, presets).

    Raises InputError that names what is wrong.
    """
    file = read_record(FileRecord, values, source, "mend it, or write one with: gritspace presets get")
    presets = [_preset(row, slots, places, f"{source}: preset {row.place}") for row in file.presets]
    taken = [preset.index for preset in presets]
    for place in taken:
        if taken.count(place) > 1:
            raise InputError(f"{source}: preset {place + 1} is there twice.")
    return None if file.morph_seconds is None else round(file.morph_seconds * 1000), presets


def _as_values(preset: Preset, slots: list[Slot], names: dict[tuple[int, ...], str]) -> dict[str, Any]:
    model: dict[str, Any] | str = FACTORY_NAME
    if preset.model != FACTORY:
        now = preset.model_now(slots)
        slot = next((s for s in slots if now is not None and s.slot == now - 1), None)
        gone = preset.model_id.hex()  # its beginning is all that the preset remembers
        model = {
            "slot": preset.model - 1 if slot is None else slot.slot,
            "name": slot.name if slot else "",
            "sha256": slot.sha256 if slot else gone,
        }
    name = names.get((*preset.played, *preset.stored))
    return {
        "place": preset.index + 1,
        **({"name": name} if name else {}),
        "played": {name: value / FULL for name, value in zip(PLAYED, preset.played, strict=True)},
        "stored": [value / FULL for value in preset.stored],
        "level": preset.level_q12 / LEVEL_UNITY,
        "model": model,
    }


def as_words(row: dict[str, Any]) -> tuple[str, ...]:
    """One of `read_module`'s rows for a table: place, name, the played dimensions, level in dB, model."""
    level = 20 * math.log10(row["level"]) if row["level"] > 0 else -math.inf
    played = (f"{row['played'][name]:+.2f}" for name in PLAYED)
    model = row["model"] if isinstance(row["model"], str) else row["model"]["name"] or "gone"
    return (str(row["place"]), row.get("name", "-"), *played, f"{level:+.1f} dB", model)


def _preset(row: PresetRecord, slots: list[Slot], places: int, what: str) -> Preset:
    if row.place > places:
        raise InputError(f"{what}: its place is a number from 1 to {places}.")
    return Preset(
        played=tuple(_q15(getattr(row.played, name)) for name in PLAYED),
        stored=tuple(map(_q15, row.stored)),
        level_q12=min(32767, round(row.level * LEVEL_UNITY)),
        model=FACTORY if row.model is None else _slot_of(row.model, slots, what),
        used=1,
        index=row.place - 1,
    )


def _slot_of(model: ModelRecord, slots: list[Slot], what: str) -> int:
    for slot in slots:
        if slot.state == "good" and slot.sha256 == model.sha256:
            return slot.slot + 1
    raise InputError(
        f"{what}: the module does not have its model {model.name!r:.60} ({model.sha256[:12]}); "
        "bring it there first: gritspace upload MODEL."
    )


def _q15(value: float) -> int:
    return max(-FULL, min(FULL - 1, round(value * FULL)))
