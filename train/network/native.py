"""Networks through the native training core: a whole Tcn, forward and backward, as one step of autograd.

`runs` says whether a call can go there; `run` goes. The core knows every network the engine knows; what it leaves to
plain PyTorch is what training does not do on a CPU: positions that move within a segment, the dry audio's own gradient.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.network.limits import ENGINE
from gritspace.train.network.native_build import core
from gritspace.train.network.rounding_noise import RoundingNoise
from gritspace.train.network.shapes import ACTIVATIONS, Modulation, TcnConfig

NOISE_MARGIN = 16
"""The core works on whole lines of the cache: so much noise is read before a row's first number and after its last."""
_KINDS = {torch.float32: "f32", torch.float64: "f64"}


class Runnable(Protocol):
    """What the core asks of a network: `tcn.Tcn` is one."""

    config: TcnConfig

    def heard_parameters(self) -> Iterator[Tensor]:
        """In the core's order."""
        ...


class Shape:
    """A network's shape as the core reads it, and what it says of it."""

    def __init__(self, config: TcnConfig) -> None:
        numbers = [int(config.position_size > 0), len(config.arrays)]
        inputs = 1
        for a in config.arrays:
            numbers += [inputs, a.channels, len(a.kernel_sizes), ACTIVATIONS.index(a.activation), int(a.gated)]
            numbers += [a.head_size, a.head_kernel_size]
            for kernel, dilation in zip(a.kernel_sizes, a.dilations, strict=True):
                numbers += [kernel, dilation]
            inputs = a.channels
        self.numbers = np.array(numbers, np.int64)
        self.slopes = np.array([a.negative_slope for a in config.arrays], np.float64)
        self.pointers = self.numbers.ctypes.data, self.slopes.ctypes.data

    def sizes(self, frames: int, keep: bool) -> Sizes:
        """For dry audio of so many frames. keep: the way back will be gone."""
        library = core()
        assert library is not None
        out = np.zeros(7, np.int64)
        library.core_sizes(*self.pointers, frames, int(keep), out.ctypes.data)
        return Sizes(*out.tolist())


@dataclass(frozen=True)
class Sizes:
    """Numbers an item's workspace and a thread's bench hold, and what else the core tells of a shape."""

    workspace: int
    bench: int
    parameters: int
    film_rows: int
    frames_out: int
    vector_bytes: int
    noise_rows: int


def knows(config: TcnConfig) -> bool:
    """Whether the core runs networks of this shape."""
    arrays = config.arrays
    for a in arrays:
        if a.activation not in ACTIVATIONS or not 1 <= max(a.channels, a.head_size) <= ENGINE.channels:
            return False
        if not a.kernel_sizes or (a.activation == "leaky_relu" and a.negative_slope < 0):
            return False
    for before, after in itertools.pairwise(arrays):
        reach = sum((k - 1) * d for k, d in zip(after.kernel_sizes, after.dilations, strict=True))
        if before.head_kernel_size - 1 > reach:
            return False
    return arrays[-1].head_size == 1


def runs(tcn: Runnable, dry: Tensor, modulation: Modulation | None) -> bool:
    """Whether this call can go through the core: CPU, one of its types, positions at rest, a compiler found.

    Heads of several taps it has behind the last array only.
    """
    tensors = [dry] if modulation is None else [dry, modulation.gain, modulation.bias]
    weight = next(tcn.heard_parameters())
    return (
        dry.ndim == 2
        and dry.dtype in _KINDS
        and not dry.requires_grad
        and all(t.device.type == "cpu" and t.dtype == weight.dtype for t in tensors)
        and (modulation is None or modulation.gain.shape[-1] == modulation.bias.shape[-1] == 1)
        and dry.shape[0] > 0
        and dry.shape[1] >= tcn.config.receptive_field
        and all(array.head_kernel_size == 1 for array in tcn.config.arrays[:-1])
        and knows(tcn.config)
        and core() is not None
    )


def run(
    tcn: Runnable, dry: Tensor, modulation: Modulation | None = None, rounding: RoundingNoise | None = None
) -> Tensor:
    """What Tcn.forward says of dry, modulation and result; call it only where `runs` says so."""
    shape = Shape(tcn.config)
    gain = bias = None
    if modulation is not None:
        rows = (dry.shape[0], tcn.config.film_rows)
        gain, bias = modulation.gain.squeeze(-1).expand(rows), modulation.bias.squeeze(-1).expand(rows)
    weights = list(tcn.heard_parameters())
    if not torch.is_grad_enabled():  # which autograd does not tell a Function: it would keep all it needs to go back
        weights = [weight.detach() for weight in weights]
        gain, bias = (None if t is None else t.detach() for t in (gain, bias))
    wet: Tensor = CoreFunction.apply(shape, dry, gain, bias, rounding, *weights)
    return wet


class CoreFunction(torch.autograd.Function):
    """shape, dry (batch, frames), gain and bias (batch, film_rows) or None, noise of rounding or None, parameters ->
    wet (batch, frames out).
    """

    @staticmethod
    def forward(
        ctx: Any,
        shape: Shape,
        dry: Tensor,
        gain: Tensor | None,
        bias: Tensor | None,
        rounding: RoundingNoise | None,
        *weights: Tensor,
    ) -> Tensor:
        """Keeps what the way back needs only if there will be one."""
        library = core()
        assert library is not None
        keep = any(ctx.needs_input_grad)
        batch, frames = dry.shape
        sizes, threads = shape.sizes(frames, keep), min(torch.get_num_threads(), batch)
        dry, flat = dry.detach().contiguous(), torch.cat([w.detach().reshape(-1) for w in weights])
        gain, bias = (None if t is None else t.detach().contiguous() for t in (gain, bias))
        assert flat.numel() == sizes.parameters
        workspace = _MEMORY.take(sizes.workspace * (batch if keep else threads), dry.dtype)
        benches = _MEMORY.take(sizes.bench * threads, dry.dtype)
        wet = dry.new_empty(batch, sizes.frames_out)
        call = getattr(library, f"core_forward_{_KINDS[dry.dtype]}")
        noise = _noise(rounding, dry, sizes)
        arrays = [_at(t) for t in (flat, gain, bias, dry, wet, workspace, benches, *noise)]
        if call(*shape.pointers, frames, batch, threads, int(keep), *arrays):
            raise MemoryError("the training core ran out of memory")
        if keep:
            ctx.shape, ctx.frames, ctx.sizes = shape, frames, sizes
            ctx.save_for_backward(flat, gain, bias, workspace, *weights)
        return wet

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, *of_outputs: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of forward's inputs but for shape, dry and noise."""
        library = core()
        assert library is not None
        of_wet = of_outputs[0].contiguous()
        flat, gain, bias, workspace, *weights = ctx.saved_tensors
        batch, threads = len(of_wet), min(torch.get_num_threads(), len(of_wet))
        benches = _MEMORY.take(ctx.sizes.bench * threads, of_wet.dtype)
        of_items = _MEMORY.take(ctx.sizes.parameters * batch, of_wet.dtype)
        of_flat = torch.empty_like(flat)
        of_gain, of_bias = (None if t is None else torch.empty_like(t) for t in (gain, bias))
        call = getattr(library, f"core_backward_{_KINDS[of_wet.dtype]}")
        arrays = (flat, gain, bias, of_wet, workspace, benches, of_items, of_flat, of_gain, of_bias)
        if call(*ctx.shape.pointers, ctx.frames, batch, threads, *(_at(t) for t in arrays)):
            raise MemoryError("the training core ran out of memory")
        pieces = of_flat.split([w.numel() for w in weights])
        return None, None, of_gain, of_bias, None, *(p.view_as(w) for p, w in zip(pieces, weights, strict=True))


def _noise(rounding: RoundingNoise | None, dry: Tensor, sizes: Sizes) -> tuple[Tensor | None, ...]:
    """noise, steps and starts as the core reads them, without a look at their ends."""
    if rounding is None:
        return None, None, None
    starts, (batch, frames) = rounding.starts.contiguous(), dry.shape
    if starts.shape != (batch, sizes.noise_rows) or rounding.steps.shape != (sizes.noise_rows,):
        raise ValueError("the noise of rounding is for another network or batch")
    if int(starts.min()) < NOISE_MARGIN or int(starts.max()) + frames + NOISE_MARGIN > len(rounding.noise):
        raise ValueError("the noise of rounding is too short for this audio")
    return rounding.noise.to(dry.dtype).contiguous(), rounding.steps.to(dry.dtype).contiguous(), starts


def _at(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


class _Memory:
    """Big buffers, lent until nothing refers to them any more: fresh pages every step would cost more than the step."""

    ALIGNMENT = 64  # bytes, a line of the cache

    def __init__(self) -> None:
        self._lent: list[NDArray[np.uint8]] = []

    def take(self, count: int, dtype: torch.dtype) -> Tensor:
        """A tensor of count numbers, with anything in them."""
        size = count * dtype.itemsize
        for i in range(len(self._lent)):
            if sys.getrefcount(self._lent[i]) == 2 and self._lent[i].size >= size + self.ALIGNMENT:
                return self._view(self._lent[i], size, dtype)
        self._lent = [array for array in self._lent if sys.getrefcount(array) > 3]  # what is too small goes
        self._lent.append(np.empty(size + self.ALIGNMENT, np.uint8))
        return self._view(self._lent[-1], size, dtype)

    def _view(self, array: NDArray[np.uint8], size: int, dtype: torch.dtype) -> Tensor:
        start = -array.ctypes.data % self.ALIGNMENT
        return torch.from_numpy(array[start : start + size]).view(dtype)


_MEMORY = _Memory()
