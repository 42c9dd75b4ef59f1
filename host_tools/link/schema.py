"""The link's definition, `link.toml`, read; and the C header and the documentation's tables written from it.

`python -m gritspace.host_tools.link.schema` rewrites
firmware/module/wire/generated/link_messages.h and the tables in docs/link.md.
"""

from __future__ import annotations

import struct
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("link.toml")
HEADER = ROOT / "firmware" / "module" / "wire" / "generated" / "link_messages.h"
DOCUMENT = ROOT / "docs" / "link.md"

_TYPES = {
    "u8": ("uint8_t", "B", 1),
    "u16": ("uint16_t", "H", 2),
    "i16": ("int16_t", "h", 2),
    "u32": ("uint32_t", "I", 4),
    "i32": ("int32_t", "i", 4),
    "bytes": ("uint8_t", "s", 1),
    "text": ("char", "s", 1),
}


@dataclass(frozen=True)
class Field:
    """One field of a payload. count is 1 for a number; bytes and text count bytes."""

    name: str
    type: str
    what: str
    unit: str = ""
    count: int = 1

    @property
    def c_type(self) -> str:
        """The field's element in C."""
        return _TYPES[self.type][0]

    @property
    def format(self) -> str:
        """The field for `struct`."""
        return f"{self.count if self.count > 1 else ''}{_TYPES[self.type][1]}"

    @property
    def dtype(self) -> str:
        """The field's element for numpy."""
        return f"<{_TYPES[self.type][1]}"

    @property
    def alignment(self) -> int:
        """Bytes its offset is a multiple of."""
        return _TYPES[self.type][2]


@dataclass(frozen=True)
class Message:
    """A message: fixed fields, then, where there is a tail, an array that fills the rest of the payload."""

    name: str
    id: int
    sender: str
    what: str
    fields: tuple[Field, ...]
    tail: Field | None

    @property
    def format(self) -> str:
        """The fixed fields for `struct`."""
        return "<" + "".join(field.format for field in self.fields)

    @property
    def fixed_bytes(self) -> int:
        """Size of the fixed fields."""
        return struct.calcsize(self.format)


@dataclass(frozen=True)
class Value:
    """A named number."""

    name: str
    value: int
    what: str


@dataclass(frozen=True)
class Schema:
    """All of link.toml."""

    version: int
    limits: tuple[Value, ...]
    header: Message
    enums: dict[str, tuple[str, tuple[Value, ...]]]
    messages: tuple[Message, ...]

    def limit(self, name: str) -> int:
        """A limit by name."""
        return next(value.value for value in self.limits if value.name == name)

    def value(self, enum: str, name: str) -> int:
        """An enum value by name."""
        return next(v.value for v in self.enums[enum][1] if v.name == name)

    def flags(self, enum: str, bits: int) -> tuple[str, ...]:
        """The names of the bits that are set."""
        return tuple(v.name for v in self.enums[enum][1] if v.value & bits)

    def count(self, message: str, field: str) -> int:
        """How many elements a field of a message has."""
        fields = next(m for m in self.messages if m.name == message).fields
        return next(f.count for f in fields if f.name == field)

    def value_name(self, enum: str, value: int) -> str:
        """An enum value's name, or its number where it has none."""
        return next((v.name for v in self.enums[enum][1] if v.value == value), str(value))


@cache
def schema() -> Schema:
    """link.toml, checked. Raises ValueError for a table that cannot be laid out."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    messages = tuple(_message(row) for row in table["messages"])
    if len({m.id for m in messages}) != len(messages) or len({m.name for m in messages}) != len(messages):
        raise ValueError("two messages share an id or a name")
    return Schema(
        version=table["version"],
        limits=tuple(Value(name, row["value"], row["what"]) for name, row in table["limits"].items()),
        header=_message({"name": "header", "id": 0, "from": "both", "what": "", **table["header"]}),
        enums={
            name: (row["what"], tuple(Value(**value) for value in row["values"]))
            for name, row in table["enums"].items()
        },
        messages=messages,
    )


def _message(row: dict[str, Any]) -> Message:
    tail = row.get("tail")
    message = Message(
        name=row["name"],
        id=row["id"],
        sender=row["from"],
        what=row["what"],
        fields=tuple(Field(**field) for field in row["fields"]),
        tail=None if tail is None else Field(**tail),
    )
    offset = 0
    for field in (*message.fields, *([message.tail] if message.tail else [])):
        if offset % field.alignment:
            raise ValueError(f"{message.name}.{field.name} is not aligned to its own size")
        offset += struct.calcsize("<" + field.format)
    return message


def c_header() -> str:
    """firmware/module/wire/generated/link_messages.h."""
    s = schema()
    lines = [
        "/* Generated from host_tools/link/link.toml by `python -m gritspace.host_tools.link.schema`; do not edit.",
        " *",
        " * The link's messages. Little-endian; every field is aligned to its size; payloads go into structs. */",
        "/* clang-format off */",
        "#ifndef GRITSPACE_LINK_MESSAGES_H",
        "#define GRITSPACE_LINK_MESSAGES_H",
        "",
        "#include <stddef.h>",
        "#include <stdint.h>",
        "",
        f"#define GRIT_LINK_VERSION {s.version}u",
        *(f"#define GRIT_LINK_{limit.name.upper()} {limit.value}u /* {limit.what} */" for limit in s.limits),
    ]
    for name, (what, values) in s.enums.items():
        lines += ["", f"/* {what} */", "enum {"]
        lines += [f"  GRIT_LINK_{name.upper()}_{v.name.upper()} = {v.value}, /* {v.what} */" for v in values]
        lines += ["};"]
    lines += ["", "enum {"]
    lines += [f"  GRIT_LINK_{m.name.upper()} = 0x{m.id:02X}, /* from the {m.sender}. {m.what} */" for m in s.messages]
    lines += ["};", *_c_lengths(s), *_c_struct(s.header)]
    for message in s.messages:
        if message.fields:
            lines += _c_struct(message)
    return "\n".join([*lines, "", "#endif", ""])


def _c_lengths(s: Schema) -> list[str]:
    rows = [
        f"  X({m.name.upper()}, {m.name}, {m.fixed_bytes}u, {0 if m.tail is None else 1})"
        for m in s.messages
        if m.sender == "laptop"
    ]
    head = ["", "/* X(message, its name, bytes of its fixed fields, 1 if a tail follows): all that a laptop sends. */"]
    return [*head, "#define GRIT_LINK_FROM_LAPTOP(X) \\", *(f"{row} \\" for row in rows[:-1]), rows[-1]]


def _c_struct(message: Message) -> list[str]:
    name = f"grit_link_{message.name}_t"
    lines = ["", "typedef struct {"]
    for field in message.fields:
        count = f"[{field.count}]" if field.count > 1 else ""
        unit = f"{field.unit}; " if field.unit else ""
        lines.append(f"  {field.c_type} {field.name}{count}; /* {unit}{field.what} */")
    # Trailing padding would make the struct longer than the message.
    used = f"offsetof({name}, {message.fields[-1].name}) + sizeof((({name} *)0)->{message.fields[-1].name})"
    define = f"#define GRIT_LINK_{message.name.upper()}_BYTES {message.fixed_bytes}u"
    return [*lines, f"}} {name};", define, f'_Static_assert({used} == {message.fixed_bytes}, "{name}");']


def tables() -> str:
    """The reference part of docs/link.md."""
    s = schema()
    lines = [f"Version {s.version}.", "", "### Limits", "", "| name | value | what |", "|---|---|---|"]
    lines += [f"| `{limit.name}` | {limit.value} | {limit.what} |" for limit in s.limits]
    lines += ["", "### Header", "", *_field_table(s.header), "", "### Messages"]
    for message in s.messages:
        lines += ["", f"#### `{message.name}` (0x{message.id:02X}, from the {message.sender})", "", message.what]
        if message.fields or message.tail:
            lines += ["", *_field_table(message)]
    for name, (what, values) in s.enums.items():
        lines += ["", f"### `{name}`: {what}", "", "| value | name | what |", "|---|---|---|"]
        lines += [f"| {v.value} | `{v.name}` | {v.what} |" for v in values]
    return "\n".join(lines) + "\n"


def _field_table(message: Message) -> list[str]:
    lines = ["| offset | field | type | unit | what |", "|---|---|---|---|---|"]
    offset = 0
    for field in message.fields:
        count = f"[{field.count}]" if field.count > 1 else ""
        lines.append(f"| {offset} | `{field.name}` | {field.type}{count} | {field.unit} | {field.what} |")
        offset += struct.calcsize("<" + field.format)
    if message.tail:
        lines.append(
            f"| {offset} | `{message.tail.name}` | {message.tail.type}[] | {message.tail.unit} | {message.tail.what} |"
        )
    return lines


BEGIN, END = "<!-- begin: generated from host_tools/link/link.toml -->\n", "<!-- end -->\n"


def document_with_tables(document: str) -> str:
    """docs/link.md with its tables made anew. Raises ValueError if the marks are missing."""
    before, rest = document.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}{tables()}{END}{after}"


if __name__ == "__main__":
    HEADER.write_text(c_header(), encoding="utf-8")
    if DOCUMENT.exists():
        DOCUMENT.write_text(document_with_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
