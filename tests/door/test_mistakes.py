"""Every line of docs/mistakes.md is typed: what comes is what the page says, at once and without a traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.door.mistakes import MISTAKES, PAGE, lay_out, row, what_comes


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("mistakes")
    lay_out(made)
    return made


def test_the_page_has_every_mistake() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(MISTAKES) >= 20
    assert [line for line in MISTAKES if f"| `{line}` |" not in text] == [], "run: python -m tests.door.mistakes"


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_is_answered_before_anything_is_loaded(folder: Path, line: str) -> None:
    before = sorted(folder.rglob("*"))
    code, said, seconds = what_comes(line, folder)
    assert code == 2
    assert row(line, said) in PAGE.read_text(encoding="utf-8"), f"{said}\nrun: python -m tests.door.mistakes"
    assert seconds < 1.5  # of the processor; PyTorch alone takes two
    assert sorted(folder.rglob("*")) == before
