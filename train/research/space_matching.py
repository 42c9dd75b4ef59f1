"""Maps between a space's positions and a device's knobs: one invertible map for both ways, or two regressors.

The invertible map is a normalizing flow, as in FlowSynth (Esling, Masuda, Bardet, Despres and Chemla-Romeu-Santos,
"Flow synthesizer: universal audio synthesizer control with normalizing flows", Applied Sciences 10(1), 2020): a
position becomes the device's knobs and, in the dimensions left over, normal noise. Knobs -> position takes no noise.
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor, nn

STEPS = 700
HIDDEN = 32
COUPLINGS = 6
NOISE = 0.03
"""Added to positions in training, as a share of their deviation: excerpts of one setting scatter more than that."""


class KnobMap(Protocol):
    """device (batch,) says which device each row is; knobs (batch, knobs) in [0, 1], positions (batch, size)."""

    def knobs(self, positions: Tensor, device: Tensor) -> Tensor:
        """-> knobs, not limited to [0, 1]."""
        ...

    def positions(self, knobs: Tensor, device: Tensor) -> Tensor:
        """-> positions."""
        ...

    def macs(self) -> int:
        """Multiplications of one move from knobs to a position."""
        ...


def one_hot(device: Tensor, devices: int) -> Tensor:
    """(batch,) -> (batch, devices)."""
    return nn.functional.one_hot(device, devices).float()


class FlowMap(nn.Module):
    """Affine couplings in a row (Dinh, Sohl-Dickstein and Bengio, 2017: Real NVP), by zuko."""

    centre: Tensor
    scale: Tensor

    def __init__(self, size: int, knob_count: int, devices: int) -> None:
        super().__init__()
        import zuko

        if knob_count > size:
            raise ValueError(f"a space of {size} dimensions cannot be matched to {knob_count} knobs")
        self.knob_count, self.devices, self.size = knob_count, devices, size
        self.flow: Any = zuko.flows.MAF(
            size, devices, transforms=COUPLINGS, hidden_features=(HIDDEN, HIDDEN), passes=2, randperm=True
        )
        self.log_deviation = nn.Parameter(torch.full((knob_count,), -2.0))
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def _transform(self, device: Tensor) -> Any:
        return self.flow(one_hot(device, self.devices)).transform

    def negative_log_likelihood(self, positions: Tensor, knobs: Tensor, device: Tensor) -> Tensor:
        """Of positions with their knobs, in nats, mean over the batch: ()."""
        found, ladj = self._transform(device).call_and_ladj((positions - self.centre) / self.scale)
        k = self.knob_count
        apart = (found[:, :k] - (2 * knobs - 1)) / self.log_deviation.exp()
        energy = 0.5 * apart.square().sum(1) + self.log_deviation.sum() + 0.5 * found[:, k:].square().sum(1)
        return (energy - ladj).mean()

    @torch.no_grad()
    def knobs(self, positions: Tensor, device: Tensor) -> Tensor:
        """See KnobMap."""
        found = self._transform(device)((positions - self.centre) / self.scale)
        return torch.as_tensor((found[:, : self.knob_count] + 1) / 2)

    @torch.no_grad()
    def positions(self, knobs: Tensor, device: Tensor) -> Tensor:
        """See KnobMap."""
        wanted = torch.cat([2 * knobs - 1, knobs.new_zeros(len(knobs), self.size - self.knob_count)], dim=1)
        return torch.as_tensor(self._transform(device).inv(wanted) * self.scale + self.centre)

    def macs(self) -> int:
        """Of the inverse: each coupling's network once for each of its two passes."""
        weights = sum(p.numel() for name, p in self.flow.named_parameters() if name.endswith("weight"))
        return 2 * weights


class RegressorMap(nn.Module):
    """Two small networks that know nothing of each other."""

    centre: Tensor
    scale: Tensor

    def __init__(self, size: int, knob_count: int, devices: int) -> None:
        super().__init__()
        self.devices = devices

        def network(inputs: int, outputs: int) -> nn.Sequential:
            first, last = nn.Linear(inputs + devices, HIDDEN), nn.Linear(HIDDEN, outputs)
            return nn.Sequential(first, nn.Tanh(), nn.Linear(HIDDEN, HIDDEN), nn.Tanh(), last)

        self.to_knobs, self.to_positions = network(size, knob_count), network(knob_count, size)
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("scale", torch.ones(size))

    def loss(self, positions: Tensor, knobs: Tensor, device: Tensor) -> Tensor:
        """Both networks' squared errors: ()."""
        kind, standard = one_hot(device, self.devices), (positions - self.centre) / self.scale
        to_knobs = self.to_knobs(torch.cat([standard, kind], 1))
        to_positions = self.to_positions(torch.cat([knobs, kind], 1))
        return (to_knobs - knobs).square().mean() + 0.1 * (to_positions - standard).square().mean()

    @torch.no_grad()
    def knobs(self, positions: Tensor, device: Tensor) -> Tensor:
        """See KnobMap."""
        standard = (positions - self.centre) / self.scale
        return torch.as_tensor(self.to_knobs(torch.cat([standard, one_hot(device, self.devices)], 1)))

    @torch.no_grad()
    def positions(self, knobs: Tensor, device: Tensor) -> Tensor:
        """See KnobMap."""
        found = self.to_positions(torch.cat([knobs, one_hot(device, self.devices)], 1))
        return torch.as_tensor(found * self.scale + self.centre)

    def macs(self) -> int:
        """Of the network from knobs to positions."""
        return sum(p.numel() for p in self.to_positions.parameters() if p.ndim == 2)


def fit_map(kind: str, positions: Tensor, knobs: Tensor, device: Tensor, seed: int) -> FlowMap | RegressorMap:
    """kind: flow or regressors. positions (n, size), knobs (n, knobs), device (n,)."""
    torch.manual_seed(seed)
    sizes = (positions.shape[1], knobs.shape[1], int(device.max()) + 1)
    found: FlowMap | RegressorMap = FlowMap(*sizes) if kind == "flow" else RegressorMap(*sizes)
    found.centre.copy_(positions.mean(0))
    found.scale.copy_(positions.std(0).clamp(min=1e-4))
    optimizer = torch.optim.AdamW(found.parameters(), 3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    for _ in range(STEPS):
        rows = torch.randint(len(positions), (128,))
        near = positions[rows] + NOISE * found.scale * torch.randn(len(rows), positions.shape[1])
        batch = near, knobs[rows], device[rows]
        loss = found.negative_log_likelihood(*batch) if isinstance(found, FlowMap) else found.loss(*batch)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(found.parameters(), 10.0)
        optimizer.step()
        schedule.step()
    return found.eval()
