"""Reads patch_init.toml: another maker's panel, of which the firmware needs the pins and the nominal voltages only."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from .panel_map import Control, PanelMapError

PATCH_INIT_TOML = Path(__file__).with_name("patch_init.toml")


def controls_of(raw: dict[str, Any]) -> dict[str, tuple[Control, ...]]:
    """The controls by kind. Raises PanelMapError, with one sentence, where the file contradicts itself."""
    found: dict[str, tuple[Control, ...]] = {}
    owner: dict[str, str] = {}
    for kind in ("knob", "cv", "gate", "button"):
        for entry in raw[kind]:
            label, pin = f"{kind} {entry['name']}", entry["pin"]
            if pin not in raw["pins"]:
                raise PanelMapError(f"patch_init.toml: {label} names pin {pin}, which the file does not have.")
            if pin in owner:
                raise PanelMapError(f"patch_init.toml: {label} and {owner[pin]} both use pin {pin}.")
            owner[pin] = label
        found[kind] = tuple(
            Control(
                kind, entry["name"], (entry["pin"],), 0.0, 0.0, entry.get("kind", ""), entry.get("active_low", False)
            )
            for entry in raw[kind]
        )
    played = [knob.name for knob in found["knob"] if knob.group == "played"]
    if played != [cv.name for cv in found["cv"]]:
        raise PanelMapError("patch_init.toml: the played knobs and the CV inputs must have the same names in order.")
    return found


def load(path: Path = PATCH_INIT_TOML) -> dict[str, Any]:
    """The file as it is."""
    return tomllib.loads(path.read_text(encoding="utf-8"))
