/* The two products all of a network's work is made of. A tap is a pointer to audio: an input channel, seen so many
 * frames back. A dilated convolution is a sum over taps; so are a 1x1, the mix-in, and a convolution's transpose.
 *
 *   multiply:   out[row][t] = base[row][t] + bias[row] + sum over taps of weight[tap][row] * tap[t]
 *   accumulate: sums[row][tap] += gradient[row][t] * tap[t], over t      (the weights' gradient)
 *
 * Both hold a tile of results in registers, so that each vector of audio that is loaded meets every row of the tile.
 * `begin` and `end` are whole vectors; rows of `out`, `base` and `gradient` lie `stride` apart. */
#pragma once

#include <algorithm>

#include "vectors.h"

namespace core {

constexpr int max_tile_rows = CORE_ACCUMULATORS == 24 ? 8 : 4;

/* Vectors of frames (multiply) or taps (accumulate) that fit beside so many rows. */
constexpr int tile_width(int rows) {
  return std::min(CORE_ACCUMULATORS / rows, 6);
}

template <class Real>
struct Product {
  const Real* const* taps;
  int tap_count;
  const Real* weights; /* [tap][rows] */
  int rows;
  const Real* bias; /* [rows], or null */
  const Real* base; /* null: 0 */
  std::size_t stride;
};

/* What becomes of a product: stored as it is. */
template <class Real>
struct Stored {
  Real* out;
  void operator()(std::size_t place, Vec<Real> value) const { store(out + place, value); }
};

template <class Real, int Rows, int Width, class Finish>
inline void multiply_tile(const Product<Real>& p, const Finish& finish, int row, std::size_t t) {
  constexpr int L = lanes<Real>;
  Vec<Real> sums[Rows][Width];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
    const Vec<Real> start = splat<Real>(p.bias ? p.bias[row + r] : Real(0));
#pragma GCC unroll 8
    for (int v = 0; v < Width; ++v)
      sums[r][v] = p.base ? start + load(p.base + static_cast<std::size_t>(row + r) * p.stride + t + v * L) : start;
  }
  const Real* weights = p.weights + row;
  for (int tap = 0; tap < p.tap_count; ++tap, weights += p.rows) {
    const Real* at = p.taps[tap] + t;
    Vec<Real> audio[Width];
#pragma GCC unroll 8
    for (int v = 0; v < Width; ++v) audio[v] = load(at + v * L);
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      const Vec<Real> weight = splat<Real>(weights[r]);
#pragma GCC unroll 8
      for (int v = 0; v < Width; ++v) sums[r][v] += weight * audio[v];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 8
    for (int v = 0; v < Width; ++v) finish(static_cast<std::size_t>(row + r) * p.stride + t + v * L, sums[r][v]);
  }
}

template <class Real, int Rows, class Finish>
inline void multiply_rows(const Product<Real>& p, const Finish& finish, int row, std::size_t begin, std::size_t end) {
  constexpr int width = tile_width(Rows);
  constexpr std::size_t L = lanes<Real>;
  std::size_t t = begin;
  for (; t + width * L <= end; t += width * L) multiply_tile<Real, Rows, width>(p, finish, row, t);
  for (; t < end; t += L) multiply_tile<Real, Rows, 1>(p, finish, row, t);
}

/* finish(place, vector) takes every vector of results; place is counted from the first row's frame 0. */
template <class Real, class Finish>
void multiply(const Product<Real>& p, const Finish& finish, std::size_t begin, std::size_t end) {
  const int tiles = (p.rows + max_tile_rows - 1) / max_tile_rows;
  for (int tile = 0; tile < tiles; ++tile) {
    const int row = p.rows * tile / tiles, rows = p.rows * (tile + 1) / tiles - row;
    switch (rows) {
      case 1:
        multiply_rows<Real, 1>(p, finish, row, begin, end);
        break;
      case 2:
        multiply_rows<Real, 2>(p, finish, row, begin, end);
        break;
      case 3:
        multiply_rows<Real, 3>(p, finish, row, begin, end);
        break;
      case 4:
        multiply_rows<Real, 4>(p, finish, row, begin, end);
        break;
      case 5:
        multiply_rows<Real, std::min(5, max_tile_rows)>(p, finish, row, begin, end);
        break;
      case 6:
        multiply_rows<Real, std::min(6, max_tile_rows)>(p, finish, row, begin, end);
        break;
      case 7:
        multiply_rows<Real, std::min(7, max_tile_rows)>(p, finish, row, begin, end);
        break;
      default:
        multiply_rows<Real, max_tile_rows>(p, finish, row, begin, end);
        break;
    }
  }
}

template <class Real>
void multiply(const Product<Real>& p, Real* out, std::size_t begin, std::size_t end) {
  multiply(p, Stored<Real>{out}, begin, end);
}

template <class Real>
struct Correlation {
  const Real* gradient;
  std::size_t stride;
  int rows;
  const Real* const* taps;
  int tap_count;
  Vec<Real>* sums; /* [rows][tap_count], by lane */
};

template <class Real, int Rows, int Taps>
inline void accumulate_tile(const Correlation<Real>& c, int row, int tap, std::size_t begin, std::size_t end) {
  Vec<Real> sums[Rows][Taps];
  const Real* audio[Taps];
  Vec<Real>* kept = c.sums + static_cast<std::size_t>(row) * c.tap_count + tap;
  const Real* gradient = c.gradient + static_cast<std::size_t>(row) * c.stride;
#pragma GCC unroll 8
  for (int k = 0; k < Taps; ++k) audio[k] = c.taps[tap + k];
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int k = 0; k < Taps; ++k) sums[r][k] = kept[r * c.tap_count + k];
  for (std::size_t t = begin; t < end; t += lanes<Real>) {
    Vec<Real> heard[Taps];
#pragma GCC unroll 8
    for (int k = 0; k < Taps; ++k) {
      heard[k] = load(audio[k] + t);
      CORE_IN_REGISTER(heard[k]);
    }
#pragma GCC unroll 8
    for (int r = 0; r < Rows; ++r) {
      Vec<Real> slope = load(gradient + static_cast<std::size_t>(r) * c.stride + t);
      CORE_IN_REGISTER(slope);
#pragma GCC unroll 8
      for (int k = 0; k < Taps; ++k) sums[r][k] += slope * heard[k];
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r)
#pragma GCC unroll 8
    for (int k = 0; k < Taps; ++k) kept[r * c.tap_count + k] = sums[r][k];
}

template <class Real, int Rows>
inline void accumulate_rows(const Correlation<Real>& c, int row, std::size_t begin, std::size_t end) {
  constexpr int width = tile_width(Rows);
  int tap = 0;
  for (; tap + width <= c.tap_count; tap += width) accumulate_tile<Real, Rows, width>(c, row, tap, begin, end);
  switch (c.tap_count - tap) {
    case 5:
      accumulate_tile<Real, Rows, std::min(5, width)>(c, row, tap, begin, end);
      break;
    case 4:
      accumulate_tile<Real, Rows, std::min(4, width)>(c, row, tap, begin, end);
      break;
    case 3:
      accumulate_tile<Real, Rows, std::min(3, width)>(c, row, tap, begin, end);
      break;
    case 2:
      accumulate_tile<Real, Rows, std::min(2, width)>(c, row, tap, begin, end);
      break;
    case 1:
      accumulate_tile<Real, Rows, 1>(c, row, tap, begin, end);
      break;
    default:
      break;
  }
}

template <class Real>
void accumulate(const Correlation<Real>& c, std::size_t begin, std::size_t end) {
  const int tiles = (c.rows + max_tile_rows - 1) / max_tile_rows;
  for (int tile = 0; tile < tiles; ++tile) {
    const int row = c.rows * tile / tiles, rows = c.rows * (tile + 1) / tiles - row;
    switch (rows) {
      case 1:
        accumulate_rows<Real, 1>(c, row, begin, end);
        break;
      case 2:
        accumulate_rows<Real, 2>(c, row, begin, end);
        break;
      case 3:
        accumulate_rows<Real, 3>(c, row, begin, end);
        break;
      case 4:
        accumulate_rows<Real, 4>(c, row, begin, end);
        break;
      case 5:
        accumulate_rows<Real, std::min(5, max_tile_rows)>(c, row, begin, end);
        break;
      case 6:
        accumulate_rows<Real, std::min(6, max_tile_rows)>(c, row, begin, end);
        break;
      case 7:
        accumulate_rows<Real, std::min(7, max_tile_rows)>(c, row, begin, end);
        break;
      default:
        accumulate_rows<Real, max_tile_rows>(c, row, begin, end);
        break;
    }
  }
}

}  // namespace core
