"""Small faults to plant in firmware/module/memory: one operator turned, one constant moved, one condition fixed, or one
statement left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gritspace.quantize.firmware_sources import MODULE

FILES = ("store.c", "bank.c", "presets.c", "first_presets.c", "settings.c", "memory.c")
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


PLANTED = (
    ("store.c", " && head->head_crc == grit_crc32(0, head, HEAD_CHECKED)", ""),
    ("store.c", "head->payload_crc == grit_crc32(0, at + GRIT_FLASH_PAGE_BYTES, head->payload_bytes)", "true"),
    ("bank.c", " && head->crc == grit_crc32(0, head, offsetof(head_t, crc))", ""),
    ("bank.c", "program_page(bank, head_address(bank, bank->slot), &nothing, sizeof nothing);", "(void)nothing;"),
    ("bank.c", "if (memcmp(sha256, bank->sha256, sizeof sha256) != 0) {", "if (false) {"),
)
"""Faults of more than a sign, that were looked for by hand: what a head's CRC is for, and a deletion's mark, was once
left untested."""


def mutants() -> Iterator[Mutant]:
    """All of them, in order; those planted by hand first."""
    for file, was, now in PLANTED:
        text = (MODULE / "memory" / file).read_text()
        if text.count(was) != 1:
            raise ValueError(f"{file}: {was!r} is not there once; mend the list of planted faults")
        yield Mutant(file, text[: text.index(was)].count("\n") + 1, was, now, text.replace(was, now))
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
