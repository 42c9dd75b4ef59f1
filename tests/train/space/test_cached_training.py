"""A training with renders kept on disk: the very same space, in one process and in two."""

import os
import subprocess
import sys
from pathlib import Path

import torch

from gritspace.train.space.data.renders import RenderCache
from gritspace.train.space.space import load_space
from gritspace.train.space.train import train_space
from tests.places import ROOT
from tests.train.space.test_train import DRY, TINY, Shaper


def test_a_training_from_the_cache_is_the_training_without_it(tmp_path: Path) -> None:
    train_space([Shaper()], DRY, TINY, tmp_path / "plain.pt")
    for name in ("first.pt", "second.pt"):
        cache = RenderCache(tmp_path / "renders", 1.0)
        train_space([Shaper()], DRY, TINY, tmp_path / name, cache=cache)
    assert (cache.made, cache.found) == (0, 2)  # pairs and checks
    plain = load_space(tmp_path / "plain.pt").state_dict()
    for name in ("first.pt", "second.pt"):
        cached = load_space(tmp_path / name).state_dict()
        assert all(torch.equal(plain[key], cached[key]) for key in plain)


def test_two_processes_render_each_device_once_between_them(tmp_path: Path) -> None:
    script = tmp_path / "go.py"
    script.write_text(
        "import os, sys; sys.path.insert(0, '.')\n"
        "from pathlib import Path\n"
        "from gritspace.train.space.data.renders import RenderCache\n"
        "from tests.train.space.test_train import *\n"
        f"cache = RenderCache(Path({str(tmp_path)!r}, 'renders'), 1.0)\n"
        f"train_space([Shaper(), Shaper('other', 2.0)], DRY, TINY, {str(tmp_path / 's.pt')!r}, cache=cache)\n"
        f"Path({str(tmp_path)!r}, 'rank' + os.environ['RANK']).write_text(str(cache.made))\n"
    )
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", str(script)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
    launched = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert launched.returncode == 0, launched.stderr
    assert sum(int((tmp_path / f"rank{rank}").read_text()) for rank in (0, 1)) == 4
    assert set(load_space(tmp_path / "s.pt").gains) == {"shaper", "other"}
