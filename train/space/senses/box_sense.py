"""Makes the whole box playable, not only the places that devices lie at.

A knob turns a position to where no device was heard. There, on edges and in corners of the box too, the decoder is
asked for what holds everywhere: silence gives silence; what is played is as loud as anywhere else; turning a dimension
raises its own attribute and leaves the others; a pure tone comes out with overtones, and with little that folds back.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.network.silence import in_motion, of_silence
from gritspace.train.space import attributes, loudness
from gritspace.train.space.senses.knob_sense import LEAST_TURN, NOISE_FRAMES, SINE_FRAMES, SLOPE, heard
from gritspace.train.space.space import PLAYED, Space

SILENT_PLACES = 2_048
MOVING_PLACES, MOVING_FRAMES, MOVING_POINT_FRAMES, MOVING_HZ = 2, 256, 48, 2.5
TURNED_PLACES = 2
LEVEL_DB = 1.5
"""A level so far off costs about one."""
CROSS_SHARE = 0.5
LITTLE = 0.1
"""Of an attribute's spread: below it what another dimension moves an attribute by costs in proportion, above by its
logarithm. A rank correlation counts what always moves a little as much as what moves far."""
TONE_PLACES, TONE_FRAMES, TONE_HZ, TONE_PEAK = 4, 4_096, (300.0, 6_000.0), 0.5
CLEAN_DB = -60.0
SILENT = 5e-4
"""-66 dBFS: what sounds louder than that is pressed upon further, so that no place stays behind the mean."""
LOUDEST = 1 / 128
"""Of what was asked: so much is pressed upon as a whole besides. The worst place alone is another in each step."""


def places_in_box(known: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """(count, position_size): a quarter each with the played dimensions anywhere, at corners, on edges, and anywhere in
    all dimensions; else the rest as some known position, (n, position_size), has it.
    """
    size, played = known.shape[1], len(PLAYED)
    found = known[torch.randint(len(known), (count,), generator=rng)].clone().cpu()
    anywhere = 2 * torch.rand(count, size, generator=rng) - 1
    corner = torch.sign(torch.rand(count, played, generator=rng) - 0.5)
    edge = corner.clone()
    loose = torch.randint(played, (count,), generator=rng)
    edge[torch.arange(count), loose] = anywhere[torch.arange(count), loose]
    kind = torch.arange(count) % 4
    for i, ends in enumerate((anywhere[:, :played], corner, edge)):
        found[kind == i, :played] = ends[kind == i]
    found[kind == 3] = anywhere[kind == 3]
    return found.to(known.device)


def _sounding(size: Tensor) -> Tensor:
    """What should be nothing: by its mean, so that it goes on falling when it is small; its square for what explodes;
    the worst and the loudest, and all that can be heard, so that no place is left out."""
    beyond = 50 * F.relu(size - SILENT).mean().clamp(max=0.1)
    loudest = 20 * size.flatten().topk(max(1, int(size.numel() * LOUDEST))).values.mean().clamp(max=0.1)
    exploding = 30 * size.square().mean().clamp(max=10.0) + 2 * size.max().clamp(max=10.0)
    return 10 * size.mean() + exploding + beyond + loudest


def silence_loss(space: Space, known: Tensor, rng: torch.Generator, count: int = SILENT_PLACES) -> Tensor:
    """What silence gives at places all over the box: mean size, its square for what explodes, the worst: ()."""
    film = space.decoder.film
    assert film is not None
    size = of_silence(space.decoder, film(places_in_box(known, count, rng))).abs()
    return _sounding(size)


def motion_loss(space: Space, known: Tensor, rng: torch.Generator, count: int = MOVING_PLACES) -> Tensor:
    """The same while one played dimension moves as fast as a triangle of up to MOVING_HZ moves it: ()."""
    reach = space.config.decoder.receptive_field - 1 + MOVING_FRAMES
    travel = 4 * MOVING_HZ * reach / SAMPLE_RATE * torch.rand(count, generator=rng)
    start = places_in_box(known, count, rng)
    turned = torch.randint(len(PLAYED), (count,), generator=rng)
    rows = torch.arange(count)
    low = -1 + (2 - travel).clamp(min=0) * torch.rand(count, generator=rng)
    ends = torch.stack([low, (low + travel).clamp(max=1)], 1)
    ends = torch.where(torch.rand(count, 1, generator=rng) < 0.5, ends, ends.flip(1)).to(known.device)
    points = max(2, reach // MOVING_POINT_FRAMES)
    way = start[:, None].repeat(1, points, 1)
    way[rows, :, turned] = torch.lerp(ends[:, :1], ends[:, 1:], torch.linspace(0, 1, points, device=known.device))
    size = in_motion(space.decoder, way, MOVING_FRAMES).abs()
    return _sounding(size)


class BoxSense(nn.Module):
    """Losses of places that are turned, and of tones."""

    probe: Tensor
    spread: Tensor

    def __init__(self, lead_in: int, measured: Tensor) -> None:
        """lead_in: frames the decoder hears before it answers. measured (n, 4): the settings' attributes."""
        super().__init__()
        self.lead_in = lead_in
        _, noise, _ = (torch.from_numpy(audio) for audio in attributes.probes())
        time = torch.arange(lead_in + SINE_FRAMES, dtype=torch.float64) / SAMPLE_RATE
        sine = (attributes.SINE_PEAK * torch.sin(2 * torch.pi * attributes.SINE_HZ * time)).float()
        noise = noise.repeat(1 + lead_in // len(noise))[: lead_in + NOISE_FRAMES]
        self.register_buffer("probe", torch.cat([sine, noise, loudness.probe(lead_in)]), persistent=False)
        floor = torch.tensor([1.0, 0.05, 1.0, 0.25])  # where all devices are alike: dB, octaves, dB, dB
        spread = measured.std(0, unbiased=False) if len(measured) > 1 else floor
        self.register_buffer("spread", torch.maximum(spread.nan_to_num(), floor), persistent=False)

    def forward(self, space: Space, places: Tensor, dimension: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """places (n, position_size) that are known -> loss of turning one played dimension, and of the levels: () each.

        Half of what is turned are known places, half lie on edges of the box, every other of these in the middle of
        the stored dimensions, as the module starts.
        """
        film = space.decoder.film
        assert film is not None
        chosen = places[torch.randint(len(places), (TURNED_PLACES,), generator=rng)].detach().clone()
        corner = torch.sign(torch.rand(TURNED_PLACES // 2, len(PLAYED), generator=rng) - 0.5)
        chosen[: TURNED_PLACES // 2, : len(PLAYED)] = corner.to(places.device)
        middle = torch.rand(TURNED_PLACES // 2, generator=rng) < 0.5
        chosen[: TURNED_PLACES // 2, len(PLAYED) :][middle] = places[:, len(PLAYED) :].detach().mean(0)
        turn = LEAST_TURN + (2 - LEAST_TURN) * torch.rand(len(chosen), generator=rng)
        low = -1 + (2 - turn) * torch.rand(len(chosen), generator=rng)
        both = chosen.repeat(2, 1)
        both[:, dimension] = torch.cat([low, low + turn]).to(places.device)
        wet = space.decoder(self.probe.expand(len(both), -1), film(both))
        sine, noise = wet[:, :SINE_FRAMES], wet[:, SINE_FRAMES + self.lead_in :][:, :NOISE_FRAMES]
        played = wet[:, -loudness.PHRASE_FRAMES :]
        of_attribute = (sine, noise, sine, played)
        before, after = torch.stack([heard(of_attribute[d], d) for d in range(len(PLAYED))], 1).chunk(2)
        moved = (after - before) / self.spread
        own = F.relu(SLOPE * turn.to(places.device) - moved[:, dimension])
        others = torch.arange(len(PLAYED), device=wet.device) != dimension
        cross = torch.log1p(moved[:, others].abs() / LITTLE).mean(1)
        off_db = loudness.beside_equal_db(played)
        return (own + CROSS_SHARE * cross).mean(), F.smooth_l1_loss(off_db / LEVEL_DB, torch.zeros_like(off_db))

    def tones(self, space: Space, places: Tensor, rng: torch.Generator) -> Tensor:
        """places (n, position_size) -> what lies between the overtones of pure tones, over CLEAN_DB, in units of 20 dB.

        A tone has an odd number of cycles in a power of two of frames, so that what folds never meets an overtone
        below the frames' own count.
        """
        film = space.decoder.film
        assert film is not None
        chosen = places[torch.randint(len(places), (TONE_PLACES,), generator=rng)].detach()
        low, high = (torch.log(torch.tensor(hz * TONE_FRAMES / SAMPLE_RATE)) for hz in TONE_HZ)
        cycles = torch.exp(low + (high - low) * torch.rand(len(chosen), generator=rng)).long() // 2 * 2 + 1
        time = torch.arange(self.lead_in + TONE_FRAMES, dtype=torch.float64) / TONE_FRAMES
        dry = (TONE_PEAK * torch.sin(2 * torch.pi * cycles[:, None] * time)).float().to(places.device)
        spectrum = torch.fft.rfft(space.decoder(dry, film(chosen)))
        power = (spectrum.real.square() + spectrum.imag.square())[:, 2 : int(20_000 * TONE_FRAMES / SAMPLE_RATE)]
        bins = torch.arange(2, 2 + power.shape[1])
        on = (bins % cycles[:, None] == 0).to(power.device)
        share = (power * ~on).sum(1) / ((power * on).sum(1) + 1e-9)
        return F.relu(10 * torch.log10(share + 1e-9) - CLEAN_DB).mean() / 20
