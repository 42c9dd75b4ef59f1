"""The map of a space that the page draws: its devices by name, where they lie, and a plane in which near ones are near.

`python -m gritspace.host_tools.web.maps` rewrites host_tools/web/generated/maps.json from the factory spaces; t-SNE
needs scikit-learn, which is why the result is kept. Source: van der Maaten and Hinton, 2008.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np

from gritspace.host_tools.web.generate import GENERATED
from gritspace.quantize.rounding.quantize import to_q15
from gritspace.train.space.space import load_space

SPACES = Path(__file__).resolve().parents[2] / "spaces"
FACTORY = ("circuits", "openamp")


def space_map(space: Path, grit: Path) -> dict[str, Any]:
    """What the page knows of a space: model (its file's SHA-256), devices with label, position (Q15) and t-SNE x, y in
    -1..1."""
    from sklearn.manifold import TSNE

    positions = load_space(space).positions
    labels = list(positions)
    points = np.array([positions[label] for label in labels])
    plane = TSNE(2, perplexity=min(20.0, len(points) / 4), init="pca", random_state=0).fit_transform(points)
    plane = (plane - plane.min(0)) / (plane.max(0) - plane.min(0)) * 2 - 1
    devices = [
        {"label": label, "position": to_q15(point).tolist(), "plane": [round(float(v), 3) for v in at]}
        for label, point, at in zip(labels, points, plane, strict=True)
    ]
    return {"model": hashlib.sha256(grit.read_bytes()).hexdigest(), "devices": devices}


if __name__ == "__main__":
    maps = {name: space_map(SPACES / f"{name}.pt", SPACES / f"{name}.grit") for name in FACTORY}
    rows = [f'"{name}": {json.dumps(one, separators=(",", ":"))}' for name, one in maps.items()]
    (GENERATED / "maps.json").write_text("{" + ",\n".join(rows) + "}\n", encoding="utf-8")
