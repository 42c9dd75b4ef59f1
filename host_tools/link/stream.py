"""A stream's laptop side without a port: which stream_blocks to send when, whatever the line loses or damages.

The module processes each stream_block once and in order and answers an earlier one from memory. Because a serial line
keeps the order, every answer also tells what became of the frames sent before the one it answers: no waiting is needed
but for the last ones. A line that repeats or reorders frames costs time, never a wrong sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from gritspace.host_tools.link.frames import Frame, LinkError
from gritspace.host_tools.link.messages import Message, message_frame
from gritspace.host_tools.link.schema import schema

BLOCK_FRAMES = schema().limit("block_frames")


class StreamSender:
    """Feed it what comes in, send what it returns. answers[i] is the answer to stream_block i, or None."""

    def __init__(self, stream: int, blocks: Sequence[Frame], credits: int, sequence: Callable[[], int]) -> None:
        self.stream = stream
        self.retries = 0
        self.late = 0
        """Answers to the first of several askings: nothing was lost, the module takes its time."""
        self.answers: list[Message | None] = [None] * len(blocks)
        self.oldest = 0
        """Index of the first stream_block without an answer."""
        self._blocks = blocks
        self._credits = credits
        self._sequence = sequence
        self._next = 0  # index of the stream_block to send next
        self._sent_as = [-1] * len(blocks)  # the sequence each was last sent with, counted on without end
        self._last_sequence = -1
        self._back_at = 0  # answers to what was sent before this sequence tell nothing new

    @property
    def finished(self) -> bool:
        """Everything has been answered."""
        return self.oldest == len(self._blocks)

    def due(self) -> list[Frame]:
        """What may be sent now."""
        frames = []
        while self._next < min(len(self._blocks), self.oldest + self._credits):
            frames.append(self._send(self._next))
            self._next += 1
        return frames

    def take(self, message: Message) -> list[Frame]:
        """An answer from the module -> what to send again because of it. Raises LinkError if the stream is lost."""
        if message.name == "error":
            return self._refused(message)
        if message.values.get("stream") != self.stream:
            return []
        if message.name == "stream_reply":
            return self._replied(message)
        if message.name == "stream_ready":
            self._go_back(message)
        return []

    def timeout(self) -> list[Frame]:
        """Nothing has come for a while -> what to ask again."""
        return [self._send(i) for i in range(self.oldest, self._next) if self.answers[i] is None]

    def _send(self, index: int) -> Frame:
        if self._sent_as[index] >= 0:
            self.retries += 1
        wire = self._sequence() & 0xFFFF
        self._last_sequence += 1 + ((wire - self._last_sequence - 1) & 0xFFFF)
        self._sent_as[index] = self._last_sequence
        block = self._blocks[index]
        return Frame(block.message, wire, block.payload)

    def _full_sequence(self, wire: int) -> int:
        return self._last_sequence - ((self._last_sequence - wire) & 0xFFFF)

    def _replied(self, message: Message) -> list[Frame]:
        index = message.values["index"]
        if index >= self._next or self.answers[index] is not None:
            return []
        wanted = (len(self._blocks[index].payload) - _data_offset(self._blocks[index])) // 2
        if len(message.tail) != wanted:
            return []
        self.answers[index] = message
        asked = self._full_sequence(message.sequence)
        self.late += asked < self._sent_as[index]
        while not self.finished and self.answers[self.oldest] is not None:
            self.oldest += 1
        # The module has processed all before this one: answers to what was asked earlier and has none are lost.
        missing = [i for i in range(self.oldest, index) if self.answers[i] is None and self._sent_as[i] < asked]
        return [self._send(i) for i in missing]

    def _go_back(self, message: Message) -> None:
        waits_for = message.values["next"]
        if self._full_sequence(message.sequence) < self._back_at or not self.oldest <= waits_for < self._next:
            return
        self._next = waits_for
        self._back_at = self._last_sequence + 1

    def _refused(self, message: Message) -> list[Frame]:
        if message.values["request"] != self._blocks[0].message:
            return []  # an answer to something else, come late
        raise LinkError(
            f"the module gave the stream up: {message.values['text']} "
            f"({schema().value_name('error', message.values['code'])}); start again"
        )


def _data_offset(block: Frame) -> int:
    """Bytes of a stream_block before its samples."""
    fixed = next(m for m in schema().messages if m.name == "stream_block").fixed_bytes
    return len(block.payload) - block.payload[fixed - 2] * BLOCK_FRAMES * 2


def stream_blocks(
    stream: int, audio: NDArray[np.int16], positions: NDArray[np.int16], message_blocks: int
) -> list[Frame]:
    """audio int16 (frames,), a whole number of blocks; positions int16 (blocks, n) -> the stream_blocks, unnumbered.

    The stream starts at positions[0]; a position is sent where it is another than the block's before.
    """
    moved = np.zeros(len(positions), bool)
    moved[1:] = (positions[1:] != positions[:-1]).any(axis=1)
    frames = []
    for index, first in enumerate(range(0, len(positions), message_blocks)):
        last = min(first + message_blocks, len(positions))
        data = [*positions[first:last][moved[first:last]], audio[first * BLOCK_FRAMES : last * BLOCK_FRAMES]]
        moves = sum(1 << b for b in range(last - first) if moved[first + b])
        frames.append(
            message_frame(
                "stream_block", 0, np.concatenate(data), stream=stream, index=index, blocks=last - first, moves=moves
            )
        )
    return frames
