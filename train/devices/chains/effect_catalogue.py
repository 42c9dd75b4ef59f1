"""The catalogue of built-in effects, by name."""

from __future__ import annotations

from gritspace.train.devices.chains.effect import Effect
from gritspace.train.devices.chains.effects_with_memory import WITH_MEMORY
from gritspace.train.devices.chains.waveshapers import WAVESHAPERS
from gritspace.train.errors import InputError

EFFECTS: dict[str, Effect] = {effect.name: effect for effect in (*WAVESHAPERS, *WITH_MEMORY)}


def effect_named(name: str, where: str) -> Effect:
    """Raises InputError if the catalogue has none of this name."""
    if name not in EFFECTS:
        raise InputError(
            f"{where}: there is no effect {name!r}; there are {', '.join(EFFECTS)}, pedalboard.NAME and sox.NAME."
        )
    return EFFECTS[name]
