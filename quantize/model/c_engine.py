"""The C engine on this computer: the same sources the module runs, as a shared library, by ctypes.

The library is compiled on first use with the system's C compiler and kept in the user's cache, named by a hash of its
sources, the compiler and the processor, so that a changed engine, or one of another machine, is never opened.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gritspace.quantize.firmware_sources import ENGINE
from gritspace.quantize.model.grit import read_header
from gritspace.train.errors import InputError
from gritspace.train.network import compilers

FLAGS = ("-std=c11", "-O3", "-fPIC", "-shared", "-fno-math-errno")
UNITS = ("model.c", "film.c", "kernels.c", "history.c", "layout.c", "ramp.c", "bend.c", "morph.c", "engine.c")
"""What a computer's engine is compiled from; the rest of the room is the Cortex-M7's."""
_MODEL_BYTES = 256
"""Room for a grit_model_t; its real size is asserted below by the library itself being opened with it."""
_MORPH_BYTES = 64
"""Room for a grit_morph_t."""
_SLOPES_BYTES = 2 * 512 * 4 + 2 * 4
"""A grit_slopes_t's, on a computer."""


class EngineError(InputError):
    """The engine refused a model, or could not be built."""


def build_library() -> Path:
    """Compiles the engine, unless it is there already; returns the shared library. Raises EngineError with the
    reason."""
    if not ENGINE.is_dir():
        raise EngineError(f"{ENGINE}: the engine's sources are missing; run from a full checkout")
    flags = (*FLAGS, compilers.tuning())
    try:
        words = compilers.compiler("CC", "cc", "gcc", "clang")
        name = compilers.built_name("engine", words, (*flags, *UNITS), sorted(ENGINE.rglob("*.[ch]")))
    except compilers.NoCompiler as error:
        raise EngineError(f"{error}; install a C compiler, or use --engine numpy") from error
    folder = compilers.cache_folder()
    library = folder / name
    if library.exists():
        return library
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        built = Path(scratch) / library.name
        command = [*words, *flags, f"-I{ENGINE}", *(str(ENGINE / unit) for unit in UNITS), "-o", str(built)]
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        if result.returncode != 0:
            reason = (result.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise EngineError(f"{' '.join(words)} did not compile the engine: {reason}")
        os.replace(built, library)
    return library


class _Region(ctypes.Structure):
    _fields_ = (("at", ctypes.c_void_p), ("bytes", ctypes.c_size_t))


class _Memory(ctypes.Structure):
    _fields_ = (("fast", _Region), ("slow", _Region))


class _Need(ctypes.Structure):
    _fields_ = (("fast", ctypes.c_size_t), ("slow", ctypes.c_size_t))


@cache
def _library() -> ctypes.CDLL:
    return typed(ctypes.CDLL(str(build_library())))


def typed(library: ctypes.CDLL) -> ctypes.CDLL:
    """The same library, its functions' arguments and results declared."""
    library.grit_model_open.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    library.grit_status_text.restype = ctypes.c_char_p
    library.grit_engine_state_bytes.argtypes = [ctypes.c_void_p]
    library.grit_engine_state_bytes.restype = ctypes.c_size_t
    library.grit_engine_need.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    library.grit_engine_need.restype = _Need
    library.grit_engine_core.argtypes = [ctypes.c_void_p]
    library.grit_engine_core.restype = ctypes.c_size_t
    library.grit_engine_open_in.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.grit_engine_open_in.restype = ctypes.c_void_p
    library.grit_engine_reset.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.grit_engine_set_position.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.grit_engine_bend_slopes.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    library.grit_engine_hold.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.grit_morph_check.argtypes = [ctypes.c_void_p, ctypes.c_void_p]
    library.grit_morph_open.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32]
    library.grit_morph_place.argtypes = library.grit_morph_step.argtypes = [ctypes.c_void_p, ctypes.c_int32]
    library.grit_engine_process.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
    return library


def check_blob(blob: bytes) -> int:
    """The engine's own verdict on a `.grit`: its grit_status_t, 0 when it would run."""
    words = _aligned(blob)
    model = ctypes.create_string_buffer(_MODEL_BYTES)
    return int(_library().grit_model_open(model, words.ctypes.data, len(blob)))


def _aligned(blob: bytes) -> NDArray[np.uint8]:
    words = np.zeros((len(blob) + 15) // 8, np.uint64).view(np.uint8)
    words[: len(blob)] = np.frombuffer(blob, np.uint8)
    return words


class _Hold(ctypes.Structure):
    """firmware/engine/bend.h's grit_hold_t."""

    _fields_ = (
        ("layer", ctypes.c_uint32),
        ("length", ctypes.c_uint32),
        ("spread", ctypes.c_uint32),
        ("mix", ctypes.c_int32),
        ("fades", ctypes.c_uint32),
        ("left", ctypes.c_uint32),
        ("taken", ctypes.c_uint32),
        ("noise", ctypes.c_uint32),
        ("taken_of", ctypes.c_uint32),
        ("held", ctypes.c_int16 * 32),
    )


def refusal(status: int) -> str:
    """In the engine's own words, why it does not open a model."""
    return f"the engine refuses this model: {_library().grit_status_text(status).decode()} (code {status})"


class Engine:
    """One engine running one model. Positions are int16 in Q15, position_count of them.

    fast_bytes: how much memory of the fast kind there is; what does not fit lies in another (None: all in one piece).
    """

    def __init__(
        self, blob: bytes, position: Sequence[int] | NDArray[np.int16] | None = None, fast_bytes: int | None = None
    ) -> None:
        library = _library()
        self._blob = _aligned(blob)
        self._model = ctypes.create_string_buffer(_MODEL_BYTES)
        status = library.grit_model_open(self._model, self._blob.ctypes.data, len(blob))
        if status != 0:
            raise EngineError(refusal(status))
        self.state_bytes = int(library.grit_engine_state_bytes(self._model))
        need = library.grit_engine_need(self._model, self.state_bytes if fast_bytes is None else fast_bytes)
        self.regions = {"fast": int(need.fast), "slow": int(need.slow)}
        """Bytes of the state in fast and in slow memory."""
        self.core_bytes = int(library.grit_engine_core(self._model))
        """The least fast memory that is of any use."""
        self._arenas = [np.zeros(size // 8 + 1, np.uint64) for size in self.regions.values()]
        places = [_Region(a.ctypes.data, size) for a, size in zip(self._arenas, self.regions.values(), strict=True)]
        if fast_bytes is not None:
            places[0].bytes = fast_bytes  # what is planned for; no more is used than is needed
        memory = _Memory(*places)
        self._position_count = read_header(blob)["position_count"]
        self._slopes: ctypes.Array[ctypes.c_char] | None = None
        self._kept, self._resting = _Hold(), True
        at = self._position(position)
        self._engine = library.grit_engine_open_in(
            self._model, ctypes.byref(memory), None if at is None else at.ctypes.data
        )
        if not self._engine:
            raise EngineError("the engine did not accept its memory")

    def _position(self, position: Sequence[int] | NDArray[np.int16] | None) -> NDArray[np.int16] | None:
        if position is None:
            return None
        values = np.ascontiguousarray(position, np.int16)
        if values.shape != (self._position_count,):
            raise ValueError(f"a position of this model has {self._position_count} numbers, not {values.shape}")
        return values

    def reset(self, position: Sequence[int] | NDArray[np.int16] | None = None) -> None:
        """Back to silence, at a position (None: the model's default)."""
        at = self._position(position)
        _library().grit_engine_reset(self._engine, None if at is None else at.ctypes.data)

    def set_position(self, position: Sequence[int] | NDArray[np.int16]) -> None:
        """Heads for a position from the next frame on."""
        at = self._position(position)
        assert at is not None
        _library().grit_engine_set_position(self._engine, at.ctypes.data)

    def process(self, audio: NDArray[np.int16]) -> NDArray[np.int16]:
        """audio int16 (frames,) -> int16 (frames,)."""
        source = np.ascontiguousarray(audio, np.int16)
        out = np.empty_like(source)
        _library().grit_engine_process(self._engine, source.ctypes.data, out.ctypes.data, source.size)
        return out

    def slopes(self, ways: Sequence[int]) -> None:
        """From the next frame on: how far the activations are bent, by array (2,), -32768..32768; 0: as trained."""
        if self._slopes is None:
            self._slopes = ctypes.create_string_buffer(_SLOPES_BYTES)
        _library().grit_engine_bend_slopes(self._engine, self._slopes, (ctypes.c_int32 * 2)(*ways))

    def hold_at(self, layer: int, length: int, spread: int = 0, mix: int = 32768, fades: bool = False) -> None:
        """From the next frame on the stream behind a layer is held. What was held before goes on."""
        kept = self._kept
        if self._resting:
            kept.left = 0
        kept.layer, kept.length, kept.spread, kept.mix, kept.fades = layer, length, spread, mix, int(fades)
        self._resting = False
        _library().grit_engine_hold(self._engine, ctypes.byref(kept))

    def hold_no_more(self) -> None:
        """Nothing is held."""
        self._resting = True
        _library().grit_engine_hold(self._engine, None)


class MorphEngine(Engine):
    """Two snapshots' files in one engine, whose weights are on a way from the first's to the second's, in 256ths."""

    def __init__(self, first: bytes, second: bytes, way: int) -> None:
        super().__init__(first)
        library = _library()
        self._second_blob, self._second = _aligned(second), ctypes.create_string_buffer(_MODEL_BYTES)
        status = library.grit_model_open(self._second, self._second_blob.ctypes.data, len(second))
        status = status or library.grit_morph_check(self._model, self._second)
        if status != 0:
            raise EngineError(refusal(status))
        self._morph = ctypes.create_string_buffer(_MORPH_BYTES)
        library.grit_morph_open(self._morph, self._engine, self._second, way)
        self.reset(None)

    def place(self, way: int) -> None:
        """At a way at once, from silence on."""
        _library().grit_morph_place(self._morph, way)
        self.reset(None)

    def step(self, way: int) -> None:
        """Begins a block: the next rows go to this way."""
        _library().grit_morph_step(self._morph, way)

    def play(self, audio: NDArray[np.int16], ways: Sequence[int], block_frames: int) -> NDArray[np.int16]:
        """audio int16 (frames,) -> int16 (frames,); ways: of each block, the last one's for what is behind."""
        found = [np.zeros(0, np.int16)]
        for block, at in enumerate(range(0, len(audio), block_frames)):
            self.step(ways[min(block, len(ways) - 1)])
            found.append(self.process(audio[at : at + block_frames]))
        return np.concatenate(found)
