/* Activations of a block of rows, in place, and their slopes, told from the outputs alone. */
#pragma once

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

template <class Real>
struct Gate {
  const ArrayPlan& array;
  std::size_t stride;

  /* active: main rows, then gate rows if gated; skip: their product, if gated. */
  void forward(Real* active, Real* skip, std::size_t begin, std::size_t end) const {
    switch (array.activation) {
      case kTanh: return forward_as<kTanh>(active, skip, begin, end);
      case kLeakyRelu: return forward_as<kLeakyRelu>(active, skip, begin, end);
      case kRelu: return forward_as<kRelu>(active, skip, begin, end);
      default: return forward_as<kHardtanh>(active, skip, begin, end);
    }
  }

  /* gradient: of the skip in its first rows; becomes that of the convolution's rows. skip: made again, if gated. */
  void backward(const Real* active, Real* gradient, Real* skip, std::size_t begin, std::size_t end) const {
    switch (array.activation) {
      case kTanh: return backward_as<kTanh>(active, gradient, skip, begin, end);
      case kLeakyRelu: return backward_as<kLeakyRelu>(active, gradient, skip, begin, end);
      case kRelu: return backward_as<kRelu>(active, gradient, skip, begin, end);
      default: return backward_as<kHardtanh>(active, gradient, skip, begin, end);
    }
  }

 private:
  template <int Kind>
  void forward_as(Real* active, Real* skip, std::size_t begin, std::size_t end) const {
    const std::size_t gate = array.channels * stride;
    for (int row = 0; row < array.channels; ++row) {
      for (std::size_t t = row * stride + begin; t < row * stride + end; t += lanes<Real>) {
        const Vec<Real> main = activated<Real, Kind>(load(active + t), Real(array.slope));
        store(active + t, main);
        if (!array.gated) continue;
        const Vec<Real> share = logistic_of<Real>(load(active + gate + t));
        store(active + gate + t, share);
        store(skip + t, main * share);
      }
    }
  }

  template <int Kind>
  void backward_as(const Real* active, Real* gradient, Real* skip, std::size_t begin, std::size_t end) const {
    const std::size_t gate = array.channels * stride;
    for (int row = 0; row < array.channels; ++row) {
      for (std::size_t t = row * stride + begin; t < row * stride + end; t += lanes<Real>) {
        const Vec<Real> main = load(active + t), of_skip = load(gradient + t);
        Vec<Real> of_main = of_skip;
        if (array.gated) {
          const Vec<Real> share = load(active + gate + t);
          store(skip + t, main * share);
          store(gradient + gate + t, of_skip * main * share * (Real(1) - share));
          of_main = of_skip * share;
        }
        store(gradient + t, sloped<Real, Kind>(of_main, main, Real(array.slope)));
      }
    }
  }
};

}  // namespace core
