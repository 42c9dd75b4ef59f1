"""Where the tests find the checkout, and the real captures and audio that may lie beside it (or where GRITSPACE_DATA
says)."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
DATA = Path(os.environ.get("GRITSPACE_DATA", SHARED / "data"))
