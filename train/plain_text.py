"""Text from outside (names in files, words off a wire), made fit to be shown: no terminal or page acts on it."""

from __future__ import annotations

import unicodedata

STAND_IN = "?"
_ACTING = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
"""Unicode's categories of what acts instead of being seen: controls, formats (such as those that turn the direction of
writing around), halves of surrogate pairs, private use, line and paragraph separators."""


def printable(text: object, lines: bool = False) -> str:
    """str(text), with a question mark for each character that acts on a terminal; lines: line ends stay."""
    return "".join(
        STAND_IN if unicodedata.category(one) in _ACTING and not (lines and one == "\n") else one for one in str(text)
    )


def caption(text: object) -> str:
    """The same for matplotlib, which otherwise takes what stands between dollar signs for mathematics."""
    return printable(text).replace("$", r"\$")
