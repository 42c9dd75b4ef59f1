"""The native training core against PyTorch: outputs and gradients, every layer kind, any size, any threads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gritspace.train.network import native
from gritspace.train.network.native_build import core
from gritspace.train.network.noise_source import RoundingNoiseSource
from gritspace.train.network.shapes import LayerArrayConfig, Modulation, TcnConfig
from gritspace.train.network.tcn import Tcn

pytestmark = pytest.mark.skipif(core() is None, reason="no C++ compiler; Debian: apt install g++")

KINDS = list(itertools.product(native.ACTIVATIONS, (False, True), (0, 3)))
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5}


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def modulation_for(config: TcnConfig, batch: int, dtype: torch.dtype) -> Modulation | None:
    if not config.position_size:
        return None
    gain = torch.rand(batch, config.film_rows, 1, dtype=dtype) + 0.5
    return Modulation(gain.requires_grad_(), torch.randn(batch, config.film_rows, 1, dtype=dtype).requires_grad_())


def relative(expected: Tensor, found: Tensor) -> float:
    return float(((expected - found).norm() / expected.norm().clamp(min=1e-30)).detach())


def compare(
    config: TcnConfig, batch: int, frames: int, dtype: torch.dtype, seed: int = 0, rounded: bool = False
) -> None:
    """One forward and backward both ways, from the same numbers; every gradient must agree, and none may be missing."""
    torch.manual_seed(seed)
    tcn = Tcn(config).to(dtype)
    dry = torch.randn(batch, config.receptive_field - 1 + frames, dtype=dtype)
    if rounded:
        source = RoundingNoiseSource(config, seed)
        source.peaks = [torch.rand(len(peaks)) * 1e4 for peaks in source.peaks]  # loud enough to be seen
        tcn.rounding = source.draw(*dry.shape, torch.Generator().manual_seed(seed))
    modulation = modulation_for(config, batch, dtype)
    weight = torch.randn(batch, frames, dtype=dtype)
    results: list[dict[str, Tensor]] = []
    assert native.runs(tcn, dry, modulation)
    for forward in (tcn.in_pytorch, lambda *inputs: native.run(tcn, *inputs, tcn.rounding)):
        tcn.zero_grad(set_to_none=True)
        leaves = dict(tcn.named_parameters())
        if modulation is not None:
            leaves |= {"gain": modulation.gain, "bias": modulation.bias}
            modulation.gain.grad = modulation.bias.grad = None
        wet = forward(dry, modulation)
        (wet * weight).sum().backward()
        grads = {name: leaf.grad.clone() for name, leaf in leaves.items() if leaf.grad is not None}
        results.append({"wet": wet.detach(), **grads})
    expected, found = results
    assert expected.keys() == found.keys()
    scale = torch.finfo(dtype).eps * sum(float(x.norm()) for x in expected.values())  # of gradients that are all but 0
    for name, value in expected.items():
        error = float((value - found[name]).norm())
        assert error <= TOLERANCE[dtype] * float(value.norm()) + scale, name
    with torch.no_grad():
        alone = native.run(tcn, dry, modulation, tcn.rounding)
        assert torch.equal(found["wet"], alone), "without gradients it plays the same"


@pytest.mark.parametrize(("activation", "gated", "position"), KINDS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("rounded", [False, True])
def test_every_layer_kind_has_pytorchs_output_and_gradients(
    activation: str, gated: bool, position: int, dtype: torch.dtype, rounded: bool
) -> None:
    first = LayerArrayConfig(5, (3, 2, 7), (1, 4, 9), activation, 0.1, gated, head_size=3)
    second = LayerArrayConfig(3, (3, 4), (2, 1), activation, 0.1, gated, 1, head_kernel_size=5)
    for frames in (77, 400):
        compare(TcnConfig((first, second), position), 3, frames, dtype, rounded=rounded)


@settings(max_examples=40, deadline=None)
@given(
    channels=st.integers(1, 32),
    layers=st.lists(st.tuples(st.integers(1, 16), st.integers(1, 40)), min_size=1, max_size=3),
    head_kernel=st.integers(1, 17),
    gated=st.booleans(),
    position=st.sampled_from([0, 2]),
    batch=st.integers(1, 3),
    frames=st.integers(1, 700),
    seed=st.integers(0, 1000),
)
def test_any_width_kernel_dilation_and_length_has_pytorchs_gradients(
    channels: int,
    layers: list[tuple[int, int]],
    head_kernel: int,
    gated: bool,
    position: int,
    batch: int,
    frames: int,
    seed: int,
) -> None:
    kernels, dilations = zip(*layers, strict=True)
    array = LayerArrayConfig(channels, kernels, dilations, "tanh", gated=gated, head_kernel_size=head_kernel)
    compare(TcnConfig((array,), position), batch, frames, torch.float64, seed)


def test_noise_for_another_batch_or_too_short_is_not_read() -> None:
    config = TcnConfig((LayerArrayConfig(5, (3,), (1,)),))
    source, tcn = RoundingNoiseSource(config, 0), Tcn(config)
    with pytest.raises(ValueError, match="another network or batch"):
        native.run(tcn, torch.zeros(3, 100), None, source.draw(2, 100, torch.Generator()))
    with pytest.raises(ValueError, match="too short"):
        native.run(tcn, torch.zeros(2, 200_000), None, source.draw(2, 100_000, torch.Generator().manual_seed(0)))


def test_three_arrays_of_different_widths_have_pytorchs_gradients() -> None:
    sizes = ((4, 9), (9, 2), (2, 1))
    arrays = [LayerArrayConfig(c, (3, 5), (7, 2), "leaky_relu", head_size=h) for c, h in sizes]
    compare(TcnConfig(arrays, 4), 2, 300, torch.float64)


def test_gradcheck_by_finite_differences_agrees_with_the_double_build() -> None:
    torch.manual_seed(1)
    config = TcnConfig((LayerArrayConfig(3, (2, 3), (1, 2), "tanh", gated=True),), 2)
    tcn = Tcn(config).double()
    dry = torch.randn(2, config.receptive_field + 20, dtype=torch.float64)
    modulation = modulation_for(config, 2, torch.float64)
    assert modulation is not None
    shape, weights = native.Shape(config), [w.detach().requires_grad_() for w in tcn.heard_parameters()]

    def wet(gain: Tensor, bias: Tensor, *weights: Tensor) -> Tensor:
        return native.CoreFunction.apply(shape, dry, gain.squeeze(-1), bias.squeeze(-1), None, *weights)

    assert torch.autograd.gradcheck(wet, (modulation.gain, modulation.bias, *weights))


def test_threads_do_not_change_a_single_bit() -> None:
    torch.manual_seed(2)
    config = TcnConfig((LayerArrayConfig(6, (3, 3), (1, 8)),), 3)
    tcn, results = Tcn(config), []
    dry, position = torch.randn(7, 500), torch.randn(7, 3)
    for threads in (1, 2, 5):
        torch.set_num_threads(threads)
        tcn.zero_grad()
        tcn(dry, tcn.film(position)).square().sum().backward()
        results.append([p.grad.clone() for p in tcn.parameters() if p.grad is not None])
    for other in results[1:]:
        assert all(torch.equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_a_training_goes_the_same_way_as_in_pytorch() -> None:
    torch.set_num_threads(1)
    config = TcnConfig((LayerArrayConfig(4, (3,) * 4, (1, 2, 4, 8), "leaky_relu"),))
    torch.manual_seed(3)
    dry = torch.randn(8, 800)
    target = torch.tanh(3 * dry)[:, config.receptive_field - 1 :]
    curves = []
    for way in ("native", "pytorch"):
        torch.manual_seed(4)
        tcn = Tcn(config)
        optimizer, losses = torch.optim.Adam(tcn.parameters(), 3e-3), []
        for _ in range(60):
            wet = native.run(tcn, dry) if way == "native" else tcn.in_pytorch(dry)
            loss = (wet - target).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
        curves.append(torch.tensor(losses))
    assert curves[0][-1] < 0.5 * curves[0][0]
    assert torch.allclose(curves[0], curves[1], rtol=1e-3)


def test_what_is_no_number_comes_out_as_no_number() -> None:
    for activation in native.ACTIVATIONS:
        tcn = Tcn(TcnConfig((LayerArrayConfig(4, (3,), (1,), activation),)))
        dry = torch.zeros(1, 100)
        dry[0, 50] = torch.nan
        assert torch.equal(native.run(tcn, dry).isnan(), tcn.in_pytorch(dry).isnan())


def test_loud_audio_saturates_tanh_and_gate_as_in_pytorch() -> None:
    tcn = Tcn(TcnConfig((LayerArrayConfig(4, (3,), (1,), "tanh", gated=True),)))
    dry = torch.linspace(-1e4, 1e4, 3000)[None]
    assert relative(tcn.in_pytorch(dry), native.run(tcn, dry)) < 1e-6


def test_a_second_backward_is_refused_as_pytorch_refuses_it() -> None:
    tcn = Tcn(TcnConfig((LayerArrayConfig(2, (3,), (1,)),)))
    loss = native.run(tcn, torch.randn(1, 50)).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="second time"):
        loss.backward()


def test_two_networks_in_one_graph_do_not_share_what_they_keep() -> None:
    torch.manual_seed(5)
    tcn = Tcn(TcnConfig((LayerArrayConfig(3, (3, 3), (1, 2)),)))
    one, other = torch.randn(2, 90), torch.randn(2, 90)
    grads = []
    for run in (tcn.in_pytorch, lambda dry: native.run(tcn, dry)):
        tcn.zero_grad()
        (run(one).square().sum() - run(other).abs().sum()).backward()
        grads.append([p.grad.clone() for p in tcn.parameters() if p.grad is not None])
    assert all(relative(a, b) < 1e-4 for a, b in zip(*grads, strict=True))


@pytest.mark.parametrize(
    ("dry", "why"),
    [
        (torch.zeros(1, 90, requires_grad=True), "the audio's own gradient"),
        (torch.zeros(1, 90, dtype=torch.float16), "half floats"),
        (torch.zeros(1, 3), "audio shorter than the receptive field"),
        (torch.zeros(0, 90), "an empty batch"),
    ],
)
def test_what_the_core_does_not_do_is_left_to_pytorch(dry: Tensor, why: str) -> None:
    tcn = Tcn(TcnConfig((LayerArrayConfig(3, (3, 3), (1, 2)),)))
    assert not native.runs(tcn, dry, None), why


def test_a_moving_position_is_left_to_pytorch() -> None:
    tcn = Tcn(TcnConfig((LayerArrayConfig(3, (3, 3), (1, 2)),), 2))
    assert tcn.film is not None
    dry = torch.randn(1, 90)
    moving, resting = tcn.film(torch.randn(1, 90, 2)), tcn.film(torch.randn(1, 2))
    assert not native.runs(tcn, dry, moving)
    assert native.runs(tcn, dry, resting)
    assert tcn(dry, moving).shape == tcn(dry, resting).shape


def test_without_gradients_no_layer_is_kept_for_the_way_back(monkeypatch: pytest.MonkeyPatch) -> None:
    config = TcnConfig((LayerArrayConfig(4, (3,) * 10, (1,) * 10),))
    tcn, dry = Tcn(config), torch.randn(30, 500)
    taken: list[int] = []
    take = native._Memory.take

    def counted(memory: native._Memory, count: int, dtype: torch.dtype) -> Tensor:
        taken.append(count)
        return take(memory, count, dtype)

    monkeypatch.setattr(native._Memory, "take", counted)
    with torch.no_grad():
        tcn(dry)
    without = sum(taken)
    taken.clear()
    tcn(dry)
    assert 20 * without < sum(taken)
