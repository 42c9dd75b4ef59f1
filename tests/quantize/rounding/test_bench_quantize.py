"""TensorFlow's own converter builds and rounds the same float network, in a process of its own."""

from __future__ import annotations

import importlib.util
import os
import sys

import numpy as np
import pytest
import torch

from gritspace.quantize import bench_quantize
from gritspace.quantize.network.network import from_tcn
from gritspace.train.errors import InputError
from gritspace.train.snapshot.snapshot import fresh

ELSEWHERE = os.environ.get("GRITSPACE_TENSORFLOW_PYTHON")
PYTHON = ELSEWHERE or sys.executable
HAS = ELSEWHERE is not None or importlib.util.find_spec("tensorflow") is not None


@pytest.mark.slow
@pytest.mark.skipif(not HAS, reason="no TensorFlow: pip install 'gritspace[tensorflow]'")
@pytest.mark.parametrize("shape", [bench_quantize.A1_NANO, bench_quantize.GATED])
def test_both_round_the_same_network(shape: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network built wrongly in TensorFlow would be off by about its whole power."""
    monkeypatch.setattr(bench_quantize, "SECONDS", 1.0)
    torch.manual_seed(0)
    (ours, theirs), (ours_hot, _) = bench_quantize.compared(from_tcn(fresh(shape)), PYTHON)  # type: ignore[arg-type]
    assert max(ours, theirs, ours_hot) < 1e-3


def test_a_python_without_tensorflow_is_told() -> None:
    torch.manual_seed(0)
    network = from_tcn(fresh(bench_quantize.GATED))
    audio = np.zeros(4800, np.float32)
    with pytest.raises(InputError, match=r"pip install 'gritspace\[tensorflow\]'"):
        bench_quantize.converted(network, [audio], [audio], "/bin/false")
