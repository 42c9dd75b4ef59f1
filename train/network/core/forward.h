/* One item of a batch, from dry to wet. What the way back needs stays in the workspace. */
#pragma once

#include "activation.h"
#include "item.h"

namespace core {

constexpr std::size_t forward_block = 192; /* frames: whole tiles of every width, and small enough for the cache */

/* dry [end - plan.front], wet [outputs][end - out_start], workspace [workspace_rows][stride]. */
template <class Real>
void forward_item(const Plan& plan, const Real* parameters, const Film<Real>& film, const Rounding<Real>& rounding,
                  const Real* dry, Real* wet, Real* workspace, Bench<Real>& bench) {
  const std::size_t stride = plan.stride, end = plan.end;
  Real* const condition = workspace;
  std::fill(condition, condition + plan.front, Real(0));
  std::copy(dry, dry + (end - plan.front), condition + plan.front);
  Real* const gated_skip = bench.rows;
  const Real** taps = bench.taps.data();
  Real* weights = bench.weights.data();

  for (const ArrayPlan& a : plan.arrays) {
    Real* const sum = workspace + a.sum * stride;
    Real* stream = workspace + (a.layers.empty() ? a.final_stream : a.layers[0].stream) * stride;
    pack<Real>(weights, parameters + a.rechannel, a.channels, a.inputs, nullptr, 0);
    int count = taps_back(taps, workspace + a.input * stride, stride, a.inputs, 1, 1);
    multiply<Real>({taps, count, weights, a.channels, nullptr, nullptr, stride}, stream, line_of(a.in_start), end);
    clear_before(stream, a.channels, stride, a.in_start);

    bool summed = !a.first;
    for (std::size_t i = 0; i < a.layers.size(); ++i) {
      const LayerPlan& l = a.layers[i];
      stream = workspace + l.stream * stride;
      Real* const active = workspace + l.active * stride;
      Real* const skip = a.gated ? gated_skip : active;
      Real* const next = workspace + (i + 1 < a.layers.size() ? a.layers[i + 1].stream : a.final_stream) * stride;
      count = taps_back(taps, stream, stride, l.channels, l.kernel, l.dilation);
      pack(weights, parameters + l.weight, l.rows, count, &film, l.film_row);
      pack(weights + count * l.rows, parameters + l.mixin, l.rows, 1, &film, l.film_row);
      taps[count++] = condition;
      fold_bias(bench.bias.data(), parameters + l.bias, l.rows, film, l.film_row);
      Real* const mixing = weights + count * l.rows;
      const Real* mixed[64];
      taps_back(mixed, skip, stride, l.channels, 1, 1);
      if (l.has_residual) pack<Real>(mixing, parameters + l.residual, l.channels, l.channels, nullptr, 0);

      const Product<Real> convolution{taps, count, weights, l.rows, bench.bias.data(), nullptr, stride};
      const Product<Real> onward{mixed, l.channels, mixing, l.channels, parameters + l.residual_bias, stream, stride};
      const std::size_t heard_from = line_of(a.sum_start);
      for (std::size_t t = line_of(l.out_start), stop; t < end; t = stop) {
        stop = std::min(t + forward_block, t < heard_from ? heard_from : end);
        Real* const heard = t < heard_from ? nullptr : sum;
        if (a.gated || a.activation == kTanh) {
          multiply(convolution, active, t, stop);
          rounding.add(active, l.rows, stride, l.noise_row, plan.front, t, stop);
          activate_rows(a, stride, active, skip, heard, !summed, t, stop);
        } else {
          with_kind(a.activation, [&](auto kind) {
            const Activated<Real, decltype(kind)::value> finish{active, heard, Real(a.slope), !summed};
            multiply(convolution, finish, t, stop);
          });
        }
        if (!l.has_residual) continue;
        multiply(onward, next, t, stop);
        rounding.add(next, l.channels, stride, l.noise_row + l.rows, plan.front, t, stop);
      }
      summed = true;
      clear_before(active, l.rows, stride, l.out_start);
      if (l.has_residual) clear_before(next, l.channels, stride, l.out_start);
    }
    clear_before(sum, a.channels, stride, a.sum_start);

    count = taps_back(taps, sum, stride, a.channels, a.head_kernel, 1);
    const Film<Real>* const head_film = a.last ? &film : nullptr;
    pack(weights, parameters + a.head, a.head_size, count, head_film, plan.head_film_row);
    fold_bias(bench.bias.data(), parameters + a.head_bias, a.head_size, a.last ? film : Film<Real>{},
              plan.head_film_row);
    Real* const heard = a.last ? gated_skip : workspace + (&a)[1].sum * stride;
    multiply<Real>({taps, count, weights, a.head_size, bench.bias.data(), nullptr, stride}, heard,
                   line_of(a.head_start), end);
  }
  const std::size_t frames = end - plan.out_start();
  for (int r = 0; r < plan.outputs; ++r)
    std::copy_n(gated_skip + r * stride + plan.out_start(), frames, wet + r * frames);
}

}  // namespace core
