"""The link's messages as Python values, packed and unpacked by the table in link.toml."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.link.frames import Frame
from gritspace.host_tools.link.schema import Message as Layout
from gritspace.host_tools.link.schema import schema

_BY_NAME = {layout.name: layout for layout in schema().messages}
_BY_ID = {layout.id: layout for layout in schema().messages}
_NO_TAIL = np.zeros(0, np.int16)


@dataclass(frozen=True)
class Message:
    """A message that came in. values by field name; tail (n,) of the table's type, empty where there is none."""

    name: str
    sequence: int
    values: dict[str, Any]
    tail: NDArray[Any]


def message_frame(
    name: str, sequence: int, tail: NDArray[Any] | Sequence[int] | bytes | None = None, **values: Any
) -> Frame:
    """A message as a frame. values: every fixed field; bytes and text are padded with zeros.

    tail: numbers of its type, or its bytes.
    Raises KeyError or struct.error for what the table does not allow.
    """
    layout = _BY_NAME[name]
    parts: list[Any] = []
    for field in layout.fields:
        value = values.pop(field.name)
        if field.type == "text":
            parts.append(value.encode())
        elif field.count > 1 and field.type != "bytes":
            parts.extend(value)
        else:
            parts.append(value)
    if values:
        raise KeyError(f"{name} has no field {next(iter(values))}")
    payload = struct.pack(layout.format, *parts)
    if isinstance(tail, bytes):
        payload += tail
    elif tail is not None:
        payload += np.asarray(tail, layout.tail.dtype if layout.tail else "<i2").tobytes()
    return Frame(layout.id, sequence & 0xFFFF, payload)


def message_of(frame: Frame) -> Message | None:
    """A frame's message; None for an unknown one or a payload of the wrong length."""
    layout = _BY_ID.get(frame.message)
    if layout is None or not _fits(layout, len(frame.payload)):
        return None
    numbers = list(struct.unpack_from(layout.format, frame.payload))
    values: dict[str, Any] = {}
    for field in layout.fields:
        if field.type == "text":
            values[field.name] = numbers.pop(0).split(b"\0")[0].decode(errors="replace")
        elif field.count > 1 and field.type != "bytes":
            values[field.name] = tuple(numbers[: field.count])
            del numbers[: field.count]
        else:
            values[field.name] = numbers.pop(0)
    if layout.tail is None:
        return Message(layout.name, frame.sequence, values, _NO_TAIL)
    tail = np.frombuffer(frame.payload, layout.tail.dtype, offset=layout.fixed_bytes)
    return Message(layout.name, frame.sequence, values, tail.astype(tail.dtype.newbyteorder("=")))


def _fits(layout: Layout, payload_bytes: int) -> bool:
    rest = payload_bytes - layout.fixed_bytes
    return rest >= 0 and rest % layout.tail.alignment == 0 if layout.tail else rest == 0
