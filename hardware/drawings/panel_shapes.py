"""What a panel is made of: holes, legends, printed lines and patches. Millimetres, y downwards."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from matplotlib.font_manager import FontProperties
from matplotlib.path import Path as Outline
from matplotlib.textpath import TextPath

CAP_HEIGHT_MM = {"title": 4.4, "label": 2.0, "small": 1.8}
MINIMUM_CAP_HEIGHT_MM = 1.8


@dataclass(frozen=True)
class Hole:
    """A round hole, or a slot with round ends when width is above height (both equal: round)."""

    x: float
    y: float
    width: float
    height: float
    what: str


@dataclass(frozen=True)
class Legend:
    """Text centred at x with its baseline at y. inverse: on a filled patch."""

    x: float
    y: float
    text: str
    size: str
    inverse: bool = False

    def outline(self) -> Outline:
        """The glyphs' outlines in panel coordinates."""
        weight = "bold" if self.size == "title" else "normal"
        font = FontProperties(family="DejaVu Sans", weight=weight)
        reference = TextPath((0, 0), "H", size=10, prop=font).get_extents()
        scale = CAP_HEIGHT_MM[self.size] / reference.height
        path = TextPath((0, 0), self.text, size=10, prop=font)
        box = path.get_extents()
        vertices = path.vertices.copy()
        vertices[:, 0] = (vertices[:, 0] - (box.x0 + box.x1) / 2) * scale + self.x
        vertices[:, 1] = -vertices[:, 1] * scale + self.y
        return Outline(vertices, path.codes)

    def box(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of the ink."""
        return _box(self)


@cache
def _box(legend: Legend) -> tuple[float, float, float, float]:
    extents = legend.outline().get_extents()
    return extents.x0, extents.y0, extents.x1, extents.y1


@dataclass(frozen=True)
class Stroke:
    """A printed line."""

    x0: float
    y0: float
    x1: float
    y1: float
    width: float = 0.3


@dataclass(frozen=True)
class Patch:
    """A printed filled rectangle with rounded corners."""

    x: float
    y: float
    width: float
    height: float
    radius: float = 1.5


@dataclass(frozen=True)
class Panel:
    """Everything on the panel."""

    width: float
    height: float
    holes: tuple[Hole, ...]
    legends: tuple[Legend, ...]
    strokes: tuple[Stroke, ...]
    patches: tuple[Patch, ...]
    face: str = "#e8e6e0"
    ink: str = "#1a1a1a"
