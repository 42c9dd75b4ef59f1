"""link.toml and what is generated from it."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from gritspace.host_tools.link import schema as link_schema
from gritspace.host_tools.link.frames import Frame
from gritspace.host_tools.link.messages import message_frame, message_of
from gritspace.host_tools.link.schema import schema

REMAKE = "run: python -m gritspace.host_tools.link.schema"


def test_the_c_header_is_what_the_table_gives() -> None:
    assert link_schema.HEADER.read_text(encoding="utf-8") == link_schema.c_header(), REMAKE


def test_the_documents_tables_are_what_the_table_gives() -> None:
    document = link_schema.DOCUMENT.read_text(encoding="utf-8")
    assert document == link_schema.document_with_tables(document), REMAKE


def test_every_message_fits_into_a_payload() -> None:
    blocks, positions = schema().limit("message_blocks"), schema().limit("position_count")
    samples = blocks * schema().limit("block_frames")
    most = {"stream_block": samples + blocks * positions, "stream_reply": samples}
    for message in schema().messages:
        tail = 2 * most.get(message.name, positions) if message.tail else 0
        assert message.fixed_bytes + tail <= schema().limit("payload_bytes"), message.name


def test_a_field_that_is_not_aligned_is_refused() -> None:
    row = {"name": "crooked", "id": 1, "from": "laptop", "what": ""}
    fields = [{"name": "a", "type": "u8", "what": ""}, {"name": "b", "type": "u32", "what": ""}]
    with pytest.raises(ValueError, match=r"crooked\.b is not aligned"):
        link_schema._message({**row, "fields": fields})


def test_a_message_comes_back_as_it_was_sent() -> None:
    values = {"code": 3, "request": 5, "detail": -7, "text": "too short"}
    message = message_of(message_frame("error", 70000, **values))
    assert message is not None
    assert (message.name, message.sequence, message.values) == ("error", 70000 & 0xFFFF, values)
    reply = message_frame(
        "stream_reply", 1, np.array([-1, 2], np.int16), stream=9, index=8, work=(1, 2, 3, 4), credits=7
    )
    message = message_of(reply)
    assert message is not None
    assert message.values == {"stream": 9, "index": 8, "work": (1, 2, 3, 4), "credits": 7}
    assert message.tail.tolist() == [-1, 2]
    assert reply.payload == struct.pack("<IIIIIIHhh", 9, 8, 1, 2, 3, 4, 7, -1, 2)


def test_a_payload_of_the_wrong_length_or_an_unknown_message_is_none() -> None:
    good = message_frame("stream_stop", 1, stream=1)
    assert message_of(Frame(good.message, 1, good.payload + b"x")) is None
    assert message_of(Frame(good.message, 1, good.payload[:-1])) is None
    assert message_of(Frame(0x70, 1)) is None


def test_fields_that_are_missing_or_unknown_are_errors() -> None:
    with pytest.raises(KeyError, match="stream"):
        message_frame("stream_stop", 1)
    with pytest.raises(KeyError, match="no field colour"):
        message_frame("hello", 1, colour=1)
