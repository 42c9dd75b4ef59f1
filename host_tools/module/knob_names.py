"""What a device's own knobs are called, asked of the module that plays its model: they stand in the model's bytes."""

from __future__ import annotations

from collections.abc import Sequence

from gritspace.host_tools.link.client import Module, Refusal
from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.module.panel_names import KNOBS, PLAYED
from gritspace.quantize.model.grit import metadata_in, read_header
from gritspace.quantize.model.grit_layout import size_of
from gritspace.quantize.model.model import knob_names_in
from gritspace.train.errors import InputError

_known: dict[str, tuple[str, ...]] = {}
"""By the model's SHA-256."""


def own_knobs(module: Module, model: int, sha256: str | None) -> tuple[str, ...]:
    """model: FACTORY, or a slot's number plus one; sha256: of its bytes, in hexadecimal, if it is known. () where the
    played dimensions are no device's knobs, and of a module that is too old to read its models back.
    """
    if sha256 in _known:
        return _known[sha256]
    try:
        found = _asked(module, model)
    except (Refusal, InputError):
        return ()
    if sha256 is not None:
        _known[sha256] = found
    return found


def panel_names(own: Sequence[str]) -> tuple[str, ...]:
    """The panel's knobs in its order, the first ones called by the device's own names.

    >>> panel_names(("fuzz",))
    ('fuzz', 'tone', 'symmetry', 'dynamics', 'gain', 'mix', 'level')
    """
    return (*own, *KNOBS[len(own) :])


def jack_names(own: Sequence[str]) -> tuple[str, ...]:
    """The same of the played dimensions alone, which have jacks."""
    return panel_names(own)[: len(PLAYED)]


def _asked(module: Module, model: int) -> tuple[str, ...]:
    header = read_header(_part(module, model, 0, size_of("header")))
    blob = _part(module, model, header["metadata"], header["metadata_bytes"])
    return knob_names_in(metadata_in(blob), header["position_count"])


def _part(module: Module, model: int, start: int, count: int) -> bytes:
    found = bytearray()
    while len(found) < count:
        part = module.ask("read_model", "model_part", offset=start + len(found), model=model)
        if not len(part.tail):
            raise LinkError("the module reads back less of a model than its header says; upload it again.")
        found += part.tail.tobytes()
    return bytes(found[:count])
