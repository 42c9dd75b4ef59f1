"""What kind of device a capture is, from its file's name: the names' makers wrote it there, in words."""

from __future__ import annotations

FAMILIES: tuple[tuple[str, tuple[str, ...]], ...] = (
    # first match counts: words in the name, lower case
    ("fuzz", ("bigmuff", "big_muff", "fuzz")),
    ("screamer", ("ts9", "tube_screamer", "tumnus", "proteingreen", "od808")),
    (
        "distortion",
        ("mt2", "metalzone", "ds1", "mxr78", "crunchbox", "distortion", "dist", "rat", "axegrinder", "chimaira"),
    ),
    ("clean", ("clean", "acoustic", "lowg", "xcomp")),
    ("high gain", ("highg", "6505", "soldano", "mesa", "ultimatum", "fulld", "drive8")),
)
OTHER = "overdrive"


def family(name: str) -> str:
    """fuzz, screamer, distortion, clean, high gain, or `OTHER`, which is what is left: what lies between."""
    lower = name.lower()
    return next((kind for kind, words in FAMILIES if any(word in lower for word in words)), OTHER)
