"""The Mel-VAE's tables: beta, and how far the picture can be pressed."""

from __future__ import annotations

import torch
from torch import Tensor

from gritspace.train.audio.audio_file import SAMPLE_RATE
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.matching.clips import Clips, dry_stream, excerpts, kept, levelled, render_clips
from gritspace.train.matching.mel import MelConfig, log_mel
from gritspace.train.research.mel_vae import MelVaeConfig, measured, train_mel_vae
from gritspace.train.research.tables.bench import Bench
from gritspace.train.research.tables.table import Cell, Table

FRAMES = 32_768
PER_DEVICE, HELD_OUT = 110, 22
STEPS = 300
BETAS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
LATENTS = (2, 4, 8, 16, 32, 64)
PICTURES = ((32, 1024), (32, 512), (64, 1024), (96, 512))
STANDARD = MelConfig(mels=64, hop_frames=512)


def circuit_clips(bench: Bench) -> tuple[Clips, Clips]:
    """Training and held-out clips of the built-in circuits at random settings; other dry audio on either side."""

    def make(split: str, seed: int, count: int) -> Clips:
        def render() -> Clips:
            dry = dry_stream(bench.audio, 90.0, bench.seed + seed, split)
            return render_clips(CIRCUITS, count, excerpts(dry, FRAMES), bench.seed + seed)

        options = {"frames": FRAMES, "count": count, "audio": [str(p) for p in bench.audio], "seed": bench.seed + seed}
        return kept(bench.cache, f"circuits-{split}", options, render)

    return make("train", 100, bench.scaled(PER_DEVICE)), make("validation", 200, HELD_OUT)


def pictures(clips: Clips, config: MelConfig) -> Tensor:
    """(n, mels, columns) of the wet audio, all equally loud."""
    return log_mel(torch.from_numpy(levelled(clips.wet)), config)


def one_vae(bench: Bench, train: Tensor, held_out: Tensor, latent: int, beta: float) -> list[Cell]:
    """Trains and measures one."""
    config = MelVaeConfig(train.shape[1], train.shape[2], latent)
    figures = measured(train_mel_vae(train, config, beta, bench.scaled(STEPS), bench.seed), held_out)
    return [figures.error_db, figures.kl_nats, figures.active]


def mel_vae_beta(bench: Bench) -> Table:
    """Sweep of beta at 16 dimensions."""
    train, held_out = (pictures(clips, STANDARD) for clips in circuit_clips(bench))
    rows: list[list[Cell]] = [[beta, *one_vae(bench, train, held_out, 16, beta)] for beta in BETAS]
    guess = float((held_out - train.mean((0, 2)).unsqueeze(1)).square().mean().sqrt() * 20)
    return Table(
        "mel_vae_beta",
        "What does beta cost, and what does it free? (64 bands, 64 columns, 16 dimensions)",
        ["beta", "error, dB", "KL, nats", "active dimensions"],
        rows,
        {"error_of_the_mean_picture_db": guess, "clips": len(train), "held_out": len(held_out)},
    )


def mel_vae_compression(bench: Bench) -> Table:
    """Sweeps of the latent size, and of bands and frame rate, at beta 1."""
    clips = circuit_clips(bench)
    rows: list[list[Cell]] = []
    for config, latents in ((STANDARD, LATENTS), *((MelConfig(m, h), (16,)) for m, h in PICTURES)):
        train, held_out = (pictures(one, config) for one in clips)
        for latent in latents:
            cells = one_vae(bench, train, held_out, latent, 1.0)
            rate = SAMPLE_RATE / config.hop_frames
            ratio = train.shape[1] * train.shape[2] / latent
            rows.append([config.mels, rate, latent, ratio, *cells])
    return Table(
        "mel_vae_compression",
        "How few numbers can stand for a clip of 0.68 s? (beta 1)",
        ["bands", "columns a second", "dimensions", "picture's values a dimension", "error, dB", "KL, nats", "active"],
        rows,
        {"clips": len(clips[0]), "held_out": len(clips[1])},
    )
