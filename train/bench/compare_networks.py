"""Which network plays many devices best: several shapes trained for the same processor time on the same pairs.

    python -m gritspace.train.bench.compare_networks --captures FOLDER --audio FOLDER [--minutes 3] [--only a1-16,...]

Every setting has a position of its own to learn (a table instead of the encoder, which all shapes would share). The
budget is the process's own time on one processor, so that other work on the machine does not count. Rows that are done
lie in out/compare-networks.json and are not trained again; a row that was interrupted goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from gritspace.train.audio import signals
from gritspace.train.audio.augment import played_otherwise
from gritspace.train.devices.finding import find_devices
from gritspace.train.network.losses import AudioLoss
from gritspace.train.network.metrics import esr
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import LayerArray, Tcn
from gritspace.train.output_file import written_whole
from gritspace.train.space.data.pairs import PairSet, render_pairs
from gritspace.train.space.data.renders import RenderCache, default_folder
from gritspace.train.space.data.splits import parted
from gritspace.train.torch_file import load_torch

POSITION_SIZE, FILM_HIDDEN = 16, 32
BATCH, SEGMENT_FRAMES = 16, 2_048
RATE, TABLE_RATE = 4e-3, 3.0
TRAIN_SECONDS, CHECK_SECONDS = 8.0, 2.0
RANK = 4
KEEP_EVERY = 10.0  # seconds of processor time
TEN = tuple(2**i for i in range(10))
A2 = ((6,) * 14 + (15, 15) + (6,) * 7, (1, 3, 7, 17, 41, 101, 239) * 2 + (1, 13) + (1, 3, 7, 17, 41, 101, 239))


def one_array(channels: int, kernels: tuple[int, ...], dilations: tuple[int, ...], **more: Any) -> TcnConfig:
    """A decoder of one array, with FiLM."""
    array = LayerArrayConfig(channels, kernels, dilations, **more)
    return TcnConfig((array,), position_size=POSITION_SIZE, film_hidden=FILM_HIDDEN)


NETWORKS: Mapping[str, TcnConfig] = {
    "tanh-16": one_array(16, (3,) * 10, TEN),
    "tanh-16-head-16": one_array(16, (3,) * 10, TEN, head_kernel_size=16),
    "tanh-12": one_array(12, (3,) * 10, TEN),
    "tanh-8x2": one_array(8, (3,) * 20, TEN * 2),
    "leaky-16": one_array(16, (3,) * 10, TEN, activation="leaky_relu"),
    "a2-full": one_array(8, *A2, activation="leaky_relu", head_kernel_size=16),
    "gated-12": one_array(12, (3,) * 10, TEN, gated=True),
    "tanh-16-wide-film": TcnConfig((LayerArrayConfig(16, (3,) * 10, TEN),), POSITION_SIZE, film_hidden=96),
    "tanh-16-low-rank": one_array(16, (3,) * 10, TEN),
}
"""The last one bends its convolutions' weights too: W + sum over RANK of a(z) U V, beside FiLM."""


@dataclass(frozen=True)
class Row:
    """What came of one network. ESR over the settings, on audio held out. Frames are of dry audio, trained on."""

    network: str
    macs_per_frame: int
    parameters: int
    control_macs: int
    minutes: float
    steps: int
    frames_per_second: int
    q25: float
    median: float
    q75: float


class LowRank(nn.Module):
    """Position -> what is added to each convolution's weight: sum of a_i(z) U_i V_i, computed at control rate."""

    def __init__(self, decoder: Tcn) -> None:
        super().__init__()
        shapes = {name: p.shape for name, p in decoder.named_parameters() if name.endswith("conv.weight")}
        self.names = list(shapes)
        self.amounts = nn.Linear(POSITION_SIZE, RANK * len(shapes))
        self.left = nn.ParameterList(nn.Parameter(0.1 * torch.randn(RANK, s[0])) for s in shapes.values())
        self.right = nn.ParameterList(nn.Parameter(0.1 * torch.randn(RANK, s[1] * s[2])) for s in shapes.values())

    def forward(self, decoder: Tcn, position: Tensor) -> dict[str, Tensor]:
        """position (size,) -> the decoder's weights there, by name."""
        weights: dict[str, Tensor] = dict(decoder.named_parameters())
        amounts = self.amounts(position).view(len(self.names), RANK)
        for name, amount, left, right in zip(self.names, amounts, self.left, self.right, strict=True):
            weights[name] = weights[name] + ((amount[:, None] * left).T @ right).view_as(weights[name])
        return weights


class Contestant(nn.Module):
    """A network with a table of positions."""

    def __init__(self, name: str, settings: int) -> None:
        super().__init__()
        self.decoder = Tcn(NETWORKS[name])
        assert self.decoder.film is not None
        with torch.no_grad():
            self.decoder.film.log2_gain.weight.mul_(3.0)
            self.decoder.film.bias.weight.mul_(3.0)
            last = self.decoder.arrays[-1]
            assert isinstance(last, LayerArray)
            for parameter in last.head.parameters():  # nearly silent at first
                parameter.mul_(0.1)
        self.low_rank = LowRank(self.decoder) if name.endswith("low-rank") else None
        self.places = nn.Parameter(0.3 * torch.randn(settings, POSITION_SIZE))

    def forward(self, dry: Tensor, rows: Tensor) -> Tensor:
        """dry (batch, lead-in + frames), rows (batch,) of the table -> (batch, frames)."""
        places = torch.tanh(self.places[rows])
        film = self.decoder.film
        assert film is not None
        if self.low_rank is None:
            return self.decoder(dry, film(places))
        each = []
        for one, place in zip(dry, places, strict=True):
            weights = self.low_rank(self.decoder, place)
            each.append(functional_call(self.decoder, weights, (one[None], film(place[None]))))
        return torch.cat(each)

    def control_macs(self) -> int:
        """Multiplications for each new position."""
        film = self.decoder.film
        assert film is not None
        macs = sum(layer.weight.numel() for layer in (film.hidden, film.log2_gain, film.bias))
        if self.low_rank is not None:
            macs += self.low_rank.amounts.weight.numel() + sum(
                left.numel() * right.shape[1]
                for left, right in zip(self.low_rank.left, self.low_rank.right, strict=True)
            )
        return int(macs)


def trained(
    name: str, pairs: PairSet, checks: PairSet, minutes: float, seed: int = 0, checkpoint: Path | None = None
) -> Row:
    """One row: a cosine down to nothing over the budget of processor time, on one thread.

    checkpoint: where an interrupted row is kept and gone on from; it is removed at the end.
    """
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    contestant = Contestant(name, len(pairs))
    lead_in = contestant.decoder.config.receptive_field - 1
    loss_of, power = AudioLoss(0.1), pairs.wet.power() + 1e-8
    rest = [p for p in contestant.parameters() if p is not contestant.places]
    groups: list[dict[str, Any]] = [{"params": rest}, {"params": [contestant.places], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=RATE, betas=(0.9, 0.99), weight_decay=1e-4)
    rng, before, steps = torch.Generator().manual_seed(seed), 0.0, 0
    if checkpoint is not None and checkpoint.exists():
        kept = load_torch(checkpoint, "checkpoint")
        contestant.load_state_dict(kept["contestant"])
        optimizer.load_state_dict(kept["optimizer"])
        rng.set_state(kept["rng"])
        before, steps = kept["spent"], kept["steps"]
    started = time.process_time() - before
    saved = time.process_time()
    while (share := (time.process_time() - started) / (60 * minutes)) < 1:
        rate = RATE * min(1.0, share / 0.05 + 0.02) * 0.5 * (1 + math.cos(math.pi * share))
        for group, factor in zip(optimizer.param_groups, (1.0, TABLE_RATE), strict=True):
            group["lr"] = rate * factor
        rows = torch.randint(len(pairs), (BATCH,), generator=rng)
        starts = torch.randint(pairs.frames - lead_in - SEGMENT_FRAMES, (BATCH,), generator=rng).tolist()
        ends = [start + lead_in + SEGMENT_FRAMES for start in starts]
        places = list(zip(rows.tolist(), starts, ends, strict=True))
        dry = torch.stack([pairs.dry[row, start:end] for row, start, end in places])
        wet = torch.stack([pairs.wet[row, start + lead_in : end] for row, start, end in places])
        loss = loss_of(wet, contestant(dry, rows), power[rows])[0]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(contestant.parameters(), 1.0)
        optimizer.step()
        steps += 1
        if checkpoint is not None and time.process_time() - saved > KEEP_EVERY:
            saved = time.process_time()
            with written_whole(checkpoint) as beside:
                state = {"contestant": contestant.state_dict(), "optimizer": optimizer.state_dict()}
                torch.save({**state, "rng": rng.get_state(), "spent": saved - started, "steps": steps}, beside)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    spent = time.process_time() - started
    errors = checked(contestant.eval(), checks)
    q25, median, q75 = np.quantile(errors, (0.25, 0.5, 0.75)).tolist()
    config = contestant.decoder.config
    return Row(
        network=name,
        macs_per_frame=config.macs_per_frame,
        parameters=sum(p.numel() for p in rest),
        control_macs=contestant.control_macs(),
        minutes=minutes,
        steps=steps,
        frames_per_second=round(steps * BATCH * SEGMENT_FRAMES / spent),
        q25=q25,
        median=median,
        q75=q75,
    )


def checked(contestant: Contestant, checks: PairSet) -> list[float]:
    """ESR of every setting whose check is not silent."""
    lead_in = contestant.decoder.config.receptive_field - 1
    found = []
    with torch.no_grad():
        for i in range(len(checks)):
            target = checks.wet[i : i + 1, lead_in:]
            if target.any():
                found.append(float(esr(target, contestant(checks.dry[i : i + 1], torch.tensor([i])))))
    return found


def pairs_of(captures: list[Path], audio: list[Path]) -> tuple[PairSet, PairSet]:
    """What to train on and what to check with: the seen captures at their grids, on audio of both sides."""
    devices, _ = parted([device for device in find_devices(captures) if device.kind == "capture"])
    notes = {side: [n for path in audio for n in signals.read_folder(path, side)] for side in ("train", "validation")}
    dry = played_otherwise(signals.phrases_from(notes["train"], 600.0, 0), 0)
    check = signals.phrases_from(notes["validation"], 60.0, 1)
    cache = RenderCache(default_folder(), 8.0, tell=lambda said: print(said, flush=True))
    pairs = render_pairs(devices, dry, TRAIN_SECONDS, with_attributes=False, cache=cache)
    return pairs, render_pairs(devices, check, CHECK_SECONDS, gains=pairs.gains, with_attributes=False, cache=cache)


def as_table(rows: list[Row]) -> str:
    """Markdown, best first."""
    lines = [
        "| network | MAC a frame | MAC a position | parameters | steps | frames/s | ESR q25 | median | q75 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in sorted(rows, key=lambda row: row.median):
        lines.append(
            f"| {r.network} | {r.macs_per_frame:,} | {r.control_macs:,} | {r.parameters:,} | {r.steps:,} | "
            f"{r.frames_per_second:,} | {r.q25:.3f} | {r.median:.3f} | {r.q75:.3f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Reads the arguments, trains what is missing, prints the table."""
    parser = argparse.ArgumentParser(description="Networks for a space, trained for the same time on the same pairs.")
    parser.add_argument("--captures", type=Path, action="append", required=True)
    parser.add_argument("--audio", type=Path, action="append", required=True)
    parser.add_argument("--minutes", type=float, default=3.0, help="of one processor, for each network")
    parser.add_argument("--only", default=",".join(NETWORKS), help="names with commas between")
    parser.add_argument("--out", type=Path, default=Path("out/compare-networks.json"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    names = arguments.only.split(",")
    if unknown := [name for name in names if name not in NETWORKS]:
        parser.error(f"there is no {unknown[0]}; there are {', '.join(NETWORKS)}")
    known: list[Row] = []
    if arguments.out.exists():
        known = [Row(**row) for row in json.loads(arguments.out.read_text(encoding="utf-8"))]
    missing = [n for n in names if all((r.network, r.minutes) != (n, arguments.minutes) for r in known)]
    if missing:
        pairs, checks = pairs_of(arguments.captures, arguments.audio)
        print(f"{len(pairs)} settings, {arguments.minutes:g} minutes of one processor each", flush=True)
        for name in missing:
            kept = arguments.out.with_name(f"{arguments.out.stem}-{name}-{arguments.minutes:g}.checkpoint")
            known.append(trained(name, pairs, checks, arguments.minutes, checkpoint=kept))
            with written_whole(arguments.out) as beside:
                beside.write_text(json.dumps([asdict(row) for row in known], indent=2), encoding="utf-8")
            print(f"{name}: median ESR {known[-1].median:.3f}", flush=True)
    print(as_table([row for row in known if row.minutes == arguments.minutes and row.network in names]))


if __name__ == "__main__":
    main()
