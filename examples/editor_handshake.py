"""The link's first frames from nothing but docs/link.md: where an editor of your own begins, in any language.

A frame is COBS(header, payload, CRC-32) and a zero; the header is message, version, sequence. This asks `hello`
(message 1) and reads the `info` that answers it, without a line of gritspace.
"""

from __future__ import annotations

import argparse
import struct
import zlib

import serial  # pyserial


def cobs(raw: bytes) -> bytes:
    """Consistent Overhead Byte Stuffing: the same bytes without a zero among them."""
    coded = bytearray()
    for part in raw.split(b"\0"):
        while len(part) >= 254:
            coded += b"\xff" + part[:254]
            part = part[254:]
        coded += bytes([len(part) + 1]) + part
    return bytes(coded)


def uncobs(coded: bytes) -> bytes:
    """The bytes that were stuffed."""
    raw, at = bytearray(), 0
    while at < len(coded):
        count = coded[at]
        raw += coded[at + 1 : at + count]
        at += count
        if count < 255 and at < len(coded):
            raw.append(0)
    return bytes(raw)


HELLO, INFO, VERSION = 1, 129, 2
parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("port", help="as `gritspace simulate` or your system names it")
port = serial.serial_for_url(parser.parse_args().port, timeout=2)

frame = struct.pack("<BBH", HELLO, VERSION, 7)
frame += struct.pack("<I", zlib.crc32(frame))
port.write(b"\0" + cobs(frame) + b"\0")

answer = uncobs(port.read_until(b"\0")[:-1])
body, checksum = answer[:-4], struct.unpack("<I", answer[-4:])[0]
if zlib.crc32(body) != checksum:
    raise SystemExit("the answer was damaged; ask again")
message, version, sequence = struct.unpack("<BBH", body[:4])
print(f"message {message}, link version {version}, answer to {sequence}")
if message == INFO:  # six u32, two u16, an i16, five u16, then the hash and three texts: the table in docs/link.md
    fields = struct.unpack("<6I2Hh5H32s48s32s16s", body[4:])
    sha256, name, firmware, board = fields[-4:]
    print(f"board {board.rstrip(bytes(1)).decode()}, firmware {firmware.rstrip(bytes(1)).decode()}")
    print(f"plays {name.rstrip(bytes(1)).decode()!r}, SHA-256 {sha256.hex()}")
