"""Whether a played dimension does what its name says: it is swept, and its attribute is measured in the sound."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import rankdata
from torch import Tensor

from gritspace.train.devices.device import Audio, Settings
from gritspace.train.space import attributes
from gritspace.train.space.space import PLAYED, Space

PLACES = 9
ROWS_AT_ONCE = 9


class Decoder:
    """A space's decoder as a device: its knobs are the position's dimensions, 0 for -1 and 1 for 1."""

    kind, licence, name = "space", "NOASSERTION", "decoder"

    def __init__(self, space: Space) -> None:
        self.space = space
        self.knobs = tuple(str(i) for i in range(space.config.decoder.position_size))

    def render(self, dry: Audio, settings: Settings) -> Audio:
        """dry (batch, frames), settings (batch, position_size) in [0, 1] -> wet (batch, frames)."""
        place = next(self.space.parameters()).device
        positions = torch.from_numpy(np.asarray(settings, np.float32)) * 2 - 1
        return self.space.render(torch.from_numpy(dry).to(place), positions.to(place)).cpu().numpy()


def swept(space: Space, position: Sequence[float], dimension: int, places: int = PLACES) -> NDArray[np.float64]:
    """The attributes, (places, 4), where one played dimension goes from -1 to 1 and the rest of position stays."""
    settings = np.tile((np.asarray(position, np.float32) + 1) / 2, (places, 1))
    settings[:, dimension] = np.linspace(0, 1, places)
    return np.array([one.as_list() for one in attributes.measure(Decoder(space), settings)])


def sweep_correlations(space: Space, positions: Tensor) -> NDArray[np.float64]:
    """Spearman of every played dimension with every attribute as it is swept: positions (n, size) -> (n, 4, 4), at each
    position a row a dimension and a column an attribute, so that the diagonals are what dimensions are named for.
    """
    travel = np.linspace(-1, 1, PLACES)
    found = [
        [[spearman(travel, moved) for moved in swept(space, place.tolist(), d).T] for d in range(len(PLAYED))]
        for place in positions
    ]
    return np.array(found).reshape(-1, len(PLAYED), len(PLAYED))


def position_correlations(positions: NDArray[np.floating], measured: NDArray[np.floating]) -> NDArray[np.float64]:
    """Spearman of each played dimension with the devices' own attributes: (n, >= 4) and (n, 4) -> (4,)."""
    return np.array([spearman(positions[:, d], measured[:, d]) for d in range(measured.shape[1])])


def spearman(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Rank correlation of (n,) and (n,), -1 to 1; 0 where one of them is constant or there are fewer than two."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(a), rankdata(b))[0, 1])


def separated_attribute_predictability(
    positions: NDArray[np.floating], measured: NDArray[np.floating]
) -> tuple[float, NDArray[np.float64]]:
    """How far each attribute sits in one dimension alone: SAP, 0 to 1, and the scores (dimensions, attributes).

    A score is the squared correlation of one dimension with one attribute; SAP the mean over the attributes of the best
    score less the second best. Source: Kumar, Sattigeri, Balakrishnan, arXiv 1711.00848, section 3.
    """
    scores = np.zeros((positions.shape[1], measured.shape[1]))
    for d, a in np.ndindex(*scores.shape) if len(positions) > 1 else ():
        if np.ptp(positions[:, d]) > 0 and np.ptp(measured[:, a]) > 0:
            scores[d, a] = np.corrcoef(positions[:, d], measured[:, a])[0, 1] ** 2
    ordered = np.sort(scores, axis=0)
    return float((ordered[-1] - ordered[-2]).mean()), scores
