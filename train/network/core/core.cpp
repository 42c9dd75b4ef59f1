/* The training core's interface, for ctypes: whole batches, one item a thread at a time. No memory outlives a call. */
#include <atomic>
#include <new>
#include <system_error>
#include <thread>
#include <vector>

#include "backward.h"
#include "forward.h"
#include "recurrent.h"

namespace core {

/* work(index, thread) for every index below count, on so many threads. False if memory ran out. */
template <class Work>
bool in_parallel(std::size_t count, int threads, const Work& work) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> failed{false};
  const auto run = [&](int thread) {
    try {
      work(next, thread);
    } catch (const std::bad_alloc&) {
      failed = true;
    }
  };
  std::vector<std::thread> others;
  const int useful = static_cast<int>(std::min<std::size_t>(count, static_cast<std::size_t>(threads)));
  try {
    for (int thread = 1; thread < useful; ++thread) others.emplace_back(run, thread);
  } catch (const std::system_error&) { /* no more threads to be had: those that run do it all */
  }
  run(0);
  for (std::thread& other : others) other.join();
  return !failed;
}

template <class Real>
struct Batch {
  const Plan& plan;
  const Real *parameters, *gain, *bias; /* gain, bias [batch][film_rows], or null */
  Real *workspace, *benches;
  bool keep;
  Rounding<Real> noise = {}; /* starts [batch][noise_rows] */

  Film<Real> film(std::size_t item) const {
    if (!plan.with_film) return {};
    return {gain + item * plan.film_rows, bias + item * plan.film_rows};
  }
  Rounding<Real> rounding(std::size_t item) const {
    if (!noise.noise) return {};
    return {noise.noise, noise.steps, noise.starts + item * plan.noise_rows};
  }
  Real* workspace_of(std::size_t item, int thread) const {
    return workspace + (keep ? item : static_cast<std::size_t>(thread)) * plan.workspace_rows * plan.stride;
  }
  Real* bench_of(int thread) const {
    return benches + static_cast<std::size_t>(thread) * Bench<Real>::row_count(plan) * plan.stride;
  }
};

template <class Real>
bool forward(const Batch<Real>& b, const Real* dry, Real* wet, std::size_t batch, int threads) {
  const std::size_t in = b.plan.end - b.plan.front, out = (b.plan.end - b.plan.out_start()) * b.plan.outputs;
  return in_parallel(batch, threads, [&](std::atomic<std::size_t>& next, int thread) {
    Bench<Real> bench(b.plan, b.bench_of(thread));
    for (std::size_t item; (item = next++) < batch;)
      forward_item<Real>(b.plan, b.parameters, b.film(item), b.rounding(item), dry + item * in, wet + item * out,
                         b.workspace_of(item, thread), bench);
  });
}

/* of_items [batch][parameters]: every item's gradient, summed in their order, so that threads do not change the sum. */
template <class Real>
bool backward(const Batch<Real>& b, const Real* of_wet, Real* of_items, Real* of_parameters, Real* of_gain,
              Real* of_bias, std::size_t batch, int threads) {
  const std::size_t out = (b.plan.end - b.plan.out_start()) * b.plan.outputs;
  const std::size_t size = b.plan.parameters, rows = b.plan.with_film ? b.plan.film_rows : 0;
  const bool done = in_parallel(batch, threads, [&](std::atomic<std::size_t>& next, int thread) {
    Bench<Real> bench(b.plan, b.bench_of(thread));
    for (std::size_t item; (item = next++) < batch;)
      Backward<Real>(b.plan, b.parameters, b.film(item), b.workspace_of(item, thread), of_items + item * size,
                     rows ? of_gain + item * rows : nullptr, rows ? of_bias + item * rows : nullptr,
                     bench)(of_wet + item * out);
  });
  std::fill_n(of_parameters, size, Real(0));
  for (std::size_t item = 0; item < batch; ++item)
    for (std::size_t p = 0; p < size; ++p) of_parameters[p] += of_items[item * size + p];
  return done;
}

}  // namespace core

extern "C" {

/* sizes: workspace of an item, bench of a thread, parameters, film rows, frames out, vector bytes, noise rows; in
 * numbers. */
void core_sizes(const std::int64_t* shape, const double* slopes, std::int64_t frames, int keep, std::int64_t* sizes) {
  const core::Plan plan(shape, slopes, static_cast<std::size_t>(frames), keep != 0);
  sizes[0] = static_cast<std::int64_t>(plan.workspace_rows * plan.stride);
  sizes[1] = static_cast<std::int64_t>(core::Bench<float>::row_count(plan) * plan.stride);
  sizes[2] = static_cast<std::int64_t>(plan.parameters);
  sizes[3] = static_cast<std::int64_t>(plan.film_rows);
  sizes[4] = static_cast<std::int64_t>(plan.end) - static_cast<std::int64_t>(plan.out_start());
  sizes[5] = CORE_VECTOR_BYTES;
  sizes[6] = static_cast<std::int64_t>(plan.noise_rows);
}

#define CORE_FUNCTIONS(Real, kind)                                                                                   \
  int core_forward_##kind(const std::int64_t* shape, const double* slopes, std::int64_t frames, std::int64_t batch,  \
                          int threads, int keep, const Real* parameters, const Real* gain, const Real* bias,         \
                          const Real* dry, Real* wet, Real* workspace, Real* benches, const Real* noise,             \
                          const Real* steps, const std::int64_t* starts) {                                           \
    const core::Plan plan(shape, slopes, static_cast<std::size_t>(frames), keep != 0);                               \
    const core::Rounding<Real> rounding{noise, steps, starts};                                                       \
    return !core::forward<Real>({plan, parameters, gain, bias, workspace, benches, keep != 0, rounding}, dry, wet,   \
                                static_cast<std::size_t>(batch), threads);                                           \
  }                                                                                                                  \
  int core_backward_##kind(const std::int64_t* shape, const double* slopes, std::int64_t frames, std::int64_t batch, \
                           int threads, const Real* parameters, const Real* gain, const Real* bias,                  \
                           const Real* of_wet, Real* workspace, Real* benches, Real* of_items, Real* of_parameters,  \
                           Real* of_gain, Real* of_bias) {                                                           \
    const core::Plan plan(shape, slopes, static_cast<std::size_t>(frames), true);                                    \
    return !core::backward<Real>({plan, parameters, gain, bias, workspace, benches, true}, of_wet, of_items,         \
                                 of_parameters, of_gain, of_bias, static_cast<std::size_t>(batch), threads);         \
  }

CORE_FUNCTIONS(float, f32)
CORE_FUNCTIONS(double, f64)

/* A recurrent layer over rows [count][frames]. shape: gru, inputs, hidden. weights: as struct Recurrent lists them, one
 * after the other, then head bias and skip. knobs [count], or null. */
int core_recurrent(const std::int64_t* shape, const float* weights, const float* audio, const float* knobs, float* wet,
                   std::int64_t count, std::int64_t frames, int threads) {
  core::Recurrent r{};
  r.gru = shape[0] != 0;
  r.inputs = static_cast<int>(shape[1]);
  r.hidden = static_cast<int>(shape[2]);
  const std::size_t hidden = static_cast<std::size_t>(r.hidden), inputs = static_cast<std::size_t>(r.inputs);
  const auto take = [&weights](std::size_t size) { return (weights += size) - size; };
  r.weights = take((hidden + inputs) * static_cast<std::size_t>(r.gate_rows()));
  r.bias = take(static_cast<std::size_t>(r.gate_rows()));
  r.of_input = take(r.gru ? (inputs + 1) * hidden : 0);
  r.head = take(hidden);
  r.first_state = take(2 * hidden);
  r.head_bias = *take(1);
  r.skip = *take(1);
  const std::size_t rows = static_cast<std::size_t>(count), long_ = static_cast<std::size_t>(frames);
  const std::size_t groups = (rows + core::rows_at_once - 1) / core::rows_at_once;
  return !core::in_parallel(groups, threads, [&](std::atomic<std::size_t>& next, int) {
    core::RecurrentBench bench(r);
    for (std::size_t group; (group = next++) < groups;) {
      const std::size_t first = rows * group / groups, last = rows * (group + 1) / groups;
      core::run_recurrent(r, bench, audio + first * long_, knobs ? knobs + first : nullptr, wet + first * long_,
                          last - first, long_, long_);
    }
  });
}
}
