"""Makes the played dimensions do in the sound what they are named for, wherever they are turned.

Attribute regularisation (`losses`) orders positions as the devices' attributes are ordered, and no more. In real
devices the attributes go together: what is driven harder is also compressed more. So one dimension can carry both, and
turning the other by itself, the rest held, may do nothing or the contrary, although all positions are in order. Here
the decoder is heard itself: at places of the space one dimension is turned, and its attribute has to rise.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.space import attributes
from gritspace.train.space.space import PLAYED, Space

SINE_FRAMES = 4_800  # 22 whole cycles
NOISE_FRAMES, PLUCK_FRAMES = 4_800, 14_400
FLOOR = 1e-6
"""Of power ratios: what lies below -60 dB is not heard, and gradients there would chase noise."""
LEAST_TURN = 0.4
SLOPE = 0.5
"""How much a dimension's attribute has to rise for each unit of travel at least, in its standard deviations."""
PLACES = 2


class KnobSense(nn.Module):
    """A loss that is zero when each dimension's attribute rises with it, everywhere that was looked."""

    sine: Tensor
    noise: Tensor
    pluck: Tensor
    spread: Tensor

    def __init__(self, lead_in: int, measured: Tensor) -> None:
        """lead_in: frames the decoder hears before it answers. measured (n, 4): the settings' attributes."""
        super().__init__()
        sine, noise, phrase = (torch.from_numpy(audio) for audio in attributes.probes())
        time = torch.arange(lead_in + SINE_FRAMES, dtype=torch.float64) / SAMPLE_RATE
        peak = float(sine.abs().max())
        steady = (peak * torch.sin(2 * torch.pi * attributes.SINE_HZ * time)).float()
        self.register_buffer("sine", steady, persistent=False)
        self.register_buffer(
            "noise", noise.repeat(1 + lead_in // len(noise))[: lead_in + NOISE_FRAMES], persistent=False
        )
        self.register_buffer("pluck", F.pad(phrase[:PLUCK_FRAMES], (lead_in, 0)), persistent=False)
        floor = torch.tensor([1.0, 0.05, 1.0, 0.25])  # where all devices are alike: dB, octaves, dB, dB
        spread = measured.std(0, unbiased=False) if len(measured) > 1 else floor
        self.register_buffer("spread", torch.maximum(spread.nan_to_num(), floor), persistent=False)

    def forward(self, space: Space, places: Tensor, dimension: int, rng: torch.Generator) -> Tensor:
        """places (n, position_size), of which some are turned along one played dimension -> ()."""
        film = space.decoder.film
        assert film is not None
        chosen = places[torch.randperm(len(places), generator=rng)[:PLACES].to(places.device)].detach()
        turn = LEAST_TURN + (2 - LEAST_TURN) * torch.rand(len(chosen), generator=rng)
        low = -1 + (2 - turn) * torch.rand(len(chosen), generator=rng)
        both = chosen.repeat(2, 1)
        both[:, dimension] = torch.cat([low, low + turn]).to(places.device)
        probe = (self.sine, self.noise, self.sine, self.pluck)[dimension]
        wet = space.decoder(probe.expand(len(both), -1), film(both))
        before, after = heard(wet, dimension).chunk(2)
        slope = (after - before) / (self.spread[dimension] * turn.to(places.device))
        return F.relu(SLOPE - slope).mean()


def heard(wet: Tensor, dimension: int) -> Tensor:
    """One attribute of the decoder's answers to its probe, (batch, frames) -> (batch,), in its unit, differentiable.

    drive and symmetry of a sine of whole cycles, tone of noise, dynamics (without the dry phrase's share) of a pluck.
    """
    name = PLAYED[dimension]
    if name == "dynamics":
        rms = (wet.square().mean(-1) + 1e-12).sqrt()
        return -20 * torch.log10(wet.abs().amax(-1) / (rms + 1e-6) + 1e-6)
    if name == "tone":
        window = torch.hann_window(wet.shape[-1], device=wet.device)
        magnitude = torch.fft.rfft(wet * window).abs() + 1e-6
        hz = torch.linspace(0, SAMPLE_RATE / 2, magnitude.shape[-1], device=wet.device)
        return torch.log2((magnitude * hz).sum(-1) / magnitude.sum(-1))
    spectrum = torch.fft.rfft(wet)
    power = spectrum.real.square() + spectrum.imag.square()
    cycles = round(attributes.SINE_HZ * wet.shape[-1] / SAMPLE_RATE)
    powers = power[:, cycles : int(20_000 * wet.shape[-1] / SAMPLE_RATE) : cycles]
    floor = FLOOR * powers.sum(-1) + 1e-12
    if name == "drive":
        return 10 * torch.log10((powers[:, 1:].sum(-1) + floor) / (powers[:, 0] + floor))
    return 10 * torch.log10((powers[:, 1::2].sum(-1) + floor) / (powers[:, 0::2].sum(-1) + floor))
