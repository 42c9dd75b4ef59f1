"""Whatever a device, a model, a firmware or a file is called: in every page it is text, and never becomes markup."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from gritspace.host_tools.hil import acceptance, measure, report
from gritspace.host_tools.hil import figures as hil_figures
from gritspace.host_tools.snapshots.fit_report import write_fit_report
from gritspace.host_tools.web import listening
from gritspace.train.snapshot.fit import Check
from tests.web import report_examples

NAME = (
    "</title></script></style></svg><x-evil onx=1>\"'><x-evil onx='1'>$\\frac{1$ {{ 7 * 7 }} {% raw %} ]]> <!-- "
    "\x1b[31m \u202e"
)


class Seen(HTMLParser):
    """Elements and attributes by name, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {tag, *(name for name, _ in attrs)}

    def handle_data(self, data: str) -> None:
        self.text += data


def is_harmless(page: str) -> bool:
    """Shown as text, and nowhere an element or an attribute; nothing in it acts on a reader."""
    seen = Seen(page)
    assert "x-evil" in seen.text, "the name is nowhere to be seen"
    assert not {"x-evil", "onx"} & seen.names
    assert "\x1b" not in page
    assert "\u202e" not in page
    return True


def test_what_is_asked_of_a_page_notices_a_name_that_is_markup() -> None:
    for page in ("<p>x-evil<x-evil>", "<p title=''onx=1>x-evil</p>", "<script>'x-evil'</script><x-evil onx=1>"):
        assert {"x-evil", "onx"} & Seen(page).names


def test_in_the_report_of_a_module(tmp_path: Path) -> None:
    made = report_examples.measurement(NAME, 0.3)
    report.write_report(made, measure.as_report(made), tmp_path / "hil.html", NAME)
    assert is_harmless((tmp_path / "hil.html").read_text(encoding="utf-8"))
    with hil_figures.plt.rc_context(hil_figures.STYLE):
        assert "x-evil" in hil_figures.waveforms(made)


def test_in_the_report_of_a_fit(tmp_path: Path) -> None:
    told = {
        "source": NAME,
        "shape": NAME,
        "esr": 0.0123,
        "esr_integer": 0.0125,
        "held_out": {"seconds": 8.0, "clips": 4, "esr_low": 0.01, "esr_high": 0.02},
        "macs_per_frame": 11_776,
        "remarks": [NAME],
        "files": [NAME],
        "licence": NAME,
        "steps": 1200,
        "minutes": 3.0,
        "seed": 0,
    }
    tone = (0.3 * np.sin(np.arange(9600) / 10)).astype(np.float32)
    checks = [Check(step, 10.0 * step, 0.1 / step) for step in range(1, 4)]
    write_fit_report(tmp_path / "fit.html", told, tone, tone**3, tone**3, checks)
    assert is_harmless((tmp_path / "fit.html").read_text(encoding="utf-8"))


def test_in_the_page_of_an_examined_space() -> None:
    assert is_harmless(report_examples.space_page(NAME))


def test_in_a_listening_test() -> None:
    tone = (0.1 * np.sin(np.arange(24_000) / 10)).astype(np.float32)
    item = listening.Item(NAME, {"reference": tone, NAME: tone})
    page = listening.page(listening.ListeningTest("abx", NAME, [item], seed=1, made_from={"sounds": NAME}))
    assert is_harmless(page)


def test_on_a_boards_card() -> None:
    check = acceptance.Check(NAME, NAME, NAME, True)
    card = acceptance.Card(NAME, NAME, NAME, NAME, NAME, (check,))
    assert is_harmless(acceptance.as_html(card))
