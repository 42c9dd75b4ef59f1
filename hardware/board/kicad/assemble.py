"""Builds a .kicad_pcb from a job, and tells where its copper and its edges are.

    python3 -m hardware.board.kicad.assemble JOB.json

JOB: {"out", "geometry", "own", "shared", "outline": [[x, y], ...], "cuts": [[[x, y], ...], ...], "circles",
"parts": [{"ref", "value", "footprint", "x", "y", "degrees", "back", "pins": {number: net}}], "tracks": [[net, layer,
width, x0, y0, x1, y1]], "vias": [[net, x, y]], "via": [diameter, drill], "zones": [{"net", "layers", "margin"}],
"texts": [{"text", "x", "y", "size", "layer", "mirror"}], "graphics": [{"layer", "points", "width", "fill"}],
"title": {...}}.
Millimetres and degrees. Identifiers come from a seeded generator: the same job gives the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import pcbnew  # type: ignore[import-not-found]

from .shapes import MILLIMETRE, lay, load

_CIRCLE_STEPS = 12
_KEEP_OUT = {"kind": "K", "pad": "", "net": "", "x": 0.0, "y": 0.0, "hole": 0.0}


def _size(width: float, height: float) -> Any:
    return pcbnew.wxSize(pcbnew.FromMM(width), pcbnew.FromMM(height))


def _layer(name: str) -> Any:
    """A layer by its name in the file, such as F.SilkS."""
    return getattr(pcbnew, name.replace(".", "_"))


def _nets(board: Any, job: dict[str, Any]) -> dict[str, Any]:
    names = sorted({net for part in job["parts"] for net in part["pins"].values() if net})
    nets = {}
    for name in names:
        nets[name] = pcbnew.NETINFO_ITEM(board, name)
        board.Add(nets[name])
    return nets


def _edges(board: Any, job: dict[str, Any]) -> None:
    for corners in [job["outline"], *job["cuts"]]:
        for start, end in zip(corners, corners[1:] + corners[:1], strict=True):
            edge = pcbnew.PCB_SHAPE(board)
            edge.SetShape(pcbnew.SHAPE_T_SEGMENT)
            edge.SetStart(pcbnew.wxPointMM(*start))
            edge.SetEnd(pcbnew.wxPointMM(*end))
            edge.SetLayer(pcbnew.Edge_Cuts)
            edge.SetWidth(pcbnew.FromMM(0.1))
            board.Add(edge)

    for x, y, radius in job.get("circles", []):
        hole = pcbnew.PCB_SHAPE(board)
        hole.SetShape(pcbnew.SHAPE_T_CIRCLE)
        hole.SetCenter(pcbnew.wxPointMM(x, y))
        hole.SetEnd(pcbnew.wxPointMM(x + radius, y))
        hole.SetLayer(pcbnew.Edge_Cuts)
        hole.SetWidth(pcbnew.FromMM(0.1))
        board.Add(hole)


def _parts(board: Any, job: dict[str, Any], nets: dict[str, Any]) -> None:
    for part in job["parts"]:
        footprint = load(part["footprint"], job["own"], job["shared"])
        footprint.SetReference(part["ref"])
        footprint.SetValue(part["value"])
        board.Add(footprint)
        lay(footprint, part["x"], part["y"], part["degrees"], part["back"])
        # A test point's value is its name on the silk; others have theirs in the bill.
        footprint.Value().SetVisible(part["footprint"] == "gritspace:Test_Point")
        reference = footprint.Reference()
        # References stand on the drawings of the assembly, where there is room; silk would be cut by pads.
        reference.SetLayer(pcbnew.B_Fab if part["back"] else pcbnew.F_Fab)
        reference.SetTextSize(_size(0.7, 0.7))
        reference.SetTextThickness(pcbnew.FromMM(0.1))
        reference.SetPosition(footprint.GetPosition() if part["back"] else reference.GetPosition())
        for pad in footprint.Pads():
            net = part["pins"].get(pad.GetNumber())
            if net:
                pad.SetNet(nets[net])


def _copper(board: Any, job: dict[str, Any], nets: dict[str, Any]) -> None:
    layers = ("F.Cu", "B.Cu") if board.GetCopperLayerCount() == 2 else ("F.Cu", "In1.Cu", "In2.Cu", "B.Cu")
    for net, layer, width, x0, y0, x1, y1 in job["tracks"]:
        track = pcbnew.PCB_TRACK(board)
        track.SetLayer(_layer(layers[layer]))
        track.SetWidth(pcbnew.FromMM(width))
        track.SetStart(pcbnew.wxPointMM(x0, y0))
        track.SetEnd(pcbnew.wxPointMM(x1, y1))
        track.SetNet(nets[net])
        board.Add(track)
    for net, x, y in job["vias"]:
        via = pcbnew.PCB_VIA(board)
        via.SetPosition(pcbnew.wxPointMM(x, y))
        via.SetWidth(pcbnew.FromMM(job["via"][0]))
        via.SetDrill(pcbnew.FromMM(job["via"][1]))
        via.SetNet(nets[net])
        board.Add(via)
    xs, ys = [x for x, _ in job["outline"]], [y for _, y in job["outline"]]
    for pour in job["zones"]:
        for layer in pour["layers"]:
            zone = pcbnew.ZONE(board)
            zone.SetLayer(_layer(layer))
            zone.SetNetCode(nets[pour["net"]].GetNetCode())
            zone.Outline().NewOutline()
            margin = pour["margin"]
            left, right, top, bottom = min(xs) + margin, max(xs) - margin, min(ys) + margin, max(ys) - margin
            for x, y in ((left, top), (right, top), (right, bottom), (left, bottom)):
                zone.Outline().Append(pcbnew.FromMM(x), pcbnew.FromMM(y))
            zone.SetLocalClearance(pcbnew.FromMM(0.2))
            zone.SetMinThickness(pcbnew.FromMM(0.2))
            zone.SetThermalReliefGap(pcbnew.FromMM(0.25))
            zone.SetThermalReliefSpokeWidth(pcbnew.FromMM(0.4))
            zone.SetIslandRemovalMode(0)
            board.Add(zone)


def _words(board: Any, job: dict[str, Any]) -> None:
    for words in job["texts"]:
        text = pcbnew.PCB_TEXT(board)
        text.SetText(words["text"])
        text.SetPosition(pcbnew.wxPointMM(words["x"], words["y"]))
        text.SetLayer(_layer(words["layer"]))
        text.SetTextSize(_size(words["size"], words["size"]))
        text.SetTextThickness(pcbnew.FromMM(words["size"] * 0.15))
        text.SetMirrored(words.get("mirror", False))
        board.Add(text)
    for drawn in job.get("graphics", []):
        shape = pcbnew.PCB_SHAPE(board)
        shape.SetLayer(_layer(drawn["layer"]))
        shape.SetWidth(pcbnew.FromMM(drawn["width"]))
        if drawn["fill"]:
            shape.SetShape(pcbnew.SHAPE_T_POLY)
            outline = pcbnew.wxPoint_Vector()
            for point in drawn["points"]:
                outline.append(pcbnew.wxPointMM(*point))
            shape.SetPolyPoints(outline)
            shape.SetFilled(True)
        else:
            shape.SetShape(pcbnew.SHAPE_T_SEGMENT)
            shape.SetStart(pcbnew.wxPointMM(*drawn["points"][0]))
            shape.SetEnd(pcbnew.wxPointMM(*drawn["points"][1]))
        board.Add(shape)


def _round_ended(ax: float, ay: float, bx: float, by: float, radius: float) -> list[list[float]]:
    """The outline of a line with round ends, drawn round the arc so that it is nowhere too small."""
    outer = radius / math.cos(math.pi / (2 * _CIRCLE_STEPS))
    along = math.atan2(by - ay, bx - ax)
    points = []
    for x, y, first in ((bx, by, along - math.pi / 2), (ax, ay, along + math.pi / 2)):
        for step in range(_CIRCLE_STEPS + 1):
            angle = first + math.pi * step / _CIRCLE_STEPS
            points.append([x + outer * math.cos(angle), y + outer * math.sin(angle)])
    return points


def _pad_outline(pad: Any) -> list[list[float]]:
    centre = pad.ShapePos()
    x, y = centre.x / MILLIMETRE, centre.y / MILLIMETRE
    width, height = pad.GetSize().x / MILLIMETRE, pad.GetSize().y / MILLIMETRE
    angle = -pad.GetOrientationRadians()
    c, s = math.cos(angle), math.sin(angle)
    if pad.GetShape() == pcbnew.PAD_SHAPE_CIRCLE:
        return _round_ended(x, y, x, y, width / 2)
    if pad.GetShape() == pcbnew.PAD_SHAPE_OVAL:
        half = (max(width, height) - min(width, height)) / 2
        dx, dy = (half * c, half * s) if width >= height else (-half * s, half * c)
        return _round_ended(x - dx, y - dy, x + dx, y + dy, min(width, height) / 2)
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return [
        [x + c * u * width / 2 - s * v * height / 2, y + s * u * width / 2 + c * v * height / 2] for u, v in corners
    ]


def geometry(board: Any) -> list[dict[str, Any]]:
    """Every pad, and every rule area of a footprint, as a polygon: what a router must know."""
    layers = [
        layer for layer in (pcbnew.F_Cu, pcbnew.In1_Cu, pcbnew.In2_Cu, pcbnew.B_Cu) if board.IsLayerEnabled(layer)
    ]
    found = []
    for footprint in board.GetFootprints():
        for pad in footprint.Pads():
            bare = pad.GetAttribute() == pcbnew.PAD_ATTRIB_NPTH
            mask = sum(1 << i for i, layer in enumerate(layers) if bare or pad.IsOnLayer(layer))
            if not mask:
                continue
            position = pad.GetPosition()
            found.append(
                {
                    "kind": "N" if bare else "P",
                    "ref": footprint.GetReference(),
                    "pad": pad.GetNumber(),
                    "net": pad.GetNetname(),
                    "layers": mask,
                    "x": position.x / MILLIMETRE,
                    "y": position.y / MILLIMETRE,
                    "hole": max(pad.GetDrillSize().x, pad.GetDrillSize().y) / 2 / MILLIMETRE,
                    "outline": _pad_outline(pad),
                }
            )
        for area in footprint.Zones():
            if area.GetIsRuleArea():
                corners = area.Outline().Outline(0)
                points = [corners.CPoint(i) for i in range(corners.PointCount())]
                mask = sum(1 << i for i, layer in enumerate(layers) if area.IsOnLayer(layer))
                outline = [[point.x / MILLIMETRE, point.y / MILLIMETRE] for point in points]
                found.append({**_KEEP_OUT, "ref": footprint.GetReference(), "layers": mask, "outline": outline})
    return found


def main() -> None:
    """The command line."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    pcbnew.KIID.SeedGenerator(1)
    board = pcbnew.BOARD()
    board.SetCopperLayerCount(job.get("layers", 2))
    title = board.GetTitleBlock()
    title.SetTitle(job["title"]["title"])
    title.SetRevision(job["title"]["revision"])
    title.SetDate(job["title"]["date"])
    title.SetCompany(job["title"]["licence"])
    nets = _nets(board, job)
    _edges(board, job)
    _parts(board, job, nets)
    _copper(board, job, nets)
    _words(board, job)
    pcbnew.SaveBoard(job["out"], board)
    if job.get("geometry"):
        Path(job["geometry"]).write_text(json.dumps(geometry(board)), encoding="utf-8")


if __name__ == "__main__":
    main()
