"""Recurrent captures: layers of one kind (LSTM or GRU) and a head, linear in nearly all of them.

`input_size` 2 or 3 means one or two knobs, constant inputs beside the audio. guitarml.py, keras.py and recurrent_nam.py
read their files.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import nn

from gritspace.train.audio import alignment, chunks, signals
from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.device import Audio, Settings, checked
from gritspace.train.errors import InputError
from gritspace.train.network import native_recurrent
from gritspace.train.text_file import read_json

NATIVE_RATE = 44_100
CHUNK_FRAMES, LEAD_IN_FRAMES = 33_075, 11_025  # 0.75 s and 0.25 s at the native rate
ROWS_AT_ONCE = 384
PROBE_SECONDS = 3.0
LICENCE_FILES = ("LICENSE", "LICENSE.txt", "COPYING")
LICENCE_MARKS = {"GNU GENERAL PUBLIC LICENSE": "GPL-3.0-only", "MIT License": "MIT"}


class NoObject(InputError):
    """JSON, but not an object, and so no capture."""


class Capture:
    """One capture file as a device."""

    kind = "capture"

    def __init__(
        self,
        name: str,
        licence: str,
        recurrent: nn.LSTM | nn.GRU,
        head: nn.Module,
        skip: float,
        rate: int = NATIVE_RATE,
        first_state: torch.Tensor | None = None,
    ) -> None:
        """rate: in Hz, of its training. first_state: (2, layers, hidden), hidden states and cells; None for zeros."""
        self.name, self.licence = name, licence
        self.recurrent, self.head, self.skip = recurrent.eval(), head.eval(), skip
        self.rate, self.first_state = rate, first_state
        self.knobs: tuple[str, ...] = ((), ("knob",), ("knob1", "knob2"))[recurrent.input_size - 1]

    def render(self, dry: Audio, settings: Settings) -> Audio:
        """dry (batch, frames) at 48 kHz, settings (batch, knobs) -> wet (batch, frames), the state zero before.

        Aligned: a latency that the recording rig left in the capture is taken out.
        """
        dry, settings = checked(self, dry, settings)
        late = self.latency_frames
        return self._delayed(np.pad(dry, ((0, 0), (0, late))), settings)[:, late:]

    @cached_property
    def latency_frames(self) -> int:
        """How late the recording rig was, at 48 kHz: `render` takes it out. Measured once, with the knob at half."""
        probe = signals.synthetic(PROBE_SECONDS, seed=5)[None]
        wet = self._delayed(probe, np.full((1, len(self.knobs)), 0.5, np.float32))
        return alignment.latency_frames(probe, wet)

    def _delayed(self, dry: Audio, settings: Settings) -> Audio:
        frames = dry.shape[1]
        native = resampled(dry, SAMPLE_RATE, self.rate)
        wet = resampled(self.render_native(native, settings), self.rate, SAMPLE_RATE)
        return np.ascontiguousarray(np.pad(wet, ((0, 0), (0, max(0, frames - wet.shape[1]))))[:, :frames])

    def render_native(self, dry: Audio, settings: Settings, chunk: int | None = CHUNK_FRAMES) -> Audio:
        """The same at the capture's rate. chunk None works each row off in one go: slower, without the chunks' error.

        Chunks run side by side after a lead-in of 0.25 s; what a chunk's state forgot by then is the error.
        """
        frames = dry.shape[1]
        lead_in = 0 if chunk is None else LEAD_IN_FRAMES
        length = frames if chunk is None else min(chunk, frames)
        rows = chunks.split(dry, length, lead_in).astype(np.float32)
        knobs = np.repeat(settings, len(rows) // len(dry), axis=0)
        out = [
            self._run(rows[start : start + ROWS_AT_ONCE], knobs[start : start + ROWS_AT_ONCE])
            for start in range(0, len(rows), ROWS_AT_ONCE)
        ]
        wet = np.concatenate(out)
        if chunk is not None:  # what comes before a row's first frame is no audio: the state is zero there
            first = np.arange(0, len(rows), len(rows) // len(dry))
            wet[first, lead_in:] = self._run(rows[first, lead_in:], knobs[first])
        return chunks.join(wet, frames, lead_in).astype(np.float32)

    @cached_property
    def _in_core(self) -> native_recurrent.NativeRecurrent | None:
        if not native_recurrent.runs(self.recurrent) or not isinstance(self.head, nn.Linear):
            return None
        first = None if self.first_state is None else self.first_state[:, 0]
        return native_recurrent.NativeRecurrent(self.recurrent, self.head, float(self.skip), first)

    def _run(self, rows: NDArray[np.float32], knobs: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._in_core is not None:
            return self._in_core.run(rows, knobs, torch.get_num_threads())
        return self._run_in_pytorch(rows, knobs)

    def _run_in_pytorch(self, rows: NDArray[np.float32], knobs: NDArray[np.float32]) -> NDArray[np.float32]:
        torch.set_num_threads(1)  # of this thread: steps are too small to share, and waiting costs more than they do
        audio = torch.from_numpy(np.ascontiguousarray(rows.T)).unsqueeze(-1)  # (frames, rows, 1)
        inputs = audio
        if self.knobs:
            inputs = torch.cat([audio, torch.from_numpy(knobs).expand(len(audio), -1, -1)], dim=-1)
        with torch.no_grad():
            wet = self.head(self.recurrent(inputs, self._first_of(len(rows)))[0])
            wet = wet + float(self.skip) * audio
        return wet.squeeze(-1).T.numpy()

    def _first_of(self, rows: int) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor] | None:
        if self.first_state is None:
            return None
        hidden, cell = self.first_state.unsqueeze(2).expand(-1, -1, rows, -1).contiguous()
        return (hidden, cell) if isinstance(self.recurrent, nn.LSTM) else hidden


def resampled(audio: Audio, from_rate: int, to_rate: int) -> Audio:
    """(batch, frames) -> (batch, about frames * to / from) by soxr HQ, whose delay is taken out."""
    if from_rate == to_rate:
        return audio
    return np.ascontiguousarray(soxr.resample(audio.T, from_rate, to_rate, quality="HQ").T, dtype=np.float32)


def read_object(path: Path) -> dict[str, Any]:
    """A JSON file's object. Raises NoObject for other JSON, InputError for what is none."""
    model = read_json(path)
    if not isinstance(model, dict):
        raise NoObject(f"{path}: a capture is a JSON object, and this is a {type(model).__name__}; fetch it again.")
    return model


def stated_rate(path: Path, places: list[Any], otherwise: int) -> int:
    """The sample rate that a capture's file states in any of these objects, under its usual names."""
    for place in places:
        for key in ("sample_rate", "samplerate", "sampleRate"):
            if isinstance(place, dict) and place.get(key) not in (None, ""):
                try:
                    rate = float(place[key])
                except (TypeError, ValueError, OverflowError):
                    rate = 0.0
                if not (8_000 <= rate <= 384_000):
                    raise InputError(f"{path}: its {key} is {place[key]!r:.40}; 8000 to 384000 Hz can be used.")
                return round(rate)
    return otherwise


def licence_of(path: Path) -> str:
    """From a licence file beside the capture."""
    beside = licence_file(path)
    if beside is None:
        return "NOASSERTION"
    with beside.open(encoding="utf-8", errors="replace") as file:
        head = file.read(500)
    return next((licence for mark, licence in LICENCE_MARKS.items() if mark in head), "NOASSERTION")


def licence_file(path: Path) -> Path | None:
    """The one beside a capture, if there is one."""
    return next((beside for name in LICENCE_FILES if (beside := path.parent / name).is_file()), None)
