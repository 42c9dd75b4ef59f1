"""Whether the page's scripts are those that its sources give: Vite's output stands in generated/page, with a stamp that
says what it was made from, so that this can be known without Node.

`python -m gritspace.host_tools.web.page_stamp` writes the stamp; `make web` does it behind Vite.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

HERE = Path(__file__).resolve().parent
STAMP = HERE / "generated" / "page" / "made_from.txt"


def sources() -> list[Path]:
    """All that Vite reads."""
    listed = [
        HERE / name
        for name in ("index.html", "package.json", "tsconfig.json", "vite.config.ts", "vite.listen.config.ts")
    ]
    return [*listed, *sorted((HERE / "src").rglob("*.*")), *sorted((HERE / "generated").glob("*.ts"))]


def stamp() -> str:
    """One hash of all sources, names included."""
    digest = hashlib.sha256()
    for path in sources():
        digest.update(str(path.relative_to(HERE)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest() + "\n"


if __name__ == "__main__":
    STAMP.write_text(stamp(), encoding="utf-8")
