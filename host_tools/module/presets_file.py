"""A module's presets as a JSON file, and back: to edit, to keep, to bring to another module.

Positions are numbers from -1 to 1, a level is a factor, a model is named by its SHA-256, so that it is found in
whichever slot another module has it.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from gritspace.host_tools.link.client import Module
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.knob_names import own_knobs
from gritspace.host_tools.module.memory import FACTORY, LEVEL_UNITY, Preset, Slot
from gritspace.host_tools.module.panel_names import PLAYED
from gritspace.host_tools.sound.bends import KINDS
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
    names, own = known_names(), _own_knobs(module, slots)
    used = [preset for preset in memory.get_presets(module) if preset.used]
    return {
        "morph_seconds": memory.get_settings(module).morph_ms / 1000,
        "presets": [
            _in_own_words(_as_values(preset, slots, names), own(preset.model_now(slots)), preset) for preset in used
        ],
    }


def write_module(module: Module, values: dict[str, Any], source: str) -> int:
    """Puts presets into a module, leaves the places that are not named alone; returns how many when all are in flash.

    source: what to call the values in an error. Raises InputError, before anything is written, for values that are
    none, LinkError when the module fails.
    """
    slots = memory.get_slots(module)
    morph_ms, presets = parse(values, slots, memory.get_settings(module).presets, source, _own_knobs(module, slots))
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


class BendRecord(Record):
    """The bend that lies on a preset's position, and its four knobs."""

    kind: Literal["slope", "hold", "feedback", "rate"]
    knobs: Annotated[list[Unit], Field(min_length=4, max_length=4)] = [0.0] * 4


class ModelRecord(OpenRecord):
    """Which model a preset plays: by its SHA-256. The rest is for who reads the file."""

    sha256: str
    name: Any = ""


class PresetRecord(Record):
    """A preset. name: for who reads the file. knobs: in place of played where a model has a device's own, each from 0
    to 1. gate: where one in front opens, dBFS; 0: none. model: None for the factory's."""

    @model_validator(mode="after")
    def _says_where_it_is_played(self) -> PresetRecord:
        if (self.played is None) == (self.knobs is None):
            raise ValueError("it has either 'played' or, of a device's own knobs, 'knobs'")
        return self

    place: Annotated[int, Field(ge=1)]
    name: Any = None
    played: PlayedRecord | None = None
    knobs: dict[str, Annotated[float, Field(ge=0, le=1)]] | None = None
    stored: Annotated[list[Unit], Field(min_length=12, max_length=12)] = [0.0] * 12
    bend: BendRecord | None = None
    gate: Annotated[int, Field(ge=-96, le=0)] = 0
    level: Annotated[float, Field(ge=0, le=8)] = 1.0
    model: Annotated[ModelRecord | None, BeforeValidator(lambda value: None if value == FACTORY_NAME else value)] = None


class FileRecord(Record):
    """A presets file. morph_seconds: how long a change from one to another takes; None where it does not say."""

    morph_seconds: Annotated[float, Field(ge=0, le=30)] | None = None
    presets: list[PresetRecord] = Field(default_factory=list)


Own = Callable[[int | None], Sequence[str]]
"""A model's number -> the names of the device's knobs that it has, if it has any."""


def parse(
    values: dict[str, Any], slots: list[Slot], places: int, source: str, own: Own = lambda model: ()
) -> tuple[int | None, list[Preset]]:
    """Values of a file -> (morph in ms, or None where the file does not say, presets).

    Raises InputError that names what is wrong.
    """
    file = read_record(FileRecord, values, source, "mend it, or write one with: gritspace presets get")
    presets = [_preset(row, slots, places, f"{source}: preset {row.place}", own) for row in file.presets]
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
        **({"bend": _bend_of(preset)} if preset.bend else {}),
        **({"gate": -preset.gate} if preset.gate else {}),
        "level": preset.level_q12 / LEVEL_UNITY,
        "model": model,
    }


def as_words(row: dict[str, Any]) -> tuple[str, ...]:
    """One of `read_module`'s rows for a table: place, name, the played dimensions, level in dB, model. A device's own
    knobs stand with their names where the played dimensions do."""
    level = 20 * math.log10(row["level"]) if row["level"] > 0 else -math.inf
    own = [f"{name} {turn:.2f}" for name, turn in row.get("knobs", {}).items()]
    played = [*own, *("-" for _ in PLAYED[len(own) :])] if own else [f"{row['played'][name]:+.2f}" for name in PLAYED]
    model = row["model"] if isinstance(row["model"], str) else row["model"]["name"] or "gone"
    return (str(row["place"]), row.get("name", "-"), *played, f"{level:+.1f} dB", model)


def _bend_of(preset: Preset) -> dict[str, Any]:
    return {"kind": KINDS[preset.bend], "knobs": [turn / FULL for turn in preset.turns]}


def _preset(row: PresetRecord, slots: list[Slot], places: int, what: str, own: Own = lambda model: ()) -> Preset:
    if row.place > places:
        raise InputError(f"{what}: its place is a number from 1 to {places}.")
    model = FACTORY if row.model is None else _slot_of(row.model, slots, what)
    return Preset(
        played=_played(row, own(model) if row.knobs is not None else (), what),
        stored=tuple(map(_q15, row.stored)),
        turns=tuple(map(_q15, row.bend.knobs)) if row.bend else (0,) * 4,
        bend=KINDS.index(row.bend.kind) if row.bend else 0,
        gate=-row.gate,
        level_q12=min(32767, round(row.level * LEVEL_UNITY)),
        model=model,
        used=1,
        index=row.place - 1,
    )


def _played(row: PresetRecord, own: Sequence[str], what: str) -> tuple[int, ...]:
    """Knobs that are not said stand in their middles."""
    if row.knobs is None:
        return tuple(_q15(getattr(row.played, name)) for name in PLAYED)
    for name in row.knobs:
        if name not in own:
            raise InputError(f"{what}: its model has no knob {name!r:.40}; its knobs: {', '.join(own) or 'none'}.")
    turns = [row.knobs.get(name, 0.5) for name in own] + [0.5] * (len(PLAYED) - len(own))
    return tuple(_q15(2 * turn - 1) for turn in turns)


def _in_own_words(values: dict[str, Any], own: Sequence[str], preset: Preset) -> dict[str, Any]:
    """Of a model with a device's own knobs its values name them, from 0 to 1, where others have `played`."""
    if not own:
        return values
    turns = {name: round((value / FULL + 1) / 2, 5) for name, value in zip(own, preset.played, strict=False)}
    return {
        ("knobs" if key == "played" else key): (turns if key == "played" else value) for key, value in values.items()
    }


def _own_knobs(module: Module, slots: list[Slot]) -> Own:
    sha256 = {slot.slot + 1: slot.sha256 for slot in slots if slot.state == "good"}

    def own(model: int | None) -> Sequence[str]:
        known = model is not None and (model == FACTORY or model in sha256)
        return own_knobs(module, model, sha256.get(model)) if known and model is not None else ()

    return own


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
