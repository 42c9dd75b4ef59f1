"""A module watched live: its knobs and jacks, its position, what its processor has left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gritspace.host_tools.link.client import Module, ModuleInfo
from gritspace.host_tools.module import memory
from gritspace.host_tools.module.knob_names import jack_names, own_knobs, panel_names
from gritspace.train.plain_text import printable

_BAR = 24


def snapshot(module: Module, info: ModuleInfo | None = None) -> dict[str, Any]:
    """Everything worth watching, as plain values. load is a share of the time there is; None where nobody knows it."""
    info = info or module.info()
    status, controls, settings = module.status(), module.controls(), memory.get_settings(module)
    health, fault = module.health(), module.fault()
    own = own_knobs(module, health.model, info.model_sha256 if health.model == health.wanted else None)
    knobs, jacks = panel_names(own), jack_names(own)
    budget = info.work_per_second * info.block_frames / info.sample_rate
    load = {
        name: (value / budget if budget else None)
        for name, value in (("p50", status.work_p50), ("p99", status.work_p99), ("max", status.work_max))
    }
    return {
        "board": info.board,
        "firmware_version": info.firmware_version,
        "model": info.model_name,
        "model_status": info.model_status,
        "knobs": {name: code / 65535 for name, code in zip(knobs, controls.knobs, strict=False)},
        "volts": {name: uv / 1e6 for name, uv in zip(jacks, controls.cv_microvolts, strict=False)},
        "played": {name: value / 32768 for name, value in zip(jacks, controls.played, strict=False)},
        "load": load,
        "work_unit": info.work_unit,
        "xruns": status.xruns,
        "blocks": status.blocks,
        "streaming": status.streaming > 0,
        "flags": list(health.flags),
        "why": health.why,
        "peaks": {"in": health.peak_in / 32768, "out": health.peak_out / 32768},
        "limited_blocks": health.limited,
        "stack": {"used": health.stack_used, "bytes": health.stack_bytes},
        "fault": asdict(fault) if fault.count else None,
        "preset": health.preset + 1,
        "saved": bool(settings.saved),
        "link": {
            "frames_good": status.frames_good,
            "crc_errors": status.crc_errors,
            "frame_errors": status.frame_errors,
        },
    }


def view(now: dict[str, Any]) -> RenderableType:
    """A snapshot as a person wants to see it."""
    words = f"{now['model']}  on {now['board']}, firmware {now['firmware_version']}, preset {now['preset']}"
    head = Text(printable(words))
    if now["flags"]:
        head.append("  " + ", ".join(now["flags"]), style="yellow")
    if now["why"] != "nothing":
        head.append(f"  not what was asked for: {now['why'].replace('_', ' ')}", style="red")
    panel = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("", "knob", "", "jack", "played"):
        panel.add_column(column, justify="right" if column in ("jack", "played") else "left")
    for name, turned in now["knobs"].items():
        jack = f"{now['volts'][name]:+.3f} V" if name in now["volts"] else ""
        played = f"{now['played'][name]:+.3f}" if name in now["played"] else ""
        panel.add_row(name, f"{turned:.3f}", bar(turned), jack, played)
    load = Table(box=None, pad_edge=False, show_header=False)
    for name, share in now["load"].items():
        text, drawn = ("unknown", "") if share is None else (f"{100 * share:5.1f} %", bar(share))
        load.add_row(f"load, {name}", text, Text(drawn, style="red" if share is not None and share > 1 else "green"))
    for name, peak in now["peaks"].items():
        load.add_row(
            f"level, {name}", decibels(peak), Text(bar(1 + _dbfs(peak) / 60), style="red" if peak >= 1 else "")
        )
    lost = Text(f"xruns {now['xruns']}", style="red" if now["xruns"] else "")
    link = now["link"]
    lost.append(f"   link: {link['frames_good']} frames good, {link['crc_errors'] + link['frame_errors']} bad")
    if now["stack"]["used"]:
        lost.append(f"   stack {now['stack']['used']:,} of {now['stack']['bytes']:,} bytes")
    rows: list[RenderableType] = [head, Text(), panel, Text(), load, lost]
    if now["fault"] is not None:
        fault = now["fault"]
        words = f"crashed {fault['count']} times, the last by a {fault['kind']} fault at pc 0x{fault['pc']:08x}"
        rows.append(Text(words, style="bold red"))
    return Group(*rows)


def decibels(peak: float) -> str:
    """A level, 1 being full scale, in words."""
    return f"{_dbfs(peak):6.1f} dBFS" if peak > 0 else "silence"


def _dbfs(peak: float) -> float:
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def bar(share: float) -> str:
    """A share, 0 to 1, as a bar; more than all is a full one."""
    filled = round(_BAR * min(max(share, 0.0), 1.0))  # a share may be minus infinity
    return "█" * filled + "·" * (_BAR - filled)


def watch(module: Module, show: Callable[[dict[str, Any]], None], seconds: float | None, rate_hz: float = 10.0) -> None:
    """Takes snapshots and shows them, for so long, or until Ctrl-C."""
    info = module.info()
    until = None if seconds is None else time.monotonic() + seconds
    while True:
        now = snapshot(module, info)
        if now["model"] != info.model_name or not now["blocks"] % 100:
            info = module.info()
        show(now)
        if until is not None and time.monotonic() >= until:
            return
        time.sleep(1 / rate_hz)
