/* One LSTM or GRU layer and a linear head over many rows of audio at once: a row of audio is a lane, so that a step's
 * product is the same as a convolution's, with the state's units for taps and audio rows for frames (taps.h).
 *
 * Sigmoids and tanhs share their divisions, and those are Newton's: 3e-7 of the result is the error of either. */
#pragma once

#include <cstring>
#include <vector>

#include "taps.h"

namespace core {

constexpr int rows_at_once = 3 * lanes<float>; /* a whole tile of multiply's */
constexpr float farthest = 25.0f; /* beyond, a sigmoid is 0 or 1; three exponentials' product stays finite */

/* e^x for |x| <= 2 * farthest. 1.3e-7 of the result. */
inline Vec<float> exponential(Vec<float> x) {
  using V = Vectors<float>;
  const Vec<float> shifted = x * 1.44269504089f + V::round_magic;
  const Vec<float> n = shifted - V::round_magic;
  const Vec<float> r = (x - n * 0.693145751953125f) - n * 1.42860682e-6f;
  Vec<float> series = r * (1.0f / 720) + 1.0f / 120;
  series = series * r + 1.0f / 24;
  series = series * r + 1.0f / 6;
  series = series * r + 0.5f;
  series = series * r + 1.0f;
  series = series * r + 1.0f;
  const V::Integers power = ((V::Integers)shifted - (V::Integers)(Vec<float>{} + V::round_magic)) << V::mantissa_bits;
  return (Vec<float>)((V::Integers)series + power);
}

/* e^-x with x kept from so far out that nothing could be made of it. */
inline Vec<float> decay(Vec<float> x, float factor = 1.0f) {
  const Vec<float> top = splat<float>(farthest);
  x = x * factor;
  x = x > top ? top : x;
  x = x < -top ? -top : x;
  return exponential(-x);
}

/* 1 / x for positive, normal x, by Newton's steps from a guess of its exponent: 5e-8 of the result. */
inline Vec<float> reciprocal(Vec<float> x) {
  using I = Vectors<float>::Integers;
  Vec<float> y = (Vec<float>)((I{} + 0x7EF311C7) - (I)x);
#pragma GCC unroll 3
  for (int step = 0; step < 3; ++step) y += y * (1.0f - x * y);
  return y;
}

struct Recurrent {
  bool gru;
  int inputs, hidden;       /* inputs: 1, or 2 with a knob */
  const float* weights;     /* [hidden + inputs][gate rows]: of the state's units, then of the inputs */
  const float* bias;        /* [gate rows]; of a GRU's new gate only what the reset gate does not reach */
  const float* of_input;    /* a GRU's new gate, from the inputs alone: [inputs][hidden], then bias [hidden] */
  const float* head;        /* [hidden] */
  float head_bias, skip;    /* skip: how much of the audio is added */
  const float* first_state; /* hidden, then cell: [2][hidden] */
  int gate_rows() const { return (gru ? 3 : 4) * hidden; }
};

/* Memory for rows_at_once rows. */
struct RecurrentBench {
  std::vector<float> memory;
  float *hidden, *cell, *gates, *audio, *knob;
  std::vector<const float*> taps;

  explicit RecurrentBench(const Recurrent& r)
      : memory(static_cast<std::size_t>(2 * r.hidden + r.gate_rows() + 2) * rows_at_once + 16), taps(r.hidden + 2) {
    const std::size_t row = rows_at_once, wide = reinterpret_cast<std::uintptr_t>(memory.data()) / 4 % 16;
    hidden = memory.data() + (16 - wide) % 16;
    cell = hidden + r.hidden * row;
    gates = cell + r.hidden * row;
    audio = gates + r.gate_rows() * row;
    knob = audio + row;
    for (int j = 0; j < r.hidden; ++j) taps[j] = hidden + j * row;
    taps[r.hidden] = audio;
    taps[r.hidden + 1] = knob;
  }
};

inline void step_lstm(const Recurrent& r, const RecurrentBench& b, std::size_t end) {
  const std::size_t gate = static_cast<std::size_t>(r.hidden) * rows_at_once;
  for (std::size_t at = 0; at < gate; at += rows_at_once)
    for (std::size_t t = at; t < at + end; t += lanes<float>) {
      const Vec<float> in = 1.0f + decay(load(b.gates + t)), forget = 1.0f + decay(load(b.gates + gate + t));
      const Vec<float> fresh = decay(load(b.gates + 2 * gate + t), 2.0f);
      const Vec<float> let_in = in * (1.0f + fresh);
      const Vec<float> cell = (load(b.cell + t) * let_in + (1.0f - fresh) * forget) * reciprocal(forget * let_in);
      store(b.cell + t, cell);
      const Vec<float> shown = decay(cell, 2.0f), out = 1.0f + decay(load(b.gates + 3 * gate + t));
      store(b.hidden + t, (1.0f - shown) * reciprocal(out * (1.0f + shown)));
    }
}

inline void step_gru(const Recurrent& r, const RecurrentBench& b, std::size_t end) {
  const std::size_t gate = static_cast<std::size_t>(r.hidden) * rows_at_once;
  for (int j = 0; j < r.hidden; ++j) {
    const float bias = r.of_input[r.inputs * r.hidden + j];
    for (std::size_t v = 0; v < end; v += lanes<float>) {
      const std::size_t t = static_cast<std::size_t>(j) * rows_at_once + v;
      const Vec<float> reset = reciprocal(1.0f + decay(load(b.gates + t)));
      Vec<float> heard = bias + load(b.audio + v) * r.of_input[j];
      if (r.inputs == 2) heard += load(b.knob + v) * r.of_input[r.hidden + j];
      const Vec<float> fresh = decay(heard + reset * load(b.gates + 2 * gate + t), 2.0f);
      const Vec<float> change = decay(load(b.gates + gate + t)); /* 1 - update = change / (1 + change) */
      const Vec<float> both = (1.0f + fresh) * (1.0f + change);
      store(b.hidden + t, (change * (1.0f - fresh) + load(b.hidden + t) * (1.0f + fresh)) * reciprocal(both));
    }
  }
}

/* Up to rows_at_once rows: audio, wet [rows][frames] `stride` apart; knobs [rows], or null. */
inline void run_recurrent(const Recurrent& r, RecurrentBench& b, const float* audio, const float* knobs, float* wet,
                          std::size_t rows, std::size_t frames, std::size_t stride) {
  const std::size_t end = (rows + lanes<float> - 1) / lanes<float> * lanes<float>;
  for (int j = 0; j < r.hidden; ++j) {
    std::fill_n(b.hidden + j * rows_at_once, rows_at_once, r.first_state[j]);
    std::fill_n(b.cell + j * rows_at_once, rows_at_once, r.first_state[r.hidden + j]);
  }
  std::fill_n(b.audio, 2 * rows_at_once, 0.0f);
  if (knobs) std::copy_n(knobs, rows, b.knob);
  const Product<float> to_gates{b.taps.data(), r.hidden + r.inputs, r.weights, r.gate_rows(), r.bias,
                                nullptr,       rows_at_once};
  float shown[rows_at_once];
  for (std::size_t frame = 0; frame < frames; ++frame) {
    for (std::size_t row = 0; row < rows; ++row) b.audio[row] = audio[row * stride + frame];
    multiply(to_gates, b.gates, 0, end);
    r.gru ? step_gru(r, b, end) : step_lstm(r, b, end);
    for (std::size_t v = 0; v < end; v += lanes<float>) {
      Vec<float> sums[4] = {r.head_bias + load(b.audio + v) * r.skip};
      for (int j = 0; j < r.hidden; ++j)
        sums[j % 4] += load(b.hidden + static_cast<std::size_t>(j) * rows_at_once + v) * r.head[j];
      store(shown + v, (sums[0] + sums[1]) + (sums[2] + sums[3]));
    }
    for (std::size_t row = 0; row < rows; ++row) wet[row * stride + frame] = shown[row];
  }
}

}  // namespace core
