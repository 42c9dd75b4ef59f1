"""Rounding weights so that their errors cancel in what the layer hears, instead of each to its nearest.

A row's weights are rounded one after the other; the error each rounding makes in the row's output is taken up, in the
least-squares sense over calibration audio, by the weights that are still to be rounded, and what is left by the bias,
which is fine enough not to need rounding. Source: Frantar et al., "GPTQ", 2022, arXiv 2210.17323 (the Cholesky form).
"""

from __future__ import annotations

import numpy as np

from gritspace.quantize.network.network import Floats

LARGEST = 127
DAMPING = 1e-4
"""Added to the inputs' mean square, so that inputs that never move keep their nearest weight."""


def round_rows(target: Floats, gram: Floats) -> tuple[Floats, Floats]:
    """target (rows, n): weights in units of an int8 step, the bias in the last column; gram (rows or 1, n, n): of the
    inputs that meet them, the last a constant one. Returns (rows, n - 1) integers within ±127 and the (rows,) bias, not
    rounded.
    """
    if len(gram) == 1:
        return _round_together(target, gram[0])
    parts = [_round_together(target[row : row + 1], gram[row]) for row in range(len(target))]
    return np.concatenate([p[0] for p in parts]), np.concatenate([p[1] for p in parts])


def _round_together(target: Floats, gram: Floats) -> tuple[Floats, Floats]:
    n = len(gram) - 1
    loudness = np.diag(gram)[:n]
    damped = gram + np.diag(np.append(np.full(n, DAMPING * max(loudness.mean(), 1e-30)), 0.0))
    order = np.append(np.argsort(-loudness, kind="stable"), n)  # the loudest inputs first, the bias last
    upper = np.linalg.cholesky(np.linalg.inv(damped[np.ix_(order, order)])).T
    left = target[:, order].copy()
    rounded = np.zeros((len(target), n))
    for column in range(n):
        rounded[:, column] = np.clip(np.round(left[:, column]), -LARGEST, LARGEST)
        error = (left[:, column] - rounded[:, column]) / upper[column, column]
        left[:, column + 1 :] -= error[:, None] * upper[column, column + 1 :]
    back = np.argsort(order[:n])
    return rounded[:, back], left[:, n]
