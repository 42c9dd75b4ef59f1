"""Writes what a factory takes: Gerbers, drill files, drawings of the assembly; and every part's place.

    python3 -m hardware.board.kicad.plot BOARD.kicad_pcb FOLDER

Into FOLDER/gerber the layers and drills, into FOLDER the drawings (assembly_front.pdf, assembly_back.pdf, .svg) and
positions.json: [{"ref", "value", "footprint", "x", "y", "degrees", "side", "smd"}], from the lower left corner upwards.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pcbnew  # type: ignore[import-not-found]

_LAYERS = ("F.Cu", "B.Cu", "F.Mask", "B.Mask", "F.Paste", "B.Paste", "F.SilkS", "B.SilkS", "Edge.Cuts")
_DATED = re.compile(r"(CreationDate,|Created by KiCad[^\n]*date |DRILL file [^\n]*date |; #@! TF.CreationDate,)[^*\n]*")


def _layer(name: str) -> Any:
    return getattr(pcbnew, name.replace(".", "_"))


def _plotter(board: Any, folder: Path) -> Any:
    plotter = pcbnew.PLOT_CONTROLLER(board)
    options = plotter.GetPlotOptions()
    options.SetOutputDirectory(str(folder))
    options.SetPlotFrameRef(False)
    return plotter


def gerbers(board: Any, folder: Path) -> None:
    """Every layer and the drills, without the date they were made."""
    folder.mkdir(parents=True, exist_ok=True)
    plotter = _plotter(board, folder)
    options = plotter.GetPlotOptions()
    options.SetUseGerberX2format(True)
    options.SetIncludeGerberNetlistInfo(True)
    options.SetSubtractMaskFromSilk(True)
    options.SetDrillMarksType(pcbnew.PCB_PLOT_PARAMS.NO_DRILL_SHAPE)  # else a clear spot in every pad
    for name in _LAYERS:
        plotter.SetLayer(_layer(name))
        plotter.OpenPlotfile(name.replace(".", "_"), pcbnew.PLOT_FORMAT_GERBER, name)
        plotter.PlotLayer()
    plotter.ClosePlot()
    writer = pcbnew.EXCELLON_WRITER(board)
    writer.SetOptions(False, False, pcbnew.wxPoint(0, 0), False)
    writer.SetFormat(True)
    writer.CreateDrillandMapFilesSet(str(folder), True, False)
    for path in folder.iterdir():
        text = path.read_text(encoding="utf-8")
        path.write_text(_DATED.sub(lambda match: match[1], text), encoding="utf-8")


def drawings(board: Any, folder: Path) -> None:
    """Assembly drawings of both sides: outlines, references, pads."""
    plotter = _plotter(board, folder)
    options = plotter.GetPlotOptions()
    for name, layer, pads, mirrored in (
        ("assembly_front", "F.Fab", "F.Mask", False),
        ("assembly_back", "B.Fab", "B.Mask", True),
    ):
        for form in (pcbnew.PLOT_FORMAT_PDF, pcbnew.PLOT_FORMAT_SVG):
            options.SetMirror(mirrored)
            plotter.OpenPlotfile(name, form, name)
            for shown in ("Edge.Cuts", pads, layer):
                plotter.SetLayer(_layer(shown))
                plotter.PlotLayer()
    plotter.ClosePlot()


def positions(board: Any) -> list[dict[str, Any]]:
    """Every part's place, as an assembler counts it."""
    corners = [edge.GetStart() for edge in board.GetDrawings() if edge.GetLayer() == pcbnew.Edge_Cuts]
    left, bottom = min(corner.x for corner in corners), max(corner.y for corner in corners)
    found = []
    for footprint in board.GetFootprints():
        place = footprint.GetPosition()
        found.append(
            {
                "ref": footprint.GetReference(),
                "value": footprint.GetValue(),
                "footprint": str(footprint.GetFPID().GetLibItemName()),
                "x": round((place.x - left) / 1e6, 4),
                "y": round((bottom - place.y) / 1e6, 4),
                "degrees": footprint.GetOrientationDegrees() % 360,
                "side": "bottom" if footprint.IsFlipped() else "top",
                "smd": any(pad.GetAttribute() == pcbnew.PAD_ATTRIB_SMD for pad in footprint.Pads()),
            }
        )
    return sorted(found, key=lambda part: str(part["ref"]))


def main() -> None:
    """The command line."""
    board = pcbnew.LoadBoard(sys.argv[1])
    folder = Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    gerbers(board, folder / "gerber")
    drawings(board, folder)
    (folder / "positions.json").write_text(json.dumps(positions(board), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
