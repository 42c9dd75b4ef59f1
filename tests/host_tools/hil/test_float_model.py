"""The float model must follow the engine's ramps: an independent, slow evaluation one frame at a time says so."""

import numpy as np
import torch

from gritspace.host_tools.hil import float_model
from gritspace.quantize.model import reference
from gritspace.quantize.model.grit import read_grit
from gritspace.train.network.shapes import Modulation
from gritspace.train.space.space import load_space


def riffle(frames, seed=3):
    return (np.random.default_rng(seed).normal(0, 4000, frames)).clip(-32768, 32767).astype(np.int16)


def test_at_rest_it_is_the_space_itself(space_file):
    space, audio = load_space(space_file), riffle(30_000)
    position = np.array([3000, -20000, 0, 32767], np.int16)
    ours = float_model.play(space.decoder, audio, position)
    theirs = space.render(
        torch.from_numpy(audio[None] / 32768.0).float(), torch.from_numpy(position[None] / 32768.0).float()
    )
    np.testing.assert_allclose(ours, theirs[0].numpy(), atol=2e-6)


def test_a_move_is_a_ramp_of_four_steps_over_four_blocks(space_file):
    decoder, audio = load_space(space_file).decoder, riffle(400)
    a, b = np.array([0, 0, 0, 0], np.int16), np.array([30000, -30000, 9000, 1000], np.int16)
    ours = float_model.play(decoder, audio, a, [(96, b)])
    with torch.inference_mode():
        rows = decoder.film(torch.from_numpy(np.stack([a, b]) / 32768.0).float())
        gain, bias = rows.gain[..., 0], rows.bias[..., 0]
        weight = torch.tensor([min(4, max(0, (n - 96) // 48 + 1)) / 4 for n in range(400)])  # of b, frame by frame
        along = Modulation(*(torch.lerp(x[:1].T, x[1:].T, weight)[None] for x in (gain, bias)))
        lead = decoder.config.receptive_field - 1
        still = Modulation(*(x[:1].T[None].expand(-1, -1, lead) for x in (gain, bias)))
        whole = Modulation(*(torch.cat(pair, -1) for pair in ((still.gain, along.gain), (still.bias, along.bias))))
        theirs = decoder(torch.cat([torch.zeros(lead), torch.from_numpy(audio / 32768.0).float()])[None], whole)[0]
    np.testing.assert_allclose(ours, theirs.numpy(), atol=2e-6)


def test_integers_follow_it_while_the_position_moves_all_the_time(space_file, model_file):
    model, decoder, audio = read_grit(model_file), load_space(space_file).decoder, riffle(48 * 200)
    random = np.random.default_rng(1)
    moves = [(48 * block, random.integers(-32768, 32767, 4).astype(np.int16)) for block in range(1, 200)]
    start = np.zeros(4, np.int16)
    in_float = float_model.play(decoder, audio, start, moves).astype(np.float64)
    integers = reference.run(model, audio, start, moves) / 32768 * 2.0**model.output_shift
    still = float_model.play(decoder, audio, start)
    assert np.sum((in_float - integers) ** 2) / np.sum(in_float**2) < 1e-3
    assert np.sum((still - integers) ** 2) / np.sum(in_float**2) > 0.01  # the moves do matter


def test_a_move_in_mid_ramp_starts_from_where_the_ramp_stands(space_file, model_file):
    model, decoder, audio = read_grit(model_file), load_space(space_file).decoder, riffle(48 * 40)
    random = np.random.default_rng(2)
    moves = [(20 * n, random.integers(-32768, 32767, 4).astype(np.int16)) for n in range(1, 90)]
    in_float = float_model.play(decoder, audio, np.zeros(4, np.int16), moves).astype(np.float64)
    integers = reference.run(model, audio, np.zeros(4, np.int16), moves) / 32768 * 2.0**model.output_shift
    assert np.sum((in_float - integers) ** 2) / np.sum(in_float**2) < 1e-3
