/* One item of a batch, from dry to wet. What the way back needs stays in the workspace. */
#pragma once

#include "activation.h"
#include "item.h"

namespace core {

constexpr std::size_t forward_block = 192; /* frames: whole tiles of every width, and small enough for the cache */

/* dry [end - front], wet [outputs][end - out_start], workspace [workspace_rows][stride]. */
template <class Real>
void forward_item(const Plan& plan, const Real* parameters, const Film<Real>& film, const Real* dry, Real* wet,
                  Real* workspace, Bench<Real>& bench) {
  const std::size_t stride = plan.stride, end = plan.end;
  Real* const condition = workspace;
  std::memset(condition, 0, front * sizeof(Real));
  std::memcpy(condition + front, dry, (end - front) * sizeof(Real));
  close_rows(condition, 1, plan);
  Real* const gated_skip = bench.rows;
  const Real** taps = bench.taps.data();
  Real* weights = bench.weights.data();

  for (const ArrayPlan& a : plan.arrays) {
    const Gate<Real> gate{a, stride};
    Real* const sum = workspace + a.sum * stride;
    Real* stream = workspace + (a.layers.empty() ? a.final_stream : a.layers[0].stream) * stride;
    pack<Real>(weights, parameters + a.rechannel, a.channels, a.inputs, nullptr, 0);
    int count = taps_back(taps, workspace + a.input * stride, stride, a.inputs, 1, 1);
    multiply<Real>({taps, count, weights, a.channels, nullptr, nullptr, stream, stride}, a.in_start, end);
    close_rows(stream, a.channels, plan);

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

      for (std::size_t t = l.out_start; t < end; t += forward_block) {
        const std::size_t stop = std::min(t + forward_block, end);
        multiply<Real>({taps, count, weights, l.rows, bench.bias.data(), nullptr, active, stride}, t, stop);
        gate.forward(active, skip, t, stop);
        if (stop > a.sum_start) {
          for (int c = 0; c < l.channels; ++c)
            for (std::size_t f = c * stride + t; f < c * stride + stop; f += lanes<Real>)
              store(sum + f, summed ? load(sum + f) + load(skip + f) : load(skip + f));
        }
        if (l.has_residual)
          multiply<Real>({mixed, l.channels, mixing, l.channels, parameters + l.residual_bias, stream, next, stride}, t,
                         stop);
      }
      summed = true;
      close_rows(active, l.rows, plan);
      if (l.has_residual) close_rows(next, l.channels, plan);
    }
    close_rows(sum, a.channels, plan);

    count = taps_back(taps, sum, stride, a.channels, a.head_kernel, 1);
    const Film<Real>* const head_film = a.last ? &film : nullptr;
    pack(weights, parameters + a.head, a.head_size, count, head_film, plan.head_film_row);
    fold_bias(bench.bias.data(), parameters + a.head_bias, a.head_size, a.last ? film : Film<Real>{},
              plan.head_film_row);
    Real* const heard = a.last ? gated_skip : workspace + (&a)[1].sum * stride;
    multiply<Real>({taps, count, weights, a.head_size, bench.bias.data(), nullptr, heard, stride}, a.head_start, end);
  }
  const std::size_t frames = end - plan.out_start();
  for (int r = 0; r < plan.outputs; ++r)
    std::memcpy(wet + r * frames, gated_skip + r * stride + plan.out_start(), frames * sizeof(Real));
}

}  // namespace core
