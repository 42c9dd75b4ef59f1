/* Activations of a block of rows, in place, and their slopes, told from the outputs alone. */
#pragma once

#include <type_traits>

#include "plan.h"
#include "vectors.h"

namespace core {

template <class Real, int Kind>
inline Vec<Real> activated(Vec<Real> x, Real slope) {
  if constexpr (Kind == kTanh) return tanh_of<Real>(x);
  if constexpr (Kind == kLeakyRelu) return x > Real(0) ? x : x * slope;
  if constexpr (Kind == kRelu) return x < Real(0) ? Vec<Real>{} : x;
  if constexpr (Kind == kHardtanh) {
    const Vec<Real> one = Vec<Real>{} + Real(1);
    x = x > one ? one : x;
    return x < -one ? -one : x;
  }
}

/* gradient * activation'(x), from y = activation(x). LeakyReLU's slope is at least 0, so that y has the sign of x. */
template <class Real, int Kind>
inline Vec<Real> sloped(Vec<Real> gradient, Vec<Real> y, Real slope) {
  if constexpr (Kind == kTanh) return gradient * (Real(1) - y * y);
  if constexpr (Kind == kLeakyRelu) return y > Real(0) ? gradient : gradient * slope;
  if constexpr (Kind == kRelu) return y > Real(0) ? gradient : Vec<Real>{};
  if constexpr (Kind == kHardtanh) return (y < Real(1)) & (y > Real(-1)) ? gradient : Vec<Real>{};
}

/* A convolution's result, activated, stored, and added to the skips' sum (null: not yet heard). */
template <class Real, int Kind>
struct Activated {
  Real *active, *sum;
  Real slope;
  bool first; /* the sum begins here */
  void operator()(std::size_t place, Vec<Real> value) const {
    const Vec<Real> y = activated<Real, Kind>(value, slope);
    store(active + place, y);
    if (sum) store(sum + place, first ? y : load(sum + place) + y);
  }
};

/* A skip's gradient, made the convolution's. */
template <class Real, int Kind>
struct Sloped {
  const Real* active;
  Real *out, slope;
  void operator()(std::size_t place, Vec<Real> value) const {
    store(out + place, sloped<Real, Kind>(value, load(active + place), slope));
  }
};

/* work(integral constant) for an array's kind of activation. */
template <class Work>
inline void with_kind(int kind, const Work& work) {
  switch (kind) {
    case kTanh:
      return work(std::integral_constant<int, kTanh>{});
    case kLeakyRelu:
      return work(std::integral_constant<int, kLeakyRelu>{});
    case kRelu:
      return work(std::integral_constant<int, kRelu>{});
    default:
      return work(std::integral_constant<int, kHardtanh>{});
  }
}

/* Activations in a pass of their own: tanh, whose constants want the registers, and gates, which need two rows.
 * active: main rows, then gate rows if gated. skip: their product, or active itself. */
template <class Real>
void activate_rows(const ArrayPlan& a, std::size_t stride, Real* active, Real* skip, Real* sum, bool first,
                   std::size_t begin, std::size_t end) {
  const std::size_t gate = a.channels * stride;
  with_kind(a.activation, [&](auto kind) {
    for (int row = 0; row < a.channels; ++row) {
      for (std::size_t t = row * stride + begin; t < row * stride + end; t += lanes<Real>) {
        Vec<Real> y = activated<Real, decltype(kind)::value>(load(active + t), Real(a.slope));
        store(active + t, y);
        if (a.gated) {
          const Vec<Real> share = logistic_of<Real>(load(active + gate + t));
          store(active + gate + t, share);
          store(skip + t, y *= share);
        }
        if (sum) store(sum + t, first ? y : load(sum + t) + y);
      }
    }
  });
}

/* gradient: of the gated skip, in its first rows; becomes that of main and gate rows. skip is made again. */
template <class Real>
void slope_gated_rows(const ArrayPlan& a, std::size_t stride, const Real* active, Real* gradient, Real* skip,
                      std::size_t begin, std::size_t end) {
  const std::size_t gate = a.channels * stride;
  with_kind(a.activation, [&](auto kind) {
    for (int row = 0; row < a.channels; ++row) {
      for (std::size_t t = row * stride + begin; t < row * stride + end; t += lanes<Real>) {
        const Vec<Real> main = load(active + t), share = load(active + gate + t), of_skip = load(gradient + t);
        store(skip + t, main * share);
        store(gradient + gate + t, of_skip * main * share * (Real(1) - share));
        store(gradient + t, sloped<Real, decltype(kind)::value>(of_skip * share, main, Real(a.slope)));
      }
    }
  });
}

}  // namespace core
