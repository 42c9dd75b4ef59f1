/* What both directions share for one item of a batch: its folded weights and its taps.
 *
 * A position's gain and bias belong to one item and do not change along it, so FiLM is folded into the item's weights:
 * gain * (W x + b + bias) = (gain W) x + gain (b + bias). It costs nothing per frame, either way. */
#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "plan.h"
#include "taps.h"

namespace core {

/* One item's FiLM, or none. */
template <class Real>
struct Film {
  const Real* gain = nullptr;
  const Real* bias = nullptr;
  Real gain_of(std::size_t row) const { return gain ? gain[row] : Real(1); }
  Real bias_of(std::size_t row) const { return bias ? bias[row] : Real(0); }
};

/* The error that rounding would make, for one item, or none (noise null): row r of the layers' rows, as plan.h counts
 * them, hears noise[starts[r] + frame of the dry audio], steps[r] times. Nothing of it is heard on the way back. */
template <class Real>
struct Rounding {
  const Real* noise = nullptr;
  const Real* steps = nullptr;
  const std::int64_t* starts = nullptr;

  /* Adds it to `count` rows from begin to end; the first of them is row `first`. */
  void add(Real* rows, int count, std::size_t stride, std::size_t first, std::size_t front, std::size_t begin,
           std::size_t end) const {
    if (!noise) return;
    for (int r = 0; r < count; ++r) {
      const Real step = steps[first + r];
      if (step == Real(0)) continue;
      const Real* const heard = noise + starts[first + r] + static_cast<std::ptrdiff_t>(begin - front);
      Real* const row = rows + r * stride + begin;
      for (std::size_t t = 0; t < end - begin; t += lanes<Real>) store(row + t, load(row + t) + step * load(heard + t));
    }
  }
};

/* Memory of one thread: rows, given by the caller, and the lists it walks with. */
template <class Real>
struct Bench {
  std::vector<const Real*> taps;
  std::vector<Real> weights, bias;
  std::vector<Vec<Real>> sums;
  Real* rows; /* a gated product, gradients of two streams and two skips' sums, all of the widest; convolution rows */
  Real* ones; /* one more row */

  static std::size_t row_count(const Plan& plan) {
    return 5 * static_cast<std::size_t>(plan.widest) + static_cast<std::size_t>(plan.most_rows) + 1;
  }
  Bench(const Plan& plan, Real* memory)
      : taps(plan.most_taps),
        weights(static_cast<std::size_t>(plan.most_taps) * std::max(plan.most_rows, plan.widest) +
                static_cast<std::size_t>(plan.widest) * plan.widest),
        bias(plan.most_rows),
        sums(static_cast<std::size_t>(plan.most_taps) * plan.most_rows),
        rows(memory),
        ones(memory + (row_count(plan) - 1) * plan.stride) {
    std::fill(ones, ones + plan.stride, Real(1));
  }
};

/* taps: every channel, seen (kernel - 1 - k) * dilation frames back. Returns how many. */
template <class Real>
int taps_back(const Real** taps, const Real* audio, std::size_t stride, int channels, int kernel, int dilation) {
  int count = 0;
  for (int c = 0; c < channels; ++c)
    for (int k = 0; k < kernel; ++k)
      taps[count++] = audio + c * stride - static_cast<std::size_t>(kernel - 1 - k) * dilation;
  return count;
}

/* The transpose's: every row, seen as far ahead. */
template <class Real>
int taps_ahead(const Real** taps, const Real* audio, std::size_t stride, int rows, int kernel, int dilation) {
  int count = 0;
  for (int r = 0; r < rows; ++r)
    for (int k = 0; k < kernel; ++k)
      taps[count++] = audio + r * stride + static_cast<std::size_t>(kernel - 1 - k) * dilation;
  return count;
}

/* (rows, channels, kernel) -> [channel, tap][row], row r multiplied by its gain. */
template <class Real>
void pack(Real* packed, const Real* weight, int rows, int columns, const Film<Real>* film, std::size_t film_row) {
  for (int r = 0; r < rows; ++r) {
    const Real gain = film ? film->gain_of(film_row + r) : Real(1);
    for (int j = 0; j < columns; ++j) packed[j * rows + r] = gain * weight[r * columns + j];
  }
}

/* (rows, channels, kernel) -> [row, tap][channel]. */
template <class Real>
void pack_transposed(Real* packed, const Real* weight, int rows, int channels, int kernel, const Film<Real>* film,
                     std::size_t film_row) {
  for (int r = 0; r < rows; ++r) {
    const Real gain = film ? film->gain_of(film_row + r) : Real(1);
    for (int c = 0; c < channels; ++c)
      for (int k = 0; k < kernel; ++k)
        packed[(r * kernel + k) * channels + c] = gain * weight[(r * channels + c) * kernel + k];
  }
}

template <class Real>
void fold_bias(Real* folded, const Real* bias, int rows, const Film<Real>& film, std::size_t film_row) {
  for (int r = 0; r < rows; ++r) folded[r] = film.gain_of(film_row + r) * (bias[r] + film.bias_of(film_row + r));
}

/* Nothing but zeros before a row's start, as far as whole lines and taps that see back from there reach. */
template <class Real>
void clear_before(Real* rows, int count, std::size_t stride, std::size_t start) {
  const std::size_t from = line_of(start) - line;
  for (int r = 0; r < count; ++r) std::fill(rows + r * stride + from, rows + r * stride + start, Real(0));
}

}  // namespace core
