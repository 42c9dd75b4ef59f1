"""Writes the panel: SVG to look at, DXF to cut and engrave from, PDF to print at 1:1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.figure import Figure as Drawing
from matplotlib.patches import Circle, FancyBboxPatch, PathPatch, Rectangle
from matplotlib.path import Path as Outline

from .panel_shapes import Hole, Panel

_PAPER_INK = "#1a1a1a"
_PAGE_MARGIN_MM = 15.0


def _svg_path(outline: Outline) -> str:
    parts = []
    for points, code in outline.iter_segments():
        numbers = " ".join(f"{value:.3f}" for value in points)
        letter = {Outline.MOVETO: "M", Outline.LINETO: "L", Outline.CURVE3: "Q", Outline.CURVE4: "C"}.get(code)
        parts.append("Z" if letter is None else f"{letter}{numbers}")
    return "".join(parts)


def _svg_hole(hole: Hole) -> str:
    radius = min(hole.width, hole.height) / 2
    return (
        f'<rect x="{hole.x - hole.width / 2:.3f}" y="{hole.y - hole.height / 2:.3f}" width="{hole.width:.3f}" '
        f'height="{hole.height:.3f}" rx="{radius:.3f}" fill="#ffffff" stroke="#888" stroke-width="0.1"/>'
    )


def svg(panel: Panel) -> str:
    """The panel as it looks, one unit a millimetre; every legend an outline, so that no font is needed."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{panel.width}mm" height="{panel.height}mm" '
        f'viewBox="0 0 {panel.width} {panel.height}">',
        f'<rect width="{panel.width}" height="{panel.height}" fill="{panel.face}"/>',
    ]
    lines += [
        f'<rect x="{patch.x:.3f}" y="{patch.y:.3f}" width="{patch.width:.3f}" height="{patch.height:.3f}" '
        f'rx="{patch.radius}" fill="{panel.ink}"/>'
        for patch in panel.patches
    ]
    lines += [
        f'<line x1="{s.x0:.3f}" y1="{s.y0:.3f}" x2="{s.x1:.3f}" y2="{s.y1:.3f}" stroke="{panel.ink}" '
        f'stroke-width="{s.width}"/>'
        for s in panel.strokes
    ]
    lines += [
        f'<path d="{_svg_path(legend.outline())}" fill="{panel.face if legend.inverse else panel.ink}">'
        f"<title>{legend.text}</title></path>"
        for legend in panel.legends
    ]
    lines += [_svg_hole(hole) for hole in panel.holes]
    return "\n".join([*lines, "</svg>", ""])


def dxf(panel: Panel, path: Path) -> None:
    """Layers CUT (outline, holes) and LEGEND (engraving); millimetres, y upwards, origin bottom left."""
    import ezdxf

    document = ezdxf.new("R2000", setup=False)
    document.header["$INSUNITS"] = 4
    document.layers.add("CUT", color=1)
    document.layers.add("LEGEND", color=5)
    space = document.modelspace()

    def up(y: float) -> float:
        return panel.height - y

    space.add_lwpolyline(
        [(0, 0), (panel.width, 0), (panel.width, panel.height), (0, panel.height)],
        close=True,
        dxfattribs={"layer": "CUT"},
    )
    for hole in panel.holes:
        if hole.width == hole.height:
            space.add_circle((hole.x, up(hole.y)), hole.width / 2, dxfattribs={"layer": "CUT"})
        else:
            half, radius = hole.width / 2 - hole.height / 2, hole.height / 2
            y = up(hole.y)
            space.add_lwpolyline(
                [
                    (hole.x - half, y - radius, 0),
                    (hole.x + half, y - radius, 1),
                    (hole.x + half, y + radius, 0),
                    (hole.x - half, y + radius, 1),
                ],
                format="xyb",
                close=True,
                dxfattribs={"layer": "CUT"},
            )
    for stroke in panel.strokes:
        space.add_line((stroke.x0, up(stroke.y0)), (stroke.x1, up(stroke.y1)), dxfattribs={"layer": "LEGEND"})
    for patch in panel.patches:
        corners = [
            (patch.x, patch.y),
            (patch.x + patch.width, patch.y),
            (patch.x + patch.width, patch.y + patch.height),
            (patch.x, patch.y + patch.height),
        ]
        space.add_lwpolyline([(x, up(y)) for x, y in corners], close=True, dxfattribs={"layer": "LEGEND"})
    for legend in panel.legends:
        for polygon in legend.outline().to_polygons(closed_only=True):
            points = np.asarray(polygon)
            space.add_lwpolyline(
                [(float(x), up(float(y))) for x, y in points], close=True, dxfattribs={"layer": "LEGEND"}
            )
    document.saveas(path)


def pdf(panel: Panel, path: Path) -> None:
    """The panel at 1:1 in the middle of a page with a margin, with a 50 mm line to check the printer by."""
    width, height = panel.width + 2 * _PAGE_MARGIN_MM, panel.height + 2 * _PAGE_MARGIN_MM
    drawing = Drawing(figsize=(width / 25.4, height / 25.4))
    axes = drawing.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(-_PAGE_MARGIN_MM, panel.width + _PAGE_MARGIN_MM)
    axes.set_ylim(panel.height + _PAGE_MARGIN_MM, -_PAGE_MARGIN_MM)
    axes.axis("off")
    axes.add_patch(Rectangle((0, 0), panel.width, panel.height, fill=False, linewidth=0.3))
    for patch in panel.patches:
        style = f"round,pad=0,rounding_size={patch.radius}"
        axes.add_patch(
            FancyBboxPatch((patch.x, patch.y), patch.width, patch.height, boxstyle=style, color=_PAPER_INK, linewidth=0)
        )
    for stroke in panel.strokes:
        axes.plot([stroke.x0, stroke.x1], [stroke.y0, stroke.y1], color=_PAPER_INK, linewidth=stroke.width * 72 / 25.4)
    for legend in panel.legends:
        axes.add_patch(PathPatch(legend.outline(), color="white" if legend.inverse else _PAPER_INK, linewidth=0))
    for hole in panel.holes:
        if hole.width == hole.height:
            axes.add_patch(
                Circle((hole.x, hole.y), hole.width / 2, facecolor="white", edgecolor="black", linewidth=0.3)
            )
        else:
            style = f"round,pad=0,rounding_size={hole.height / 2}"
            axes.add_patch(
                FancyBboxPatch(
                    (hole.x - hole.width / 2, hole.y - hole.height / 2),
                    hole.width,
                    hole.height,
                    boxstyle=style,
                    facecolor="white",
                    edgecolor="black",
                    linewidth=0.3,
                )
            )
        axes.plot([hole.x - 1, hole.x + 1], [hole.y, hole.y], color="red", linewidth=0.2)
        axes.plot([hole.x, hole.x], [hole.y - 1, hole.y + 1], color="red", linewidth=0.2)
    y = panel.height + 6.0
    axes.plot([0, 50], [y, y], color="black", linewidth=0.5)
    axes.text(0, y + 4.0, "this line is 50 mm long when printed at 100 %", fontsize=7)
    FigureCanvasPdf(drawing).print_pdf(str(path), metadata={"CreationDate": None})
