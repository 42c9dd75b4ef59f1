#!/bin/sh
# The native core under AddressSanitizer and UndefinedBehaviorSanitizer: odd sizes forward and back, recurrent layers.
# Not part of `make test`: it takes a minute. Run it after a change in train/network/core/:
#     sh tests/train/network/sanitized_core.sh
set -e
cd "$(dirname "$0")/../../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cat >"$scratch/c++" <<'WRAPPER'
#!/bin/sh
exec g++ -fsanitize=address,undefined -fno-sanitize-recover=undefined "$@" -O0
WRAPPER
chmod +x "$scratch/c++"
preload="$(g++ -print-file-name=libasan.so) $(g++ -print-file-name=libubsan.so) $(g++ -print-file-name=libstdc++.so)"
XDG_CACHE_HOME="$scratch" CXX="$scratch/c++" LD_PRELOAD="$preload" ASAN_OPTIONS=detect_leaks=0 \
  .venv/bin/python - <<'PYTHON'
import itertools
import numpy as np
import torch
from torch import nn
from gritspace.train.network import native, native_recurrent
from gritspace.train.network.native_build import core
from gritspace.train.network.noise_source import RoundingNoiseSource
from gritspace.train.network.shapes import LayerArrayConfig, TcnConfig
from gritspace.train.network.tcn import Tcn

assert core() is not None, "the core did not build"
torch.set_num_threads(2)
kinds = itertools.product(native.ACTIVATIONS, (False, True), (1, 8, 17), (1, 333), (torch.float32, torch.float64))
count = 0
for activation, gated, channels, frames, dtype in kinds:
    first = LayerArrayConfig(channels, (3, 1, 6), (1, 40, 7), activation, 0.1, gated, head_size=3)
    second = LayerArrayConfig(3, (2, 5), (9, 2), activation, 0.1, gated, 1, head_kernel_size=4)
    tcn = Tcn(TcnConfig((first, second), position_size=2)).to(dtype)
    dry = torch.randn(3, tcn.config.receptive_field - 1 + frames, dtype=dtype)
    modulation = tcn.film(torch.randn(3, 2, dtype=dtype))
    assert native.runs(tcn, dry, modulation)
    tcn.rounding = RoundingNoiseSource(tcn.config, 0).draw(*dry.shape, torch.Generator()) if count % 2 else None
    tcn(dry, modulation).square().sum().backward()
    with torch.no_grad():
        tcn(dry, modulation)
    count += 1
for kind, inputs, hidden, rows in itertools.product((nn.LSTM, nn.GRU), (1, 2), (1, 7, 40), (1, 47, 49, 130)):
    layer = native_recurrent.NativeRecurrent(kind(inputs, hidden), nn.Linear(hidden, 1), 1.0)
    layer.run(np.random.randn(rows, 33).astype(np.float32), np.random.rand(rows, inputs - 1).astype(np.float32), 2)
    count += 1
print(f"{count} networks forward and back: no finding")
PYTHON
