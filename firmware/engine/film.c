#include "film.h"

#include "arithmetic.h"
#include "generated/tables.h"
#include "kernels.h"
#include "m7/film_m7.h"
#include "model.h"

#define LOG2_GAIN_LIMIT 8192 /* 2 octaves in Q12 */

#define ROWS_AT_ONCE 4u

#ifdef GRIT_KERNELS_M7
static void dense_rows(const grit_film_layer_t *layer, uint32_t first, uint32_t rows, const int16_t *x, int32_t *out) {
  const uint32_t inputs = layer->inputs;
  const grit_film_m7_rows_t part = {layer->weight + first * inputs,
                                    inputs * (uint32_t)sizeof *x,
                                    layer->bias + first,
                                    layer->shift + first,
                                    out + first,
                                    rows};
  grit_film_m7_rows(&part, x);
}
#endif

/* out = a dense layer of x. On a Cortex-M7 the rows go by fours, where the columns go by eights; the last four may be
 * rows that have been before. */
static void dense(const grit_film_layer_t *layer, const int16_t *x, int32_t *out) {
  const uint32_t inputs = layer->inputs, rows = layer->rows;
#ifdef GRIT_KERNELS_M7
  if (inputs % 8u == 0u && rows >= ROWS_AT_ONCE) {
    dense_rows(layer, 0, rows & ~(ROWS_AT_ONCE - 1u), x, out);
    if (rows % ROWS_AT_ONCE != 0u) dense_rows(layer, rows - ROWS_AT_ONCE, ROWS_AT_ONCE, x, out);
    return;
  }
#endif
  for (uint32_t row = 0; row < rows; row++) {
    int32_t sum = layer->bias[row];
    for (uint32_t i = 0; i < inputs; i++) sum += layer->weight[row * inputs + i] * x[i];
    out[row] = grit_shift_round(sum, layer->shift[row]);
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

GRIT_FAST_CODE void grit_film_evaluate(const grit_film_layers_t *film, const int16_t *position, const int16_t *base,
                                       int16_t *multiplier, int32_t *bias) {
  const uint32_t rows = film->gain.rows;
  int32_t sums[GRIT_MAX_HIDDEN];
  int16_t hidden[GRIT_MAX_HIDDEN];
  dense(&film->hidden, position, sums);
  for (uint32_t i = 0; i < film->hidden.rows; i++) hidden[i] = grit_saturate(sums[i]);
  grit_kernel_tanh(hidden, film->hidden.rows);
  dense(&film->gain, hidden, bias);               /* log2 gains, until the biases come */
  for (uint32_t row = 0; row < rows; row += 2u) { /* by twos, as in dense: each waits in the other's shadow */
    const uint32_t second = row + 1u < rows ? row + 1u : row;
    const int16_t a = scaled_by(base[row], bias[row]), b = scaled_by(base[second], bias[second]);
    multiplier[row] = a;
    multiplier[second] = b;
  }
  dense(&film->bias, hidden, bias);
}
