/* One item of a batch, from the wet's gradient to the parameters' and the FiLM's. */
#pragma once

#include "activation.h"
#include "item.h"

namespace core {

constexpr std::size_t backward_block = 576; /* frames */

/* What a convolution's gradient becomes: of the weights and bias as they are, and of the FiLM folded into them. */
template <class Real>
struct Unfolding {
  const Real* parameters;
  const Film<Real>& film;
  Real* of_parameters;
  Real* of_gain; /* null without FiLM */
  Real* of_bias;

  /* sums [rows][taps]: the folded weights' gradient. `at` says where tap 0..count-1's parameters lie; rows of
   * `columns` in one place (weight), then one tap of mix-in if mixin, then the ones' tap, the bias. */
  void operator()(const Vec<Real>* sums, int rows, int columns, std::size_t weight, const std::size_t* mixin,
                  const std::size_t* bias, const std::size_t* film_row) const {
    const int taps = columns + (mixin ? 1 : 0) + (bias ? 1 : 0);
    for (int r = 0; r < rows; ++r, sums += taps) {
      const Real gain = film_row ? film.gain_of(*film_row + r) : Real(1);
      Real of_this_gain = 0;
      const auto give = [&](std::size_t place, const Vec<Real>& by_lane) {
        const Real sum = sum_of_lanes<Real>(by_lane);
        of_parameters[place] = gain * sum;
        of_this_gain += parameters[place] * sum;
        return sum;
      };
      for (int j = 0; j < columns; ++j) give(weight + static_cast<std::size_t>(r) * columns + j, sums[j]);
      if (mixin) give(*mixin + r, sums[columns]);
      const Real of_sum = bias ? give(*bias + r, sums[taps - 1]) : Real(0);
      if (film_row && of_gain) {
        of_gain[*film_row + r] = of_this_gain + film.bias_of(*film_row + r) * of_sum;
        of_bias[*film_row + r] = gain * of_sum;
      }
    }
  }
};

/* Asks for rows that the next block will want: a whole item lies far beyond the cache. */
template <class Real>
inline void fetch(const Real* rows, int count, std::size_t stride, std::size_t begin, std::size_t end) {
  for (int row = 0; row < count; ++row)
    for (std::size_t t = begin; t < end; t += line) __builtin_prefetch(rows + row * stride + t, 0, 2);
}

/* The way back through one item: the arrays from the last to the first; of each its head, its layers, its input.
 *
 * What flows: the gradient of the stream (what a layer hands onward), of the skips' sum and of the head's output. The
 * first is heard by nobody behind the last layer of all, and is not looked at until something has been written there.
 */
template <class Real>
class Backward {
 public:
  /* workspace as forward_item left it; of_parameters [parameters], of_gain and of_bias [film_rows] will be written. */
  Backward(const Plan& plan_, const Real* parameters_, const Film<Real>& film_, const Real* workspace_,
           Real* of_parameters, Real* of_gain, Real* of_bias, Bench<Real>& bench_)
      : plan(plan_),
        parameters(parameters_),
        film(film_),
        workspace(workspace_),
        bench(bench_),
        unfold{parameters_, film, of_parameters, of_gain, of_bias},
        stride(plan_.stride),
        end(plan_.end),
        gated_skip(bench_.rows),
        of_stream(gated_skip + plan_.widest * stride),
        of_earlier_stream(of_stream + plan_.widest * stride),
        of_skips(of_earlier_stream + plan_.widest * stride),
        of_head(of_skips + plan_.widest * stride),
        of_rows(of_head + plan_.widest * stride),
        heard(plan_.most_taps),
        through(plan_.widest),
        mixed(plan_.widest + 1),
        mixing_sums(static_cast<std::size_t>(plan_.widest) * (plan_.widest + 1)),
        head_start(plan_.out_start()) {}

  /* of_wet [outputs][end - out_start] */
  void operator()(const Real* of_wet) {
    const std::size_t start = plan.out_start(), frames = end - start;
    for (Real* row = of_stream; row < bench.ones; row += stride) { /* zeros, wherever nothing will be written */
      std::fill(row, row + start, Real(0));
      std::fill(row + end, row + stride, Real(0));
    }
    for (int r = 0; r < plan.outputs; ++r) std::copy_n(of_wet + r * frames, frames, of_head + r * stride + start);
    for (auto array = plan.arrays.rbegin(); array != plan.arrays.rend(); ++array) {
      head(*array);
      for (auto layer = array->layers.rbegin(); layer != array->layers.rend(); ++layer) back(*array, *layer);
      input(*array);
    }
  }

 private:
  const Plan& plan;
  const Real* const parameters;
  const Film<Real> film;
  const Real* const workspace;
  Bench<Real>& bench;
  const Unfolding<Real> unfold;
  const std::size_t stride, end;
  Real* const gated_skip; /* [widest] rows each, but of_rows: [most_rows] */
  Real* of_stream;
  Real* of_earlier_stream;
  Real* of_skips;
  Real* of_head;
  Real* const of_rows;
  std::vector<const Real*> heard, through, mixed; /* taps: what a layer hears, hands onward, mixes */
  std::vector<Vec<Real>> mixing_sums;
  bool stream_is_heard = false;
  std::size_t head_start;

  /* From the head's output to the skips' sum. */
  void head(const ArrayPlan& a) {
    const Real** const taps = bench.taps.data();
    Real* const weights = bench.weights.data();
    int count = taps_back(taps, workspace + a.sum * stride, stride, a.channels, a.head_kernel, 1);
    taps[count] = bench.ones;
    std::fill_n(bench.sums.data(), static_cast<std::size_t>(a.head_size) * (count + 1), Vec<Real>{});
    accumulate<Real>({of_head, stride, a.head_size, taps, count + 1, bench.sums.data()}, line_of(head_start), end);
    unfold(bench.sums.data(), a.head_size, count, a.head, nullptr, &a.head_bias,
           a.last ? &plan.head_film_row : nullptr);
    pack_transposed(weights, parameters + a.head, a.head_size, a.channels, a.head_kernel, a.last ? &film : nullptr,
                    plan.head_film_row);
    count = taps_ahead(taps, of_head, stride, a.head_size, a.head_kernel, 1);
    multiply<Real>({taps, count, weights, a.channels, nullptr, nullptr, stride}, of_skips, line_of(a.sum_start), end);
    clear_before(of_skips, a.channels, stride, a.sum_start);
  }

  /* From what a layer hands onward and to the skips, to what it hears. */
  void back(const ArrayPlan& a, const LayerPlan& l) {
    const Real** const taps = bench.taps.data();
    Real* const weights = bench.weights.data();
    const Real* const active = workspace + l.active * stride;
    const int heard_count =
        taps_back(heard.data(), workspace + l.stream * stride, stride, l.channels, l.kernel, l.dilation);
    heard[heard_count] = workspace;
    heard[heard_count + 1] = bench.ones;
    taps_back(through.data(), of_stream, stride, l.channels, 1, 1);
    taps_back(mixed.data(), a.gated ? gated_skip : active, stride, l.channels, 1, 1);
    mixed[l.channels] = bench.ones;
    const int count = taps_ahead(taps, of_rows, stride, l.rows, l.kernel, l.dilation);
    pack_transposed(weights, parameters + l.weight, l.rows, l.channels, l.kernel, &film, l.film_row);
    Real* const mixing = weights + count * l.channels;
    if (l.has_residual) pack_transposed<Real>(mixing, parameters + l.residual, l.channels, l.channels, 1, nullptr, 0);
    std::fill_n(bench.sums.data(), static_cast<std::size_t>(l.rows) * (heard_count + 2), Vec<Real>{});
    std::fill(mixing_sums.begin(), mixing_sums.end(), Vec<Real>{});
    const Product<Real> to_stream{taps,  count, weights, l.channels, nullptr, stream_is_heard ? of_stream : nullptr,
                                  stride};
    const Product<Real> to_skip{through.data(), stream_is_heard ? l.channels : 0, mixing, l.channels, nullptr, of_skips,
                                stride};
    const Correlation<Real> of_mixing{of_stream, stride, l.channels, mixed.data(), l.channels + 1, mixing_sums.data()};
    const Correlation<Real> of_weights{of_rows, stride, l.rows, heard.data(), heard_count + 2, bench.sums.data()};

    /* Blocks from the last to the first: a convolution's transpose looks ahead. */
    const std::size_t start = line_of(l.out_start), blocks = (end - start + backward_block - 1) / backward_block;
    for (std::size_t block = blocks; block-- > 0;) {
      const std::size_t t = start + block * backward_block, stop = std::min(t + backward_block, end);
      if (block) {
        fetch(active, l.rows, stride, t - backward_block, t);
        fetch(workspace + l.stream * stride, l.channels, stride, t - backward_block, t);
      }
      if (a.gated) {
        multiply(to_skip, of_rows, t, stop);
        slope_gated_rows(a, stride, active, of_rows, gated_skip, t, stop);
      } else {
        with_kind(a.activation, [&](auto kind) {
          multiply(to_skip, Sloped<Real, decltype(kind)::value>{active, of_rows, Real(a.slope)}, t, stop);
        });
      }
      if (l.has_residual) accumulate(of_mixing, t, stop);
      accumulate(of_weights, t, stop);
      multiply(to_stream, of_stream, t, stop);
    }
    multiply(to_stream, of_stream, line_of(l.in_start), start); /* the frames only this layer's input has */
    clear_before(of_stream, l.channels, stride, l.in_start);
    stream_is_heard = true;
    unfold(bench.sums.data(), l.rows, heard_count, l.weight, &l.mixin, &l.bias, &l.film_row);
    if (l.has_residual)
      unfold(mixing_sums.data(), l.channels, l.channels, l.residual, nullptr, &l.residual_bias, nullptr);
  }

  /* From an array's first stream to what it was given: the array's before it, whose turn is next. */
  void input(const ArrayPlan& a) {
    const Real** const taps = bench.taps.data();
    Real* const weights = bench.weights.data();
    int count = taps_back(taps, workspace + a.input * stride, stride, a.inputs, 1, 1);
    std::fill_n(bench.sums.data(), static_cast<std::size_t>(a.channels) * count, Vec<Real>{});
    accumulate<Real>({of_stream, stride, a.channels, taps, count, bench.sums.data()}, line_of(a.in_start), end);
    unfold(bench.sums.data(), a.channels, count, a.rechannel, nullptr, nullptr, nullptr);
    if (a.first) return;
    pack_transposed<Real>(weights, parameters + a.rechannel, a.channels, a.inputs, 1, nullptr, 0);
    count = taps_ahead(taps, of_stream, stride, a.channels, 1, 1);
    multiply<Real>({taps, count, weights, a.inputs, nullptr, nullptr, stride}, of_earlier_stream, line_of(a.in_start),
                   end);
    clear_before(of_earlier_stream, a.inputs, stride, a.in_start);
    std::swap(of_stream, of_earlier_stream);
    std::swap(of_head, of_skips);
    head_start = a.sum_start;
  }
};

}  // namespace core
