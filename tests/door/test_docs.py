"""The pages and the door: every link leads to something, every command and target that is named is there."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import reliability
from tests.conftest import SLOW
from tests.places import ROOT

PAGES = sorted(
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(#[^)\s]*)?\)")
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as Markdown readers name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).lower()) for text in headings]
    return {text.strip().replace(" ", "-") for text in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    broken = []
    for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor[1:] not in anchors(target)):
            broken.append(path + anchor)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    named = set(re.findall(r"(?:`|^ {4,})make (?:-k )?([a-z][a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= TARGETS


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_path_in_backticks_exists(name: str) -> None:
    """Paths with a slash that begin in a room; `NAME` and `*` stand for any name."""
    rooms = "train|quantize|host_tools|firmware|hardware|tests|examples|docs|spaces"
    missing = []
    for path in re.findall(rf"`((?:{rooms})/[\w./*<>-]*)`", (ROOT / name).read_text(encoding="utf-8")):
        pattern = path.replace("NAME", "*").rstrip("/")
        if not any(ROOT.glob(pattern)):
            missing.append(path)
    assert not missing


def test_each_promise_of_the_link_names_tests_that_exist() -> None:
    named, file = 0, ""
    for path, test in re.findall(
        r"`([\w/]+\.py)?::(test_\w+)`", (ROOT / "docs" / "link.md").read_text(encoding="utf-8")
    ):
        file = path or file
        text = (ROOT / "tests" / "firmware" / file).read_text(encoding="utf-8")
        assert f"def {test}(" in text, f"{file}::{test}"
        named += 1
    assert named > 20


def test_the_site_is_built_strictly(tmp_path: Path) -> None:
    pytest.importorskip("material", reason="mkdocs-material is missing: pip install -e .[docs]")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", tmp_path / "site"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "site" / "index.html").is_file()


def test_what_the_quick_run_leaves_out_is_there() -> None:
    assert [place for place in SLOW if not (ROOT / "tests" / place).exists()] == []


def test_a_run_of_some_campaigns_leaves_the_figures_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "| old; with; notes | 1,000 | 0 | 5 | abc |\n| mine | 10 | 0 | 1 | abc |"
    page = f"a\n{reliability.BEGIN}\n{rows}\n{reliability.END}\nz"
    monkeypatch.setattr(reliability, "FIGURES", tmp_path)
    row = {"name": "mine", "cases": 20000, "seconds": 2.4, "notes": "all good", "commit": "def"}
    (tmp_path / "mine.json").write_text(json.dumps(row))
    made = reliability.page_with(reliability.table(page), page)
    assert made.splitlines()[4:6] == [
        "| mine; all good | 20,000 | 0 | 2 | def |",
        "| old; with; notes | 1,000 | 0 | 5 | abc |",
    ]
    assert made.startswith("a\n")
    assert made.endswith("\nz")
