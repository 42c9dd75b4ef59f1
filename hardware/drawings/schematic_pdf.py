"""The schematic as one PDF to print: a sheet a page, A4, each with a frame and a title block."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import schemdraw
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure as Page
from matplotlib.patches import Rectangle

from .sheet import Sheet

PAPER_MM = (297.0, 210.0)
_MARGIN_MM, _BLOCK_MM = 8.0, (118.0, 20.0)
_UNIT_MM = 12.7  # a unit of schemdraw at the size its letters are made for
_NOT_BUILT = "Not built yet: simulated and checked by machines only."


def _frame(page: Page, sheet: Sheet, title: Mapping[str, str], number: int, of: int) -> None:
    width, height = PAPER_MM
    axes = page.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.axis("off")
    right, (wide, high) = width - _MARGIN_MM, _BLOCK_MM
    outline = (_MARGIN_MM, _MARGIN_MM, width - 2 * _MARGIN_MM, height - 2 * _MARGIN_MM)
    for x, y, w, h in (outline, (right - wide, _MARGIN_MM, wide, high)):
        axes.add_patch(Rectangle((x, y), w, h, fill=False, linewidth=0.6))
    for line, (words, size) in enumerate(
        (
            (sheet.title, 11),
            (f"{title['title']}   revision {title['revision']}   {title['date']}   sheet {number} of {of}", 7.5),
            (f"{title['licence']}   {_NOT_BUILT}", 7.5),
        )
    ):
        axes.text(right - wide + 3, _MARGIN_MM + high - 5.0 - 5.5 * line, words, fontsize=size, va="center")


def write(sheets: Mapping[str, Sheet], title: Mapping[str, str], path: Path) -> None:
    """All sheets. title: title, revision, date, licence. The same bytes each time."""
    with PdfPages(str(path), metadata={"CreationDate": None, "Title": title["title"]}) as pages:
        for number, sheet in enumerate(sheets.values(), 1):
            page = Page(figsize=(PAPER_MM[0] / 25.4, PAPER_MM[1] / 25.4))
            FigureCanvasAgg(page)
            _frame(page, sheet, title, number, len(sheets))
            low = _MARGIN_MM + _BLOCK_MM[1] + 2
            area = (
                (_MARGIN_MM + 4) / PAPER_MM[0],
                low / PAPER_MM[1],
                1 - 2 * (_MARGIN_MM + 4) / PAPER_MM[0],
                (PAPER_MM[1] - _MARGIN_MM - 4 - low) / PAPER_MM[1],
            )
            axes = page.add_axes(area)
            drawing = sheet.onto(schemdraw.Drawing(canvas=axes, show=False))
            box = drawing.get_bbox()
            wide, high = (area[i + 2] * PAPER_MM[i] for i in (0, 1))
            unit = min(wide / (box.xmax - box.xmin + 1), high / (box.ymax - box.ymin + 1), _UNIT_MM)
            scale = unit / _UNIT_MM
            drawing.draw(show=False)
            for words in axes.texts:
                words.set_fontsize(float(words.get_fontsize()) * scale)
            for line in axes.lines:
                line.set_linewidth(float(line.get_linewidth()) * scale)
            middle = (box.xmin + box.xmax) / 2, (box.ymin + box.ymax) / 2
            axes.set_xlim(middle[0] - wide / unit / 2, middle[0] + wide / unit / 2)
            axes.set_ylim(middle[1] - high / unit / 2, middle[1] + high / unit / 2)
            axes.set_position(area)
            axes.axis("off")
            pages.savefig(page)
