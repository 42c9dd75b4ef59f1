"""What a module remembers: presets, settings, calibration, models. Each function takes an open `Module`."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from gritspace.host_tools.link.client import Module, ModuleInfo, Refusal
from gritspace.host_tools.link.frames import LinkError
from gritspace.host_tools.link.messages import Message
from gritspace.host_tools.link.schema import schema

FACTORY = 0
"""The model in internal flash; n is the bank's slot n - 1."""
LEVEL_UNITY = 4096
CHUNK_BYTES = 512
_WAIT_SECONDS = 0.005
_FLASH_SECONDS = 10.0
"""How long a flash may be at work before it counts as broken."""


@dataclass(frozen=True)
class Preset:
    """One preset; the fields are those of the link's `preset` message."""

    played: tuple[int, ...]
    stored: tuple[int, ...]
    level_q12: int
    model: int
    used: int
    index: int
    turns: tuple[int, ...] = (0, 0, 0, 0)
    """Of the bend that lies on it."""
    bend: int = 0
    gate: int = 0
    """In front, dB below full scale; 0: none."""
    model_id: bytes = field(default=bytes(8), compare=False)
    """The beginning of the model's SHA-256; zeros, when it is put: of what is in the slot then."""

    def model_now(self, slots: Sequence[Slot]) -> int | None:
        """Where its model is, as `model`: it may have come into another slot. None: the module has it no more."""
        if self.model == FACTORY or self.model_id == bytes(8):
            return self.model
        good = [slot for slot in slots if slot.state == "good" and slot.sha256.startswith(self.model_id.hex())]
        places = [slot.slot + 1 for slot in good]
        return self.model if self.model in places else next(iter(places), None)


@dataclass(frozen=True)
class KnobEnds:
    """What the knobs read at the ends of their turns; the fields are those of the link's `knob_ends` message."""

    left: tuple[int, ...]
    right: tuple[int, ...]
    nominal_left: int
    nominal_right: int
    calibrated: int


@dataclass(frozen=True)
class ModuleSettings:
    """What holds for all presets; the fields are those of the link's `settings` message."""

    offset_uv: tuple[int, ...]
    gain_ppm: tuple[int, ...]
    records: int
    failed: int
    full_scale_uv: int
    morph_ms: int
    preset: int
    presets: int
    model: int
    calibrated: int
    saved: int
    kept: int
    knobs: int
    cvs: int


@dataclass(frozen=True)
class Slot:
    """A place of the model bank; the fields are those of the link's `slot` message, state and refusal by name."""

    bytes: int
    received: int
    most_bytes: int
    slot: int
    slots: int
    state: str
    refusal: str
    status: int
    playing: int
    sha256: str
    name: str


def get_presets(module: Module) -> list[Preset]:
    """All presets, empty ones too."""
    return [get_preset(module, index) for index in range(get_settings(module).presets)]


def get_preset(module: Module, index: int) -> Preset:
    """One preset. Raises Refusal for one that is not there."""
    return Preset(**module.ask("get_preset", "preset", index=index).values)


def put_preset(module: Module, preset: Preset) -> Preset:
    """Puts a preset and returns what the module has now. It is in flash when `wait_until_saved` returns."""
    return Preset(**module.ask("put_preset", "preset", **asdict(preset)).values)


def get_settings(module: Module) -> ModuleSettings:
    """What holds for all presets."""
    return ModuleSettings(**module.ask("get_settings", "settings").values)


def put_morph(module: Module, morph_ms: int) -> None:
    """How long the way from preset to preset takes, 0..30000 ms."""
    module.ask("put_settings", "settings", morph_ms=morph_ms)


def put_calibration(module: Module, place: int, offset_uv: int, gain_ppm: int, measured: bool = True) -> None:
    """Calibrates a CV input; measured False: back to the nominal one. Raises Refusal for what no circuit can have."""
    module.ask(
        "put_calibration", "settings", offset_uv=offset_uv, gain_ppm=gain_ppm, input=place, measured=int(measured)
    )


def get_knob_ends(module: Module) -> KnobEnds:
    """What the knobs read at the ends of their turns."""
    return KnobEnds(**module.ask("get_knob_ends", "knob_ends").values)


def put_knob_ends(module: Module, knob: int, left: int, right: int, measured: bool = True) -> KnobEnds:
    """Calibrates a knob (from 0); measured False: back to the nominal ends. Raises Refusal for what cannot be."""
    answer = module.ask("put_knob_ends", "knob_ends", knob=knob, left=left, right=right, measured=int(measured))
    return KnobEnds(**answer.values)


def wait_until_saved(module: Module) -> ModuleSettings:
    """Until all settings are in flash. Raises LinkError if they do not get there."""
    until = time.monotonic() + _FLASH_SECONDS
    while not (settings := get_settings(module)).saved:
        if time.monotonic() > until:
            raise LinkError("the module does not get its settings into flash; its flash may be worn out")
        time.sleep(_WAIT_SECONDS)
    if not settings.kept:
        raise LinkError("this module has no flash: what was set is lost with the power")
    return settings


def get_slot(module: Module, slot: int) -> Slot:
    """A place of the bank. A module without a bank has `slots` 0."""
    return _slot(module.ask("get_slot", "slot", slot=slot))


def get_slots(module: Module) -> list[Slot]:
    """The whole bank, each model read again by the module since its power-up."""
    first = get_slot(module, 0)
    return [_read(module, slot) for slot in range(first.slots)]


def _read(module: Module, slot: int) -> Slot:
    """A slot, once the module has read what was in it at power-up."""
    until = time.monotonic() + _FLASH_SECONDS
    while (now := get_slot(module, slot)).state == "checking" and time.monotonic() < until:
        time.sleep(_WAIT_SECONDS)
    return now


def upload(
    module: Module, model: bytes, slot: int | None = None, progress: Callable[[int, int], None] = lambda done, of: None
) -> Slot:
    """Brings a model into the bank while the module plays, and has it checked; returns its slot.

    slot None: where this model, or a part of it, is already; else the first empty one. An upload that was cut goes on
    where it stood. progress(bytes, of all). Raises LinkError if there is no room or the model is refused.
    """
    sha256 = hashlib.sha256(model).digest()
    slots = get_slots(module)
    place = _place(slots, sha256.hex()) if slot is None else slot
    if len(model) > (slots[0].most_bytes if slots else 0):
        most = f"{slots[0].most_bytes:,} bytes" if slots else "no models: it has no flash for them"
        raise LinkError(f"the model has {len(model):,} bytes; a slot of this module holds {most}")
    now = _slot(_patiently(lambda: module.ask("upload_start", "slot", bytes=len(model), sha256=sha256, slot=place)))
    stands, since = now.received, time.monotonic()
    while now.state in ("receiving", "checking"):
        progress(now.received, len(model))
        at, before = now.received, now
        if now.state == "receiving" and at < len(model):
            chunk = model[at : min(at + CHUNK_BYTES, len(model))]
            now = _slot(module.ask("upload_chunk", "slot", tail=chunk, offset=at, slot=place))
        else:
            time.sleep(_WAIT_SECONDS)
            now = get_slot(module, place)
        if now.received != stands or now.state != before.state:
            stands, since = now.received, time.monotonic()
        elif time.monotonic() - since > _FLASH_SECONDS:
            does = (
                "take the model: its flash does not get ready" if at < len(model) else "say whether the model is good"
            )
            raise LinkError(f"the module does not {does}; restart it and try again")
        elif at < len(model):
            time.sleep(_WAIT_SECONDS)
    if now.state != "good" or now.sha256 != sha256.hex():
        raise LinkError(f"the module refused the model: {refusal_text(now)}; quantize it again, or try another slot")
    progress(len(model), len(model))
    return now


def refusal_text(slot: Slot) -> str:
    """Why a slot's model was refused, in words."""
    words = next((v.what for v in schema().enums["refusal"][1] if v.name == slot.refusal), slot.refusal)
    return words.replace("status is its grit_status_t", f"status {slot.status}")


def delete(module: Module, slot: int) -> None:
    """Empties a slot. Raises Refusal while the module plays it."""
    _patiently(lambda: module.ask("delete_model", "slot", slot=slot))


def select(module: Module, model: int) -> ModuleInfo:
    """Plays another model, now and after the next power-up: FACTORY, or a slot's number plus one."""
    module.ask("select_model", "info", model=model)
    return module.info()


def select_bend(module: Module, bend: str, gate: int = 0) -> ModuleInfo:
    """Plays the model under a bend, by its name, where it is played now; "none": as it is.

    gate: in front, dB below full scale; 0: none.

    Raises Refusal if that does not run in real time.
    """
    module.ask("select_bend", "info", bend=schema().value("bend", bend), gate=gate)
    return module.info()


def read_model(module: Module, model: int) -> bytes:
    """A model's bytes back: FACTORY, or a slot's number plus one. Raises Refusal where there is no good one."""
    whole = bytearray()
    while True:
        part = module.ask("read_model", "model_part", offset=len(whole), model=model)
        whole += part.tail.tobytes()
        if len(whole) >= part.values["bytes"] or not len(part.tail):
            return bytes(whole)


def _slot(message: Message) -> Slot:
    values: dict[str, Any] = dict(message.values)
    values["state"] = schema().value_name("slot_state", values["state"])
    values["refusal"] = schema().value_name("refusal", values["refusal"])
    values["sha256"] = values["sha256"].hex()
    return Slot(**values)


def _place(slots: list[Slot], sha256: str) -> int:
    for slot in slots:
        if slot.sha256 == sha256 and slot.bytes:
            return slot.slot
    for slot in slots:
        if slot.state in ("empty", "refused"):
            return slot.slot
    if not slots:
        raise LinkError(
            "this module has no model bank; build the model into its firmware: gritspace build --model FILE"
        )
    raise LinkError(f"all {len(slots)} slots are taken; make room with --delete SLOT, or name one with --slot")


def _patiently(ask: Callable[[], Message]) -> Message:
    """Asks again while the flash is at work."""
    until = time.monotonic() + _FLASH_SECONDS
    while True:
        try:
            return ask()
        except Refusal as refusal:
            if refusal.name != "wait" or time.monotonic() > until:
                raise
            time.sleep(_WAIT_SECONDS)
