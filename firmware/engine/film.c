#include "film.h"

#ifdef __ARM_FEATURE_DSP
#include <arm_acle.h>
#endif

#include "arithmetic.h"
#include "kernels.h"
#include "tables.h"

#define LOG2_GAIN_LIMIT 8192 /* 2 octaves in Q12 */

/* Two products a step: the Cortex-M7's SMLAD, where there is one. */
static inline int32_t pair_product(const int16_t *weight, const int16_t *x, int32_t acc) {
#ifdef __ARM_FEATURE_DSP
  int32_t w, y; /* one load each, aligned or not, also where memcpy itself is a call */
  __builtin_memcpy(&w, weight, sizeof w);
  __builtin_memcpy(&y, x, sizeof y);
  return __smlad(w, y, acc);
#else
  return acc + weight[0] * x[0] + weight[1] * x[1];
#endif
}

/* out = a dense layer of x, two rows at a time so that x is loaded once for
 * both; an odd last row is computed twice. Passes over all rows, with little to
 * remember in each, stay in registers. */
static void dense(const uint8_t *blob, const grit_dense_t *layer, const int16_t *x, int32_t *out) {
  const uint32_t inputs = layer->inputs;
  const int16_t *w = (const int16_t *)(const void *)(blob + layer->weight), *v = w + inputs;
  const int32_t *bias = (const int32_t *)(const void *)(blob + layer->bias);
  const uint8_t *shift = blob + layer->shift;
  for (uint32_t row = 0; row < layer->rows; row += 2u, w = v, v += inputs) {
    const uint32_t second = row + 1u < layer->rows ? row + 1u : row;
    if (second == row) v = w;
    int32_t a = bias[row], b = bias[second];
    const int16_t *y = x;
    for (uint32_t n = inputs / 8u; n > 0u; n--, w += 8, v += 8, y += 8) {
      a = pair_product(w, y, a);
      b = pair_product(v, y, b);
      a = pair_product(w + 2, y + 2, a);
      b = pair_product(v + 2, y + 2, b);
      a = pair_product(w + 4, y + 4, a);
      b = pair_product(v + 4, y + 4, b);
      a = pair_product(w + 6, y + 6, a);
      b = pair_product(v + 6, y + 6, b);
    }
    for (uint32_t n = inputs % 8u; n > 0u; n--, w++, v++, y++) {
      a += *w * *y;
      b += *v * *y;
    }
    out[row] = grit_shift_round(a, shift[row]);
    out[second] = grit_shift_round(b, shift[second]);
  }
}

/* log2 gain in Q12 -> gain in Q14, 4096..65536. */
static inline int32_t gain_of(int32_t log2_gain) {
  if (log2_gain > LOG2_GAIN_LIMIT) log2_gain = LOG2_GAIN_LIMIT;
  if (log2_gain < -LOG2_GAIN_LIMIT) log2_gain = -LOG2_GAIN_LIMIT;
  const int32_t octave = log2_gain >> 12, fraction = log2_gain & 4095;
  const int32_t entry = fraction >> 6, rest = fraction & 63;
  const int32_t low = (int32_t)grit_exp2_table[entry], high = (int32_t)grit_exp2_table[entry + 1];
  const int32_t mantissa = low + (((high - low) * rest + 32) >> 6);
  return (mantissa << (octave + 2)) >> 3;
}

static inline int16_t scaled_by(int32_t base, int32_t log2_gain) {
  const int32_t scaled = (base * gain_of(log2_gain) + (1 << 13)) >> 14; /* 32767 * 65536 + 8192 still fits */
  return (int16_t)(scaled > INT16_MAX ? INT16_MAX : scaled);
}

void grit_film_evaluate(const grit_model_t *model, const int16_t *position, const int16_t *base, int16_t *multiplier,
                        int32_t *bias) {
  const grit_film_t *film = model->film;
  const uint32_t rows = model->header->film_rows;
  int32_t sums[GRIT_MAX_HIDDEN];
  int16_t hidden[GRIT_MAX_HIDDEN];
  dense(model->blob, &film->hidden, position, sums);
  for (uint32_t i = 0; i < film->hidden.rows; i++) hidden[i] = grit_saturate(sums[i]);
  grit_kernel_tanh(hidden, film->hidden.rows);
  dense(model->blob, &film->gain, hidden, bias);  /* log2 gains, until the biases come */
  for (uint32_t row = 0; row < rows; row += 2u) { /* by twos, as in dense: each waits in the other's shadow */
    const uint32_t second = row + 1u < rows ? row + 1u : row;
    const int16_t a = scaled_by(base[row], bias[row]), b = scaled_by(base[second], bias[second]);
    multiplier[row] = a;
    multiplier[second] = b;
  }
  dense(model->blob, &film->bias, hidden, bias);
}
