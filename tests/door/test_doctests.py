"""Docstrings that show a use are run: a file's doctests are one test."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

from tests.places import ROOT

SHOWING = [
    path
    for room in ("train", "quantize", "host_tools")
    for path in sorted((ROOT / room).rglob("*.py"))
    if ">>> " in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("path", SHOWING, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_docstrings_show_what_comes(path: Path) -> None:
    name = ".".join(("gritspace", *path.relative_to(ROOT).with_suffix("").parts))
    failed, tried = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert tried
    assert not failed
