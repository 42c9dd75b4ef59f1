/* Vectors of the widest registers the compiler was told of (AVX-512, AVX, else 128 bits), and what networks need of
 * them: unaligned loads, tanh, the logistic function. One source for every processor: the compiler's vector types. */
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__AVX512F__)
#define CORE_VECTOR_BYTES 64
#define CORE_ACCUMULATORS 24 /* of 32 registers; the rest hold audio and a weight */
#elif defined(__AVX__)
#define CORE_VECTOR_BYTES 32
#define CORE_ACCUMULATORS 12 /* of 16 */
#elif defined(__aarch64__)
#define CORE_VECTOR_BYTES 16
#define CORE_ACCUMULATORS 24
#else
#define CORE_VECTOR_BYTES 16
#define CORE_ACCUMULATORS 12
#endif

/* Keeps a vector in a register: compilers like to fold a load into every product that uses it, and loads are what there
 * is too little of. */
#if defined(__AVX512F__)
#define CORE_IN_REGISTER(vector) asm("" : "+v"(vector))
#elif defined(__x86_64__)
#define CORE_IN_REGISTER(vector) asm("" : "+x"(vector))
#elif defined(__aarch64__)
#define CORE_IN_REGISTER(vector) asm("" : "+w"(vector))
#else
#define CORE_IN_REGISTER(vector) static_cast<void>(0)
#endif

namespace core {

template <class Real>
struct Vectors;

template <>
struct Vectors<float> {
  typedef float Type __attribute__((vector_size(CORE_VECTOR_BYTES)));
  typedef float Unaligned __attribute__((vector_size(CORE_VECTOR_BYTES), aligned(4), may_alias));
  typedef std::int32_t Integers __attribute__((vector_size(CORE_VECTOR_BYTES)));
  static constexpr float round_magic = 12582912.0f; /* 1.5 * 2^23: adding it rounds, and leaves the integer below */
  static constexpr std::int32_t exponent_bias = 127;
  static constexpr int mantissa_bits = 23;
  static constexpr int terms = 8;      /* of the series of e^r - 1, |r| <= ln(2)/2: 2e-9 of r is left out */
  static constexpr float limit = 9.5f; /* tanh is 1 beyond, to half a bit */
};

template <>
struct Vectors<double> {
  typedef double Type __attribute__((vector_size(CORE_VECTOR_BYTES)));
  typedef double Unaligned __attribute__((vector_size(CORE_VECTOR_BYTES), aligned(8), may_alias));
  typedef std::int64_t Integers __attribute__((vector_size(CORE_VECTOR_BYTES)));
  static constexpr double round_magic = 6755399441055744.0; /* 1.5 * 2^52 */
  static constexpr std::int64_t exponent_bias = 1023;
  static constexpr int mantissa_bits = 52;
  static constexpr int terms = 14;
  static constexpr double limit = 19.5;
};

template <class Real>
using Vec = typename Vectors<Real>::Type;

template <class Real>
constexpr int lanes = CORE_VECTOR_BYTES / static_cast<int>(sizeof(Real));

template <class Real>
inline Vec<Real> load(const Real* at) {
  return *reinterpret_cast<const typename Vectors<Real>::Unaligned*>(at);
}

template <class Real>
inline void store(Real* at, Vec<Real> value) {
  *reinterpret_cast<typename Vectors<Real>::Unaligned*>(at) = value;
}

/* One number in every lane. Not 0 + x, which compilers must work out, for the sake of -0, on the very ports that
 * multiply: x - 0 is x. */
template <class Real>
inline Vec<Real> splat(Real x) {
  return x - Vec<Real>{};
}

template <class Real>
inline Real sum_of_lanes(Vec<Real> value) {
  Real lane[lanes<Real>];
  store(lane, value);
  for (int half = lanes<Real> / 2; half > 0; half /= 2)
    for (int i = 0; i < half; ++i) lane[i] += lane[half + i];
  return lane[0];
}

/* tanh(x) = e / (e + 2) with e = exp(2x) - 1, kept exact near 0 by never forming exp(2x) there: 2x = n ln 2 + r,
 * e = 2^n (exp(r) - 1) + (2^n - 1). Error below 3e-7 of the result in float, 1e-15 in double. NaN stays NaN. */
template <class Real>
inline Vec<Real> tanh_of(Vec<Real> x) {
  using V = Vectors<Real>;
  using I = typename V::Integers;
  constexpr Real log2_e = Real(1.44269504088896340736);
  constexpr Real ln2_high = Real(0.693145751953125); /* 16 bits: n times it is exact */
  constexpr Real ln2_low = Real(1.42860682030941723212e-6);
  const Vec<Real> top = splat<Real>(V::limit);
  x = x > top ? top : x;
  x = x < -top ? -top : x;
  x += x;
  const Vec<Real> shifted = x * log2_e + V::round_magic;
  const Vec<Real> n = shifted - V::round_magic;
  const Vec<Real> r = (x - n * ln2_high) - n * ln2_low;
  constexpr Real one_over[] = {1,      1. / 2, 1. / 3,  1. / 4,  1. / 5,  1. / 6,  1. / 7,
                               1. / 8, 1. / 9, 1. / 10, 1. / 11, 1. / 12, 1. / 13, 1. / 14};
  Vec<Real> series = Vec<Real>{} + Real(1); /* exp(r) - 1 = r (1 + r/2 (1 + r/3 (...))) */
#pragma GCC unroll 16
  for (int k = V::terms - 1; k >= 1; --k) series = series * (r * one_over[k]) + Real(1);
  const Vec<Real> small = r * series;
  const I exponent = (I)shifted - (I)(Vec<Real>{} + V::round_magic) + V::exponent_bias;
  const Vec<Real> scale = (Vec<Real>)(exponent << V::mantissa_bits);
  const Vec<Real> e = scale * small + (scale - Real(1));
  return e / (e + Real(2));
}

/* 1 / (1 + exp(-x)). */
template <class Real>
inline Vec<Real> logistic_of(Vec<Real> x) {
  return tanh_of<Real>(x * Real(0.5)) * Real(0.5) + Real(0.5);
}

}  // namespace core
