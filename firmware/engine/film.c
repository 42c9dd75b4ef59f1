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

static inline int32_t dense_row(const int16_t *weight, int32_t bias, uint32_t inputs, uint32_t shift,
                                const int16_t *x) {
  int32_t acc = bias;
  uint32_t i = 0;
  for (; i + 8u <= inputs; i += 8u) {
    acc = pair_product(weight + i, x + i, acc);
    acc = pair_product(weight + i + 2u, x + i + 2u, acc);
    acc = pair_product(weight + i + 4u, x + i + 4u, acc);
    acc = pair_product(weight + i + 6u, x + i + 6u, acc);
  }
  for (; i < inputs; i++) acc += weight[i] * x[i];
  return grit_shift_round(acc, shift);
}

/* A dense layer's numbers, found once. */
typedef struct {
  const int16_t *weight;
  const int32_t *bias;
  const uint8_t *shift;
  uint32_t inputs;
} layer_t;

static layer_t layer_of(const uint8_t *blob, const grit_dense_t *dense) {
  const layer_t layer = {(const int16_t *)(const void *)(blob + dense->weight),
                         (const int32_t *)(const void *)(blob + dense->bias), blob + dense->shift, dense->inputs};
  return layer;
}

static inline int32_t row_of(const layer_t *layer, uint32_t row, const int16_t *x) {
  return dense_row(layer->weight + (size_t)row * layer->inputs, layer->bias[row], layer->inputs, layer->shift[row], x);
}

/* log2 gain in Q12 -> gain in Q14, 4096..65536. */
static int32_t gain_of(int32_t log2_gain) {
  if (log2_gain > LOG2_GAIN_LIMIT) log2_gain = LOG2_GAIN_LIMIT;
  if (log2_gain < -LOG2_GAIN_LIMIT) log2_gain = -LOG2_GAIN_LIMIT;
  const int32_t octave = log2_gain >> 12, fraction = log2_gain & 4095;
  const int32_t entry = fraction >> 6, rest = fraction & 63;
  const int32_t low = (int32_t)grit_exp2_table[entry], high = (int32_t)grit_exp2_table[entry + 1];
  const int32_t mantissa = low + (((high - low) * rest + 32) >> 6);
  return (mantissa << (octave + 2)) >> 3;
}

void grit_film_evaluate(const grit_model_t *model, const int16_t *position, const int16_t *base, int16_t *multiplier,
                        int32_t *bias) {
  const grit_film_t *film = model->film;
  const layer_t first = layer_of(model->blob, &film->hidden), gains = layer_of(model->blob, &film->gain);
  const layer_t biases = layer_of(model->blob, &film->bias);
  const uint32_t rows = model->header->film_rows;
  int16_t hidden[GRIT_MAX_HIDDEN];
  for (uint32_t i = 0; i < film->hidden.rows; i++) hidden[i] = grit_saturate(row_of(&first, i, position));
  grit_kernel_tanh(hidden, film->hidden.rows);
  for (uint32_t row = 0; row < rows; row++) {
    const int32_t gain = gain_of(row_of(&gains, row, hidden));
    const int32_t scaled = (base[row] * gain + (1 << 13)) >> 14; /* 32767 * 65536 + 8192 still fits */
    multiplier[row] = (int16_t)(scaled > INT16_MAX ? INT16_MAX : scaled);
    bias[row] = row_of(&biases, row, hidden);
  }
}
