"""docs/module.md's table of the panel."""

from __future__ import annotations

import pytest

from hardware.panels import docs as panel_docs
from hardware.panels.panel_map import load


def test_the_pages_table_is_the_generators() -> None:
    page = panel_docs.PAGE.read_text(encoding="utf-8")
    assert panel_docs.with_table(page, load()) == page, "run: python -m hardware.build --header"


def test_the_table_has_every_control_with_its_pins() -> None:
    rows = panel_docs.table(load()).splitlines()[2:]
    assert len(rows) == len(load().controls)
    (gate,) = (row for row in rows if "gate jack" in row)
    assert gate == "| gate jack | gate | D0 | 1 | PB12 | high above 2 V |"


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="lost the marks"):
        panel_docs.with_table("# The module", load())
