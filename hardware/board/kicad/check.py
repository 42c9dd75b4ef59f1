"""Fills a board's zones, runs KiCad's design rules, and tells what is joined to what.

    python3 -m hardware.board.kicad.check BOARD.kicad_pcb OUT.json

OUT: {"drc": {type: count}, "messages": [...], "unconnected": n, "pads": {"U1.3": net}, "tracks", "vias", "track_mm"}.
"""

from __future__ import annotations

import collections
import json
import re
import sys
from pathlib import Path
from typing import Any

import pcbnew  # type: ignore[import-not-found]


def examine(path: Path) -> dict[str, Any]:
    """Fills, saves, checks."""
    pcbnew.KIID.SeedGenerator(2)
    board = pcbnew.LoadBoard(str(path))
    pcbnew.ZONE_FILLER(board).Fill(board.Zones())
    pcbnew.SaveBoard(str(path), board)
    report = path.with_suffix(".rpt")
    pcbnew.WriteDRCReport(board, str(report), pcbnew.EDA_UNITS_MILLIMETRES, True)
    text = report.read_text(encoding="utf-8", errors="replace")
    found: collections.Counter[str] = collections.Counter()
    severities: collections.Counter[str] = collections.Counter()
    messages = []
    for block in re.split(r"(?m)^(?=\[)", text)[1:]:
        kind = block[1 : block.index("]")]
        severity = re.search(r"Severity: (\w+)", block)
        found[kind] += 1
        severities[severity[1] if severity else "error"] += 1
        messages.append(" ".join(block.split()))
    counted = re.search(r"\*\* Found (\d+) unconnected", text)
    tracks = [item for item in board.GetTracks() if not isinstance(item, pcbnew.PCB_VIA)]
    return {
        "drc": dict(sorted(found.items())),
        "severities": dict(severities),
        "messages": messages,
        "unconnected": int(counted[1]) if counted else -1,
        "pads": {
            f"{footprint.GetReference()}.{pad.GetNumber()}": pad.GetNetname()
            for footprint in board.GetFootprints()
            for pad in footprint.Pads()
            if pad.GetNumber()
        },
        "tracks": len(tracks),
        "vias": len(board.GetTracks()) - len(tracks),
        "track_mm": round(sum(track.GetLength() for track in tracks) / 1e6),
    }


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(json.dumps(examine(Path(sys.argv[1]))), encoding="utf-8")
