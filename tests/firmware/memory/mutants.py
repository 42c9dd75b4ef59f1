"""Small faults to plant in firmware/module/memory: one operator turned, one constant moved, one condition fixed, or one
statement left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gritspace.quantize.firmware_sources import MODULE

FILES = ("store.c", "bank.c", "presets.c", "settings.c", "memory.c")
TURNED = (
    (r"==", "!="),
    (r"!=", "=="),
    (r"(?<![<>-])<(?![<=])", "<="),
    (r"(?<![<>-])>(?![>=])", ">="),
    (r"<=", "<"),
    (r">=", ">"),
    (r"&&", "||"),
    (r"\|\|", "&&"),
    (r"\+ 1u", "+ 2u"),
    (r"- 1u", "- 0u"),
    (r"\+\+", "--"),
    (r"\+=", "-="),
    (r"\breturn true\b", "return false"),
    (r"\breturn false\b", "return true"),
    (r"\bif \((?!.*\{\s*$)", "if (0 && "),
    (r"!(?=[a-z])", ""),
    (r"%", "/"),
)
STATEMENT = re.compile(
    r"^\s+(?!return\b|break\b|case\b|default\b|const\b|static\b|uint|size_t|bool\b|head_t\b)[a-z*].*;\s*(/\*.*\*/)?$"
)


@dataclass(frozen=True)
class Mutant:
    """One planted fault: a file's text with one line changed."""

    file: str
    line: int
    was: str
    now: str
    text: str


def mutants() -> Iterator[Mutant]:
    """All of them, in order."""
    for file in FILES:
        text = (MODULE / "memory" / file).read_text()
        lines = text.splitlines(keepends=True)
        for number, line in enumerate(lines):
            code = line.split("/*")[0]
            if code.lstrip().startswith(("#", "*", "_Static_assert")) or not code.startswith(" "):
                continue
            changed = [code[: m.start()] + new + code[m.end() :] for old, new in TURNED for m in re.finditer(old, code)]
            if STATEMENT.match(line):
                changed.append(re.sub(r"\S.*", ";", code, count=1))
            for one in changed:
                whole = "".join([*lines[:number], one.rstrip() + "\n", *lines[number + 1 :]])
                yield Mutant(file, number + 1, line.strip(), one.strip(), whole)
