"""Measurements to make reports of without a module: the factory space's integers, played by the engine here."""

from __future__ import annotations

import numpy as np

from gritspace.host_tools.audio_sources import riff
from gritspace.host_tools.hil.measure import Measurement, Outcome
from gritspace.host_tools.hil.takes import BLOCK_FRAMES, Take, sweep, whole_blocks
from gritspace.host_tools.link.client import ModuleInfo
from gritspace.host_tools.pages.page import rendered
from gritspace.host_tools.pages.sounds import comparison
from gritspace.host_tools.spaces.playing import IntegerPlayer
from gritspace.host_tools.spaces.report import NAMES, error_rows
from gritspace.quantize.firmware_sources import SPACES
from gritspace.quantize.model.grit import read_grit

LONG = "a_pedal_whose_name_is_longer_than_a_telephone_is_wide"


def measurement(name: str = LONG, seconds: float = 2.0) -> Measurement:
    """A sweep, then two seconds of three devices whose names are long; what they should sound like is half true."""
    model = read_grit(SPACES / "circuits.grit")
    player = IntegerPlayer(model)
    rng = np.random.default_rng(0)

    def outcome(take: Take, sound: np.ndarray) -> Outcome:
        samples = np.round(sound * 32768.0 / 2.0**model.output_shift).astype(np.int16)
        work = rng.integers(90_000, 110_000, len(samples) // BLOCK_FRAMES)
        return Outcome(take, samples, samples, None, work, 1.0)

    dry = riff(seconds)
    moving = sweep(dry, model.default_position, 4)
    outcomes = [outcome(moving, player.moving(dry, moving.positions / 32768))]
    for i, device in enumerate(("rat", name, "big_muff")):
        place = np.zeros(model.position_count)
        place[:4] = rng.uniform(-0.5, 0.5, 4)
        sound = player.at_rest(whole_blocks(dry) / np.float32(32768), place)
        positions = np.tile(np.round(place * 32767).astype(np.int16), (len(sound) // BLOCK_FRAMES, 1))
        target = (sound + 0.1 * i * np.roll(sound, 40)).astype(np.float32)
        take = Take(f"{device}@gain=0.5,tone=0.25", whole_blocks(dry), positions, device, target)
        outcomes.append(outcome(take, sound))
    info = ModuleInfo(
        last_stream=0,
        model_bytes=9312,
        state_bytes=1,
        state_limit=1,
        sample_rate=48000,
        work_per_second=480_000_000,
        model_status=0,
        position_count=model.position_count,
        output_shift=model.output_shift,
        block_frames=48,
        glide_blocks=20,
        credits=4,
        message_blocks=4,
        work_unit="cycles",
        model_sha256="0" * 64,
        model_name=model.name if name == LONG else name,
        firmware_version="0.0.0" if name == LONG else name,
        board="none" if name == LONG else name,
    )
    link = {"retries": 0, "crc_errors": 0, "frame_errors": 0}
    return Measurement(
        model, info, tuple(outcomes), "cycles", link, {"streaming": 1.0}, {"p50": 0.2, "p99": 0.3, "max": 0.4}
    )


def space_page(name: str = LONG) -> str:
    """The page of an examined space, with figures out of the air: its layout, not its measuring, is looked at."""
    tone = 0.3 * np.sin(np.arange(20_000) / 10)
    heard = comparison(
        "rat@distortion=0.5,filter=0.25" if name == LONG else name,
        {"dry": tone, "device": tone**3, "space" if name == LONG else name: tone},
        0.02,
        "seen" if name == LONG else name,
    )
    some = {"min": 0.01, "q25": 0.02, "median": 0.03, "q75": 0.04, "max": 0.05}
    none = dict.fromkeys(some)
    splits = {
        split: {"settings": 3, "esr": values, "mrsl": values, "float": {"esr": values, "mrsl": values}}
        for split, values in (("seen", some), ("held_out_settings", none), ("held_out_devices", some))
    }
    report = {
        "macs_per_frame": 3264,
        "position_size": 4,
        "clip_seconds": 2,
        "splits": splits,
        "shuffled_positions": {"esr": some},
        "held_out_settings_over_seen": None,
        "integer_adds": some,
        "separation": {"sap": 0.1},
        "smoothness": {"step": 1.0, "click": 1.0},
        "foreign": {"organ": {"seen": {"esr": some}, "held_out_devices": {"esr": some}}},
    }
    picture = '<svg class="figure" viewBox="0 0 90 30"><text x="5" y="20">a picture</text></svg>'
    return rendered(
        "gritspace.host_tools.spaces",
        "report.html.j2",
        title=f"The space {'circuits.pt' if name == LONG else name}",
        report=report,
        names=NAMES,
        box_rows=[("what other attributes come along with a turn (Spearman)", "0.52", "0.25")] * 9,
        error_rows=error_rows(report),
        knob_rows=[(name, "+0.90", "+0.80", "-") for name in ("drive", "tone", "symmetry", "dynamics")],
        moves_rows=[(one, name, "+0.90", f"{name} +0.10", "tone +0.20", "dynamics -") for one in ("drive", "symmetry")],
        alias_rows=[("rat", "415", "-50", "-40")],
        device_rows=[(name, "0.02", "-", "-", "very much alike")],
        errors=picture,
        maps=picture,
        legend=[(f"device {i}" if name == LONG else name, "#336699") for i in range(40)],
        sweeps=picture,
        sounds=[heard] * 3,
        moving=comparison("One knob after another", {"dry": tone, "drive": tone, "tone": tone}),
    )
