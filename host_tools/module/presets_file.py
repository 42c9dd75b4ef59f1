"""A module's presets as a JSON file, and back: to edit, to keep, to bring to another module.

Positions are numbers from -1 to 1, a level is a factor, a model is named by its SHA-256, so that it is found in
whichever slot another module has it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.memory import FACTORY, LEVEL_UNITY, Preset, Slot
from gritspace.host_tools.module.panel_names import PLAYED
from gritspace.quantize.firmware_sources import SPACES
from gritspace.train.errors import InputError
from gritspace.train.output_file import write_whole
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


def parse(values: dict[str, Any], slots: list[Slot], places: int, source: str) -> tuple[int | None, list[Preset]]:
    """Values of a file -> (morph in ms, or None where the file does not say, presets).

    Raises InputError that names what is wrong.
    """
    unknown = values.keys() - {"morph_seconds", "presets"}
    if unknown:
        raise InputError(f"{source}: {sorted(unknown)[0]!r} means nothing here; there is morph_seconds and presets.")
    morph_ms = None
    if "morph_seconds" in values:
        morph_ms = round(_number(values["morph_seconds"], 0, 30, f"{source}: morph_seconds") * 1000)
    rows = values.get("presets", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InputError(f"{source}: presets is a list of objects.")
    presets = [_from_values(row, slots, places, f"{source}: preset {row.get('place')}") for row in rows]
    taken = [preset.index for preset in presets]
    for place in taken:
        if taken.count(place) > 1:
            raise InputError(f"{source}: preset {place + 1} is there twice.")
    return morph_ms, presets


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


def _from_values(row: dict[str, Any], slots: list[Slot], places: int, what: str) -> Preset:
    known = {"place", "name", "played", "stored", "level", "model"}  # a name is for who reads the file
    if row.keys() - known:
        raise InputError(f"{what}: {sorted(row.keys() - known)[0]!r} means nothing here; there is {sorted(known)}.")
    place = row.get("place")
    if not isinstance(place, int) or not 1 <= place <= places:
        raise InputError(f"{what}: its place is a number from 1 to {places}.")
    played, stored = row.get("played"), row.get("stored", [0.0] * 12)
    if not isinstance(played, dict) or played.keys() != set(PLAYED):
        raise InputError(f"{what}: played has just {', '.join(PLAYED)}.")
    if not isinstance(stored, list) or len(stored) != 12:
        raise InputError(f"{what}: stored has 12 numbers.")
    return Preset(
        played=tuple(_q15(played[name], f"{what}: {name}") for name in PLAYED),
        stored=tuple(_q15(value, f"{what}: a stored dimension") for value in stored),
        level_q12=min(32767, round(_number(row.get("level", 1.0), 0, 8, f"{what}: level") * LEVEL_UNITY)),
        model=_model(row.get("model", FACTORY_NAME), slots, what),
        used=1,
        index=place - 1,
    )


def _model(value: Any, slots: list[Slot], what: str) -> int:
    if value == FACTORY_NAME:
        return FACTORY
    if not isinstance(value, dict) or not isinstance(value.get("sha256"), str):
        raise InputError(f"{what}: model is {FACTORY_NAME!r}, or an object with the model's sha256 in it.")
    for slot in slots:
        if slot.state == "good" and slot.sha256 == value["sha256"]:
            return slot.slot + 1
    raise InputError(
        f"{what}: the module does not have its model {value.get('name', '')!r} ({value['sha256'][:12]}); "
        "bring it there first: gritspace upload MODEL."
    )


def _q15(value: Any, what: str) -> int:
    return max(-FULL, min(FULL - 1, round(_number(value, -1, 1, what) * FULL)))


def _number(value: Any, least: float, most: float, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InputError(f"{what} is a number from {least:g} to {most:g}, not {value!r}.")
    return float(value)
