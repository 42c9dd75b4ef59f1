"""What a Mel-VAE's dimensions have to do with devices and knobs; its map; and a few seconds to listen to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from scipy.stats import spearmanr

from gritspace.train.audio.audio_file import write_audio
from gritspace.train.devices.circuits import CIRCUITS
from gritspace.train.matching.clips import Clips, levelled
from gritspace.train.matching.mel import griffin_lim, log_spectral_distance
from gritspace.train.output_file import written_whole
from gritspace.train.research.latent_measures import Floats, correlations, information, information_gap
from gritspace.train.research.mel_vae import MelVae, MelVaeConfig, train_mel_vae
from gritspace.train.research.probes import nearest_neighbours
from gritspace.train.research.tables.bench import Bench
from gritspace.train.research.tables.mel_vae import STANDARD, STEPS, circuit_clips, pictures
from gritspace.train.research.tables.table import Cell, Table

LATENT, BETA = 16, 1.0
HEARD = 4


def mel_vae_relations(bench: Bench) -> Table:
    """One row a knob: the dimension that knows most of it, and how much."""
    clips, held_out = circuit_clips(bench)
    seen, unseen = pictures(clips, STANDARD), pictures(held_out, STANDARD)
    config = MelVaeConfig(seen.shape[1], seen.shape[2], LATENT)
    vae = train_mel_vae(seen, config, BETA, 2 * bench.scaled(STEPS), bench.seed)
    with torch.no_grad():
        latent, latent_held_out = vae.encode(seen)[0].numpy(), vae.encode(unseen)[0].numpy()
    rows: list[list[Cell]] = []
    for i, device in enumerate(CIRCUITS):
        of_device = clips.device == i
        z, knobs = latent[of_device], clips.settings[of_device, : len(device.knobs)]
        told, gap, straight = information(z, knobs), information_gap(z, knobs), correlations(z, knobs)
        for k, knob in enumerate(device.knobs):
            best = int(told[k].argmax())
            rank = float(spearmanr(z[:, best], knobs[:, k]).statistic)
            rows.append([device.name, knob, best, float(told[k, best]), float(gap[k]), float(straight[k, best]), rank])
    right = nearest_neighbours(latent, clips.device, latent_held_out, 5) == held_out.device
    return Table(
        "mel_vae_relations",
        "Which dimension knows of which knob? (16 dimensions, beta 1; maps: tsne_device.png, tsne_knob.png)",
        ["device", "knob", "dimension", "information, nats", "gap (MIG)", "correlation", "rank correlation"],
        rows,
        {
            "device_by_5_neighbours_held_out": float(right.mean()),
            "chance": 1 / len(CIRCUITS),
            **draw_map(bench.out, latent, clips),
            **audition(bench.out / "listen", vae, held_out),
        },
    )


def draw_map(folder: Path, latent: Floats, clips: Clips) -> dict[str, float]:
    """tsne_device.png and tsne_knob.png: the latent space in two dimensions, coloured by device and by first knob."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from sklearn.manifold import TSNE, trustworthiness

    flat = TSNE(perplexity=min(30.0, len(latent) / 4), random_state=0).fit_transform(latent)
    for what, title in (("device", "by device"), ("knob", "by each device's first knob (drive)")):
        figure, axes = pyplot.subplots(figsize=(6, 5))
        if what == "device":
            for i, device in enumerate(CIRCUITS):
                axes.scatter(flat[clips.device == i, 0], flat[clips.device == i, 1], s=9, label=device.name)
            axes.legend(fontsize=7)
        else:
            figure.colorbar(axes.scatter(flat[:, 0], flat[:, 1], s=9, c=clips.settings[:, 0]))
        axes.set(title=title, xticks=[], yticks=[])
        with written_whole(folder / f"tsne_{what}.png") as beside:
            figure.savefig(beside, dpi=120, format="png")
        pyplot.close(figure)
    return {"map_trustworthiness": float(trustworthiness(latent, flat, n_neighbors=10))}


@torch.no_grad()
def audition(folder: Path, vae: MelVae, clips: Clips) -> dict[str, float]:
    """A few clips as they are, through Griffin-Lim alone, and through the VAE; and halfway between two devices."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    chosen = np.concatenate([np.flatnonzero(clips.device == i)[:1] for i in range(len(CIRCUITS))])[:HEARD]
    true = torch.from_numpy(levelled(clips.wet[chosen]))
    seen = pictures(clips.part(chosen), STANDARD)
    mean = vae.encode(seen)[0]
    guessed, decoded = griffin_lim(seen, STANDARD), griffin_lim(vae.decode(mean), STANDARD)
    between = griffin_lim(vae.decode((mean[:-1] + mean[1:]) / 2), STANDARD)
    for i, row in enumerate(chosen):
        name = CIRCUITS[int(clips.device[row])].name
        for kind, audio in (("true", true), ("phases_guessed", guessed), ("decoded", decoded)):
            write_audio(folder / f"{name}_{kind}.wav", audio[i].numpy())
        if i + 1 < len(chosen):
            after = CIRCUITS[int(clips.device[chosen[i + 1]])].name
            write_audio(folder / f"{name}_to_{after}.wav", between[i].numpy())
    return {
        "lsd_phases_guessed_db": float(log_spectral_distance(true, guessed).mean()),
        "lsd_decoded_db": float(log_spectral_distance(true, decoded).mean()),
    }
