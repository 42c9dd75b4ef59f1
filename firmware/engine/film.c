#include "film.h"

#include "arithmetic.h"
#include "kernels.h"
#include "tables.h"

#define LOG2_GAIN_LIMIT 8192 /* 2 octaves in Q12 */

static int32_t dense_row(const uint8_t *blob, const grit_dense_t *dense, uint32_t row, const int16_t *x) {
  const int16_t *weight = (const int16_t *)(const void *)(blob + dense->weight) + (size_t)row * dense->inputs;
  int32_t acc = ((const int32_t *)(const void *)(blob + dense->bias))[row];
  for (uint32_t i = 0; i < dense->inputs; i++) acc += weight[i] * x[i];
  return grit_shift_round(acc, (blob + dense->shift)[row]);
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
  int16_t hidden[GRIT_MAX_HIDDEN];
  for (uint32_t i = 0; i < film->hidden.rows; i++)
    hidden[i] = grit_saturate(dense_row(model->blob, &film->hidden, i, position));
  grit_kernel_tanh(hidden, film->hidden.rows);
  for (uint32_t row = 0; row < model->header->film_rows; row++) {
    const int32_t gain = gain_of(dense_row(model->blob, &film->gain, row, hidden));
    const int32_t scaled = (int32_t)(((int64_t)base[row] * gain + (1 << 13)) >> 14);
    multiplier[row] = (int16_t)(scaled > INT16_MAX ? INT16_MAX : scaled);
    bias[row] = dense_row(model->blob, &film->bias, row, hidden);
  }
}
