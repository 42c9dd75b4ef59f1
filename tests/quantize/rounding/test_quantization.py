"""What quantization costs, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gritspace.quantize.export.tflite import run_tflite, to_tflite
from gritspace.quantize.export.tflite_graph import INT8, INT16
from gritspace.quantize.model.c_engine import Engine
from gritspace.quantize.model.grit import to_bytes
from gritspace.quantize.model.reference import run
from gritspace.quantize.network.network import from_tcn
from gritspace.quantize.network.run import run_float
from gritspace.quantize.rounding import scales
from gritspace.quantize.rounding.calibrate import calibrate, stretches
from gritspace.quantize.rounding.limits import UnsupportedNetwork
from gritspace.quantize.rounding.quantize import quantize, to_q15
from gritspace.quantize.rounding.scales import fit_int16, reach
from gritspace.train.audio import signals
from gritspace.train.audio.levels import at_all_levels
from tests.quantize.conftest import SHAPES, make_tcn, noise, q15


@pytest.mark.parametrize("shape", SHAPES)
def test_the_plain_arrays_compute_what_pytorch_computes(shape: str) -> None:
    tcn = make_tcn(shape)
    size = tcn.config.position_size
    position = np.linspace(-0.9, 0.8, size) if size else None
    with torch.no_grad():
        modulation = tcn.film(torch.tensor(position, dtype=torch.float32)[None]) if tcn.film else None
        expected = tcn(F.pad(torch.from_numpy(noise(4800))[None], (tcn.config.receptive_field - 1, 0)), modulation)[
            0
        ].numpy()
    network = from_tcn(tcn)
    for version in (network, network.padded()):
        np.testing.assert_allclose(run_float(version, noise(4800), position), expected, atol=2e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_integers_stay_close_to_the_float_network(shape: str) -> None:
    tcn = make_tcn(shape)
    size = tcn.config.position_size
    positions = np.random.default_rng(2).uniform(-1, 1, (4, size)) if size else []
    network = from_tcn(tcn)
    model = quantize(network, noise(), positions)
    audio, position = noise(seed=9), (np.array(positions[1]) if size else None)
    wanted = run_float(network, audio, position)
    got = run(model, q15(audio), None if position is None else to_q15(position)) / 32768 * 2.0**model.output_shift
    # Random weights are the hard case; trained ones are measured where they are trained.
    assert np.sum((got - wanted) ** 2) / np.sum(wanted**2) < 2e-3


@pytest.mark.parametrize("shape", ["two_tanh_arrays", "hardtanh_odd_two_arrays"])
def test_integers_hold_a_hot_input_however_quiet_the_calibration_was(shape: str) -> None:
    """Notes as they were recorded are mostly quiet, and a module's input is not: a sine at full scale clips nothing."""
    network = from_tcn(make_tcn(shape))
    model = quantize(network, 0.03 * signals.synthetic(2.0, 3))
    sine = q15(np.sin(2 * np.pi * 220 * np.arange(9600) / 48000).astype(np.float32))
    wanted = run_float(network, sine / np.float32(32768))
    got = run(model, sine) / 32768 * 2.0**model.output_shift
    assert np.sum((got - wanted) ** 2) / np.sum(wanted**2) < 2e-3


def test_too_wide_a_network_is_refused_with_its_width_and_the_limit() -> None:
    network = from_tcn(make_tcn("tanh_space"))
    array = network.arrays[0]
    wide = replace(network, arrays=(replace(array, rechannel=np.zeros((34, 1))),))
    with pytest.raises(UnsupportedNetwork, match=r"32 channels.*34"):
        quantize(wide, noise(), [[0.0] * 4])


def test_an_unknown_activation_is_refused_by_name() -> None:
    network = from_tcn(make_tcn("relu_snapshot"))
    array = network.arrays[0]
    odd = replace(network, arrays=(replace(array, layers=(replace(array.layers[0], activation="softsign"),)),))
    with pytest.raises(UnsupportedNetwork, match="softsign"):
        quantize(odd, noise())


def test_weights_that_are_not_numbers_are_refused() -> None:
    network = from_tcn(make_tcn("relu_snapshot"))
    network.arrays[0].layers[0].weight[0, 0, 0] = np.nan
    with pytest.raises(UnsupportedNetwork, match="finite"):
        quantize(network, noise())


def test_silent_calibration_audio_is_refused() -> None:
    with pytest.raises(ValueError, match="silent"):
        quantize(from_tcn(make_tcn("relu_snapshot")), np.zeros(4800, np.float32))


def test_a_fan_in_that_could_overflow_an_accumulator_is_refused() -> None:
    network = from_tcn(make_tcn("relu_snapshot"))
    array = network.arrays[0]
    layer = replace(array.layers[0], weight=np.ones((4, 4, 200)))
    with pytest.raises(UnsupportedNetwork, match="overflow"):
        quantize(replace(network, arrays=(replace(array, layers=(layer,)),)), noise())


def test_same_network_and_audio_give_the_same_file() -> None:
    network = from_tcn(make_tcn("tanh_space"))
    first, second = (to_bytes(quantize(network, noise(), [[0.0] * 4])) for _ in range(2))
    assert first == second
    assert Engine(first).state_bytes > 0


def test_skip_sums_of_tables_use_the_bits_there_are() -> None:
    """Each channel's sum, as loud as calibration saw it, fills a third of int16 or more, and does not clip."""
    network = from_tcn(make_tcn("tanh_space"))
    places = np.random.default_rng(2).uniform(-1, 1, (4, 4))
    ranges, _ = calibrate(network, stretches(at_all_levels(noise()), len(places)), list(places))
    model = quantize(network, noise(), places)
    array = model.arrays[0]
    for layer in array.layers:
        np.testing.assert_array_equal(layer.skip_weight, array.layers[0].skip_weight)
    largest = ranges.heads[0].max(axis=0) * 32768 * array.layers[0].skip_weight / 2.0**array.skip_shift
    assert largest.max() < 32768
    assert largest.min() > 32768 / 3


def test_ranges_hold_the_loudest_place_and_keep_headroom_for_the_usual_ones() -> None:
    peaks = np.array([[1.0, 1.0], *[[1.0, 1.0]] * 14, [1.5, 16.0]])
    np.testing.assert_array_equal(reach(peaks, 2.0), [2.0, 16.0])  # not [3, 32]
    np.testing.assert_array_equal(reach(peaks[:1], 2.0), [2.0, 2.0])
    np.testing.assert_array_equal(fit_int16(peaks) * 32767, [2.0, 16.0])


def test_a_loud_corner_takes_fewer_bits_from_quiet_notes_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise at -50 dBFS where fifteen of sixteen places are; in the last every row is twice as loud. Beside it, what
    headroom over the loudest costs."""
    network = from_tcn(make_tcn("leaky_space_with_long_head"))
    film, size = network.film, network.position_size
    assert film is not None
    hidden = film.hidden_bias.size
    film = replace(
        film,
        hidden_weight=np.tile(np.eye(size)[:1] * 3, (hidden, 1)),
        hidden_bias=np.zeros(hidden),
        gain_weight=np.full_like(film.gain_weight, 1 / hidden),
        gain_bias=np.zeros_like(film.gain_bias),
    )
    network = replace(network, film=film)
    usual, corner = np.random.default_rng(4).uniform(-0.02, 0.02, (15, size)), np.ones(size)
    quiet = q15(noise(seed=3) * np.float32(10 ** (-50 / 20)))
    wanted = run_float(network, quiet / np.float32(32768), usual[0])

    def grain() -> float:
        model = quantize(network, noise(), np.concatenate([usual, corner[None]]))
        played = run(model, quiet, to_q15(usual[0])) / 32768 * 2.0**model.output_shift
        return float(np.var(played - wanted) / np.var(wanted))

    ours = grain()
    monkeypatch.setattr(scales, "USUAL_PLACES", 1.0)
    assert ours < 0.5 * grain()


@pytest.mark.parametrize("shape", ["two_tanh_arrays", "gated_odd_width_space", "relu_snapshot"])
def test_int8_activations_are_the_same_network_heard_far_worse(shape: str) -> None:
    """TensorFlow Lite runs both files: the coarse one must still be this network, and cost what eight bits cost."""
    tcn = make_tcn(shape)
    size = tcn.config.position_size
    network = from_tcn(tcn)
    model = quantize(network, noise(), np.zeros((1, size)) if size else [])
    wanted = run_float(network, noise(seed=9), np.zeros(size) if size else None)
    errors = []
    for activations in (INT16, INT8):
        played = run_tflite(to_tflite(model, activations=activations), q15(noise(seed=9)))
        errors.append(np.sum((played / 32768 * 2.0**model.output_shift - wanted) ** 2) / np.sum(wanted**2))
    assert errors[0] < 2e-3
    assert 20 * errors[0] < errors[1] < 0.2
