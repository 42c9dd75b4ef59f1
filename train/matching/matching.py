"""`gritspace match`: which built-in device, at which settings, sounds most like a wet recording?"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.devices.clean import Clean
from gritspace.train.devices.device import Audio, Device
from gritspace.train.errors import InputError
from gritspace.train.matching.clips import QUIET_RMS, dry_stream, excerpts, levelled, render_clips
from gritspace.train.matching.estimator import Estimator, EstimatorConfig, knob_counts, train_estimator
from gritspace.train.matching.mel import MelConfig, log_mel
from gritspace.train.torch_file import load_torch, save_torch

FORMAT, VERSION = "gritspace matcher", 2
FRAMES = 16_384
PICTURE = MelConfig(mels=48, hop_frames=512, fft_frames=1024)
CLIPS, STEPS, LATENT = 250, 600, 32
MAX_WINDOWS = 96
KNOWN: tuple[Device, ...] = (*CIRCUITS, Clean())
"""What a recording may be of: the built-in circuits, or none of them."""


@dataclass(frozen=True)
class Match:
    """A device, how sure it is (0 to 1), its knobs, and how far they vary over the recording (interquartile range)."""

    device: str
    chance: float
    knobs: dict[str, float]
    spread: dict[str, float]

    @property
    def confidence(self) -> str:
        """The chance in a word."""
        return "sure" if self.chance >= 0.9 else "likely" if self.chance >= 0.6 else "a guess"


class Matcher:
    """An estimator with what it takes its pictures by, and the devices it knows."""

    def __init__(self, estimator: Estimator, centre: Tensor, scale: Tensor, names: Sequence[str]) -> None:
        self.estimator, self.centre, self.scale, self.names = estimator, centre, scale, tuple(names)

    def match(self, wet: Audio, devices: Sequence[Device] = KNOWN) -> list[Match]:
        """wet (frames,) -> one Match for every device it knows, the likeliest first.

        Raises InputError if the recording is shorter than a third of a second, or silent.
        """
        seen = (log_mel(torch.from_numpy(levelled(windows(wet))), PICTURE) - self.centre) / self.scale
        with torch.no_grad():
            chances = self.estimator.devices(seen)
            whole = torch.softmax(chances.clamp(min=1e-6).log().mean(0), dim=0)
            found = []
            for i, name in enumerate(self.names):
                knobs = next(d.knobs for d in devices if d.name == name)
                settings = self.estimator(seen, torch.full((len(seen),), i))[0][:, : len(knobs)].numpy()
                low, middle, high = np.quantile(settings, (0.25, 0.5, 0.75), axis=0)
                values = dict(zip(knobs, map(float, middle), strict=True))
                spread = dict(zip(knobs, map(float, high - low), strict=True))
                found.append(Match(name, float(whole[i]), values, spread))
        return sorted(found, key=lambda match: -match.chance)


def windows(wet: Audio) -> Audio:
    """The recording in pieces (n, FRAMES), without its rests, at most MAX_WINDOWS spread over it."""
    if len(wet) < FRAMES:
        raise InputError(f"the recording: {len(wet) / 48_000:.2f} s are too short; at least 0.35 s are needed.")
    pieces = np.lib.stride_tricks.sliding_window_view(wet, FRAMES)[:: FRAMES // 2]
    loud = np.sqrt(np.mean(np.square(pieces, dtype=np.float64), axis=1))
    if loud.max() < QUIET_RMS / 10:
        raise InputError("the recording: this is silence, or nearly; give audio in which something is played.")
    pieces = pieces[loud > loud.max() / 30]
    chosen = np.unique(np.linspace(0, len(pieces) - 1, MAX_WINDOWS).round().astype(int))
    return np.ascontiguousarray(pieces[chosen])


def train_matcher(seed: int = 0, clips: int = CLIPS, steps: int = STEPS) -> Matcher:
    """On what is known, at random settings and synthetic phrases: about a minute on two cores."""
    source = excerpts(dry_stream((), 240.0, seed + 40, "train"), FRAMES)
    made = render_clips(KNOWN, clips, source, seed + 40)
    pictures = log_mel(torch.from_numpy(levelled(made.wet)), PICTURE)
    centre = pictures.mean((0, 2)).unsqueeze(1)
    scale = (pictures - centre).std()
    config = EstimatorConfig(knob_counts([d.knobs for d in KNOWN]), "joint_separate", LATENT, PICTURE.mels)
    settings: NDArray[np.float32] = made.settings
    estimator = train_estimator(
        (pictures - centre) / scale, torch.from_numpy(made.device), torch.from_numpy(settings), config, steps, seed
    )
    return Matcher(estimator, centre, scale, [d.name for d in KNOWN])


def save_matcher(matcher: Matcher, path: Path) -> None:
    """Whole or not at all."""
    contents: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "config": asdict(matcher.estimator.config),
        "state": matcher.estimator.state_dict(),
        "centre": matcher.centre,
        "scale": matcher.scale,
        "names": list(matcher.names),
    }
    save_torch(contents, path)


def load_matcher(path: Path) -> Matcher:
    """Raises InputError if the file is missing, damaged, or something else."""
    contents = load_torch(path, "matcher")
    if contents.get("format") != FORMAT or contents.get("version") != VERSION:
        raise InputError(f"{path}: this is no matcher of version {VERSION}; remove it, and it is made again.")
    try:
        config = contents["config"]
        estimator = Estimator(EstimatorConfig(**{**config, "knobs": tuple(config["knobs"])}))
        estimator.load_state_dict(contents["state"])
        return Matcher(estimator.eval(), contents["centre"], contents["scale"], contents["names"])
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise InputError(f"{path}: this matcher is damaged; remove it, and it is made again.") from error


def ready_matcher(
    folder: Path, told: Callable[[str], None] = lambda words: None, shipped: Path | None = None
) -> Matcher:
    """The shipped one, if it knows what is known; else the one in the folder, trained and left there the first time."""
    if shipped is not None and shipped.is_file():
        matcher = load_matcher(shipped)
        if matcher.names == tuple(device.name for device in KNOWN):
            return matcher
    path = folder / f"matcher-{VERSION}.pt"
    if not path.exists():
        told("training the matcher on the built-in circuits: a minute or two, this once")
        folder.mkdir(parents=True, exist_ok=True)
        save_matcher(train_matcher(), path)
    return load_matcher(path)


if __name__ == "__main__":  # python -m gritspace.train.matching.matching FILE
    save_matcher(train_matcher(), Path(sys.argv[1]))
