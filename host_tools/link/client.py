"""A module on a port: ask it, set it, stream audio through it."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import serial
from numpy.typing import NDArray

from gritspace.host_tools.link.frames import FrameReceiver, LinkError, encode_frame
from gritspace.host_tools.link.messages import Message, message_frame, message_of
from gritspace.host_tools.link.schema import schema
from gritspace.host_tools.link.stream import BLOCK_FRAMES, StreamSender, stream_blocks

_ASK_AGAIN_SECONDS = 0.3
SILENCE_SECONDS = 0.05
"""After which a stream asks again for what it misses: longer than a good module takes, and asking twice is harmless."""
MAX_SILENCE_SECONDS = 0.8
"""Where answers come later than that without a loss (a simulated module on a busy computer), the wait doubles up to
here, so that asking again does not keep the module from answering."""
LIVE_KNOBS = 3
"""Gain, mix and level, behind the position, in a stream through the whole path."""
LIVE_MESSAGE_BLOCKS = 3
"""Four blocks that all move, with the largest position and the knobs, would be longer than a payload may be."""
_BAUD = 115200
"""Means nothing to USB or to a simulated module, but a port wants one."""


class Refusal(LinkError):
    """The module understood, and will not. name: the link's `error` by name; detail as there."""

    def __init__(self, sentence: str, name: str, detail: int) -> None:
        super().__init__(sentence)
        self.name = name
        self.detail = detail


@dataclass(frozen=True)
class ModuleInfo:
    """What a module says of itself; the fields are those of the link's `info` message."""

    last_stream: int
    model_bytes: int
    state_bytes: int
    state_limit: int
    sample_rate: int
    work_per_second: int
    model_status: int
    position_count: int
    output_shift: int
    block_frames: int
    glide_blocks: int
    credits: int
    message_blocks: int
    work_unit: str
    model_sha256: str
    model_name: str
    firmware_version: str
    board: str


@dataclass(frozen=True)
class ModuleStatus:
    """How a module is doing; the fields are those of the link's `status` message."""

    blocks: int
    xruns: int
    work_p50: int
    work_p99: int
    work_max: int
    frames_good: int
    crc_errors: int
    frame_errors: int
    repeats: int
    streaming: int


@dataclass(frozen=True)
class ModuleControls:
    """A module's panel; the fields are those of the link's `controls` message, in the panel's order."""

    cv_microvolts: tuple[int, ...]
    codes: tuple[int, ...]
    knobs: tuple[int, ...]
    played: tuple[int, ...]


@dataclass(frozen=True)
class ModuleHealth:
    """How the instrument is; the fields are those of the link's `health` message, flags, why and bend by name."""

    flags: tuple[str, ...]
    work: int
    stack_used: int
    stack_bytes: int
    peak_in: int
    peak_out: int
    limited: int
    model: int
    wanted: int
    why: str
    preset: int
    delay: int
    bend: str
    gate: int


@dataclass(frozen=True)
class ModuleFault:
    """What is left of a crash; the fields are those of the link's `fault` message, kind by name ("none": no crash)."""

    kind: str
    count: int
    pc: int
    lr: int
    psr: int
    sp: int
    cfsr: int
    hfsr: int
    address: int
    main_blocks: int
    audio_blocks: int


@dataclass(frozen=True)
class StreamResult:
    """samples int16 (frames,); cycles int64 (blocks,), in the module's work unit; link figures for both directions."""

    samples: NDArray[np.int16]
    cycles: NDArray[np.int64]
    retries: int
    crc_errors: int
    frame_errors: int
    seconds: float


class Module:
    """A module on a serial port, a pseudo-terminal, or anything else pyserial opens by name or URL.

    Every method raises LinkError, one sentence, when the port or the module fails.
    """

    def __init__(self, port: str, patience_seconds: float = 5.0) -> None:
        self.port_name = port
        self.patience_seconds = patience_seconds
        self.receiver = FrameReceiver()
        self._sequence = int(time.time() * 1000)
        try:
            self._port = serial.serial_for_url(port, _BAUD, timeout=0, write_timeout=patience_seconds, exclusive=True)
            self._port.reset_input_buffer()
        except (serial.SerialException, OSError, ValueError) as error:
            raise LinkError(f"cannot open the port {port}: {error}; is the module plugged in, or in use?") from None
        self._write(b"\0")  # ends whatever half a frame the line may hold

    def __enter__(self) -> Module:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the port."""
        self._port.close()

    def info(self) -> ModuleInfo:
        """Who is there."""
        values = self.ask("hello", "info").values
        values["model_sha256"] = values["model_sha256"].hex()
        values["work_unit"] = schema().value_name("work_unit", values["work_unit"])
        return ModuleInfo(**values)

    def status(self) -> ModuleStatus:
        """How the module is doing."""
        return ModuleStatus(**self.ask("get_status", "status").values)

    def health(self) -> ModuleHealth:
        """How the instrument is: what plays, its levels, its stack."""
        values = dict(self.ask("get_health", "health").values)
        values["flags"] = schema().flags("health_flag", values["flags"])
        values["why"] = schema().value_name("why", values["why"])
        values["bend"] = schema().value_name("bend", values["bend"])
        return ModuleHealth(**values)

    def fault(self) -> ModuleFault:
        """What is left of a crash before this start."""
        values = dict(self.ask("get_fault", "fault").values)
        values["kind"] = schema().value_name("fault", values["kind"])
        return ModuleFault(**values)

    def controls(self) -> ModuleControls:
        """Where the knobs stand and what is at the jacks."""
        return ModuleControls(**self.ask("get_controls", "controls").values)

    def hold(self, codes: Mapping[int, int]) -> None:
        """Holds inputs of the panel (by number, in the panel's order) at codes 0..65535; {} lets go of all."""
        held = [0] * schema().count("hold", "codes")
        for place, code in codes.items():
            held[place] = code
        self.ask("hold", "controls", inputs=sum(1 << place for place in codes), codes=tuple(held))

    def reboot(self, dfu: bool = False) -> None:
        """Starts the module anew, or its bootloader; the port goes and comes back. Raises Refusal if it cannot."""
        self.ask("reboot", "rebooting", into=schema().value("reboot", "dfu" if dfu else "module"))

    def turn(self, codes: Sequence[int]) -> None:
        """Turns a simulated panel: what its converter is to read, 0..65535, knobs then CVs. A real panel refuses."""
        self.ask("turn", "controls", codes=tuple(codes))

    def set_position(self, position: Sequence[int] | NDArray[np.int16]) -> NDArray[np.int16]:
        """Heads for a position (Q15) at the glide's speed. Returns where the module is heading."""
        return self.ask("set_position", "position", tail=np.asarray(position, np.int16)).tail

    def stream(
        self,
        audio: NDArray[np.int16],
        positions: NDArray[np.int16] | None = None,
        progress: Callable[[int, int], None] | None = None,
        knobs: NDArray[np.uint16] | None = None,
    ) -> StreamResult:
        """Plays audio int16 Q15 (frames,) through the engine, from silence, and returns what comes out.

        positions int16 Q15: where to head for in each block of 48 frames, (blocks, n), or (n,) to stand still; the
        stream starts at the first. Audio that is no whole number of blocks is played with zeros behind, which are cut
        off again. progress(frames done, frames in all). knobs uint16 (blocks, 3): gain, mix and level block by block,
        and the audio goes through the whole path, not through the engine alone. Raises ValueError for other shapes.
        """
        started = time.perf_counter()
        info = self.info()
        before = self.status()
        blocks = -(-len(audio) // BLOCK_FRAMES)
        padded = np.zeros(blocks * BLOCK_FRAMES, np.int16)
        padded[: len(audio)] = audio
        by_block = _positions_by_block(positions, blocks, info.position_count)
        stream = (info.last_stream + 1) & 0xFFFFFFFF
        start, message_blocks = "stream_start", info.message_blocks
        if knobs is not None:
            if knobs.shape != (blocks, LIVE_KNOBS):
                raise ValueError(f"knobs must be ({blocks}, {LIVE_KNOBS}), not {knobs.shape}")
            turns = (knobs.astype(np.int32) - 32768).astype(np.int16)
            by_block = np.concatenate([by_block, turns], axis=1)
            start, message_blocks = "live_start", LIVE_MESSAGE_BLOCKS
        first = by_block[0] if blocks else np.zeros(by_block.shape[1], np.int16)
        ready = self.ask(start, "stream_ready", tail=first, stream=stream)
        frames = stream_blocks(stream, padded, by_block, message_blocks)
        sender = StreamSender(stream, frames, ready.values["credits"], self._next_sequence)
        self._run(sender, message_blocks, len(audio), progress)
        self.ask("stream_stop", "stream_stopped", stream=stream)
        after = self.status()
        answers = [answer for answer in sender.answers if answer is not None]
        samples = np.concatenate([np.zeros(0, np.int16), *(answer.tail for answer in answers)])
        work = [w for a in answers for w in a.values["work"][: len(a.tail) // BLOCK_FRAMES]]
        return StreamResult(
            samples=samples[: len(audio)],
            cycles=np.asarray(work, np.int64),
            retries=sender.retries,
            crc_errors=self.receiver.crc_errors + after.crc_errors - before.crc_errors,
            frame_errors=self.receiver.frame_errors + after.frame_errors - before.frame_errors,
            seconds=time.perf_counter() - started,
        )

    def _run(
        self, sender: StreamSender, message_blocks: int, frames: int, progress: Callable[[int, int], None] | None
    ) -> None:
        heard_at = asked_at = time.monotonic()
        shown, late, silence, asked_again = 0, 0, SILENCE_SECONDS, False
        while not sender.finished:
            self._write(b"".join(encode_frame(frame) for frame in sender.due()))
            messages = self._read(silence)
            again = [frame for message in messages for frame in sender.take(message)]
            now = time.monotonic()
            if messages:
                heard_at = asked_at = now
                if asked_again and sender.late > late:
                    silence, asked_again = min(2 * silence, MAX_SILENCE_SECONDS), False
                late = sender.late
            elif now - heard_at > self.patience_seconds:
                raise LinkError(
                    f"the module on {self.port_name} stopped answering in mid-stream; restart it and try again"
                )
            elif now - asked_at >= silence:
                again, asked_at, asked_again = sender.timeout(), now, True
            self._write(b"".join(encode_frame(frame) for frame in again))
            if progress is not None and sender.oldest != shown:
                shown = sender.oldest
                progress(min(frames, shown * message_blocks * BLOCK_FRAMES), frames)

    def ask(self, request: str, answer: str, tail: NDArray[np.int16] | bytes | None = None, **values: Any) -> Message:
        """Asks until the answer comes; asking twice does no harm with any of the messages.

        Raises Refusal if the module answers that it will not, LinkError if it does not answer.
        """
        sequence = self._next_sequence()
        data = encode_frame(message_frame(request, sequence, tail, **values))
        until = time.monotonic() + self.patience_seconds
        while time.monotonic() < until:
            self._write(data)
            again = time.monotonic() + _ASK_AGAIN_SECONDS
            while (left := again - time.monotonic()) > 0:
                for message in self._read(left):
                    if message.sequence != sequence & 0xFFFF:
                        continue
                    if message.name == answer:
                        return message
                    if message.name == "error":
                        raise _refusal(request, message)
        raise LinkError(f"no module answers on {self.port_name}; is it the right port, and is the module running?")

    def _next_sequence(self) -> int:
        self._sequence = (self._sequence + 1) & 0xFFFF
        return self._sequence

    def _write(self, data: bytes) -> None:
        try:
            if data:
                self._port.write(data)
        except (serial.SerialException, OSError) as error:
            raise LinkError(f"the port {self.port_name} has gone: {error}; plug the module in again") from None

    def _wait(self, timeout_seconds: float) -> None:
        """Until a byte has come."""
        if hasattr(self._port, "fileno"):
            select.select([self._port.fileno()], [], [], timeout_seconds)
            return
        until = time.monotonic() + timeout_seconds  # Windows: a port is no file there
        while self._port.in_waiting == 0 and time.monotonic() < until:
            time.sleep(0.001)

    def _read(self, timeout_seconds: float) -> list[Message]:
        """What comes within the time; returns as soon as there is anything."""
        try:
            self._wait(timeout_seconds)
            data = self._port.read(65536)
        except (serial.SerialException, OSError, TypeError, ValueError) as error:
            raise LinkError(f"the port {self.port_name} has gone: {error}; plug the module in again") from None
        return [message for frame in self.receiver.feed(data) if (message := message_of(frame)) is not None]


def _positions_by_block(positions: NDArray[np.int16] | None, blocks: int, count: int) -> NDArray[np.int16]:
    if positions is None or count == 0:
        if count:
            raise ValueError(f"this model is played at a position of {count} numbers: give positions")
        return np.zeros((blocks, 0), np.int16)
    by_block = (
        np.broadcast_to(np.asarray(positions, np.int16), (blocks, count)) if np.ndim(positions) == 1 else positions
    )
    if by_block.shape != (blocks, count):
        raise ValueError(f"positions must be ({blocks}, {count}), not {by_block.shape}")
    return by_block


def _refusal(request: str, error: Message) -> Refusal:
    code, detail = error.values["code"], error.values["detail"]
    name = schema().value_name("error", code)
    if name == "version":
        why = f"the module speaks version {detail} of the link, this program version {schema().version}; flash it anew"
    elif name == "model":
        why = f"the module cannot play its model: {error.values['text']} (status {detail}); build and flash it again"
    else:
        why = f"the module refused {request}: {error.values['text']} ({name}, {detail})"
    return Refusal(why, name, detail)
