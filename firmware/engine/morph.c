#include "morph.h"

#include <stdbool.h>
#include <string.h>

#include "state.h"

#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
#include <arm_acle.h>
#endif

#define WAY_BITS 8u
#define SUM_BITS 14u /* of a row's weights' sizes: with a bias of BIAS_BITS its sum stays within int32 */
#define BIAS_BITS 30u
#define MOST_DOWN (WAY_BITS + 14u) /* a multiplier of 2^14 */

/* Convolutions count so: an array's rechannelling, its layers' dilated ones and 1x1s by turns, its head. */
typedef struct {
  uint32_t array, layer; /* layer: counted over all arrays; of a layer's parts only */
  enum { RECHANNEL, LAYER_CONV, LAYER_RESIDUAL, HEAD } part;
} place_t;

static uint32_t count_of(const grit_model_t *model) {
  return 2u * (model->header->array_count + model->header->layer_count);
}

static place_t place_of(const grit_model_t *model, uint32_t n) {
  uint32_t array = 0;
  for (; n >= 2u * (model->arrays[array].layer_count + 1u); array++) n -= 2u * (model->arrays[array].layer_count + 1u);
  const grit_array_t *record = &model->arrays[array];
  place_t place = {array, 0, RECHANNEL};
  if (n == 0u) return place;
  place.part = HEAD;
  if (n > 2u * record->layer_count) return place;
  place.layer = record->first_layer + (n - 1u) / 2u;
  place.part = n % 2u == 1u ? LAYER_CONV : LAYER_RESIDUAL;
  return place;
}

static const grit_convolution_t *record_at(const grit_model_t *model, const place_t *place) {
  switch (place->part) {
    case RECHANNEL:
      return &model->arrays[place->array].rechannel;
    case HEAD:
      return &model->arrays[place->array].head;
    case LAYER_CONV:
      return &model->layers[place->layer].conv;
    default:
      return &model->layers[place->layer].residual;
  }
}

static const grit_conv_t *conv_at(const grit_engine_t *engine, const place_t *place) {
  switch (place->part) {
    case RECHANNEL:
      return &engine->arrays[place->array].rechannel;
    case HEAD:
      return &engine->arrays[place->array].head;
    case LAYER_CONV:
      return &engine->layers[place->layer].conv;
    default:
      return &engine->layers[place->layer].residual;
  }
}

/* One row of one of the two, as its file has it. */
typedef struct {
  const int8_t *weight;
  int32_t mixin, multiplier, bias;
  uint32_t sum; /* of its weights' sizes */
} side_t;

static uint32_t fan_in_of(const grit_convolution_t *record) {
  return (uint32_t)record->kernel * record->inputs;
}

static inline uint32_t size_of(int32_t x) {
  return (uint32_t)(x < 0 ? -x : x);
}

static inline uint32_t sizes_of(const int8_t *weight, uint32_t count) {
  uint32_t sum = 0, i = 0;
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
  const uint32_t middle = 0x80808080u; /* four sizes at once: their distance from 128, both moved up by it */
  for (; i + 4u <= count; i += 4u) {
    uint32_t four;
    memcpy(&four, weight + i, sizeof four);
    sum = __usada8(four ^ middle, middle, sum);
  }
#endif
  for (; i < count; i++) sum += size_of(weight[i]);
  return sum;
}

static inline side_t side_of(const uint8_t *blob, const grit_convolution_t *record, uint32_t row) {
  const uint32_t fan_in = fan_in_of(record);
  side_t side = {(const int8_t *)(blob + record->weight) + row * fan_in, 0, 0, 0, 0};
  side.multiplier = ((const int16_t *)(const void *)(blob + record->multiplier))[row];
  side.bias = ((const int32_t *)(const void *)(blob + record->bias))[row];
  if (record->mixin != 0u) side.mixin = ((const int8_t *)(blob + record->mixin))[row];
  side.sum = sizes_of(side.weight, fan_in) + size_of(side.mixin);
  return side;
}

static inline uint32_t bits_beyond(uint64_t x, uint32_t bits) {
  const uint32_t has = x == 0u ? 0u : 64u - (uint32_t)__builtin_clzll(x);
  return has > bits ? has - bits : 0u;
}

/* By how much a row at a way goes down, from products of weights, multipliers and shares of 256ths. */
static inline uint32_t down_of(const side_t *first, const side_t *second, int32_t way) {
  const uint64_t one = (uint64_t)size_of(GRIT_MORPH_ONE - way) * (uint32_t)first->multiplier;
  const uint64_t two = (uint64_t)size_of(way) * (uint32_t)second->multiplier;
  const uint32_t weights = bits_beyond(one * first->sum + two * second->sum, SUM_BITS);
  const uint32_t bias = bits_beyond(one * size_of(first->bias) + two * size_of(second->bias), BIAS_BITS);
  const uint32_t down = grit_larger(weights, bias);
  return grit_larger(down, WAY_BITS);
}

static void mix_row(const grit_conv_t *conv, const uint8_t *other, const grit_convolution_t *record, uint32_t row,
                    int32_t way) {
  int16_t weights[GRIT_MAX_ROW_WEIGHTS];
  const side_t first = side_of(conv->blob, conv->record, row), second = side_of(other, record, row);
  const uint32_t down = down_of(&first, &second, way), fan_in = fan_in_of(record);
  const int32_t one = (GRIT_MORPH_ONE - way) * first.multiplier, two = way * second.multiplier;
  const int32_t half = 1 << (down - 1u);
  for (uint32_t i = 0; i < fan_in; i++)
    weights[i] = (int16_t)((first.weight[i] * one + second.weight[i] * two + half) >> down);
  const int64_t bias = (int64_t)first.bias * one + (int64_t)second.bias * two;
  const grit_row_t to = {weights, (int16_t)((first.mixin * one + second.mixin * two + half) >> down),
                         (int16_t)(1 << (down - WAY_BITS)), (int32_t)((bias + half) >> down)};
  grit_kernel_set_row(conv, row, &to);
}

static bool same_numbers(const grit_model_t *first, uint32_t one, const grit_model_t *second, uint32_t other,
                         uint32_t count) {
  if (one == 0u || other == 0u) return one == other;
  return memcmp(first->blob + one, second->blob + other, count) == 0;
}

static GRIT_ONCE grit_status_t check_rows(const grit_model_t *first, const grit_convolution_t *one,
                                          const grit_model_t *second, const grit_convolution_t *other) {
  if (one->rows != other->rows || one->inputs != other->inputs || one->kernel != other->kernel ||
      one->dilation != other->dilation || one->shift != other->shift || (one->mixin == 0u) != (other->mixin == 0u))
    return GRIT_ERROR_UNSUPPORTED;
  if (one->rows == 0u) return GRIT_OK;
  if (!grit_kernel_takes_rows(one)) return GRIT_ERROR_UNSUPPORTED;
  for (uint32_t row = 0; row < one->rows; row++) {
    const side_t a = side_of(first->blob, one, row), b = side_of(second->blob, other, row);
    /* what goes down is convex in the way: it is most at an end */
    if (down_of(&a, &b, GRIT_MORPH_LEAST) > MOST_DOWN || down_of(&a, &b, GRIT_MORPH_MOST) > MOST_DOWN)
      return GRIT_ERROR_OVERFLOW;
  }
  return GRIT_OK;
}

static GRIT_ONCE bool same_shape(const grit_model_t *first, const grit_model_t *second) {
  const grit_header_t *one = first->header, *other = second->header;
  if (first->film != NULL || second->film != NULL || one->array_count != other->array_count ||
      one->layer_count != other->layer_count || first->output_shift != second->output_shift)
    return false;
  for (uint32_t a = 0; a < one->array_count; a++) {
    const grit_array_t *p = &first->arrays[a], *q = &second->arrays[a];
    if (p->channels != q->channels || p->first_layer != q->first_layer || p->layer_count != q->layer_count ||
        p->skip_shift != q->skip_shift || !same_numbers(first, p->carry_weight, second, q->carry_weight, p->channels))
      return false;
    for (uint32_t i = p->first_layer; i < (uint32_t)p->first_layer + p->layer_count; i++) {
      const grit_layer_t *l = &first->layers[i], *m = &second->layers[i];
      if (l->activation != m->activation || l->gated != m->gated || l->slope_q15 != m->slope_q15 ||
          !same_numbers(first, l->skip_weight, second, m->skip_weight, p->channels) ||
          !same_numbers(first, l->stream_shift, second, m->stream_shift, p->channels))
        return false;
    }
  }
  return !grit_model_reads_three(first) || grit_model_reads_three(second);
}

GRIT_ONCE grit_status_t grit_morph_check(const grit_model_t *first, const grit_model_t *second) {
  if (!same_shape(first, second)) return GRIT_ERROR_UNSUPPORTED;
  grit_status_t status = GRIT_OK;
  for (uint32_t n = 0; status == GRIT_OK && n < count_of(first); n++) {
    const place_t place = place_of(first, n);
    status = check_rows(first, record_at(first, &place), second, record_at(second, &place));
  }
  return status;
}

static int32_t within(int32_t way) {
  return way < GRIT_MORPH_LEAST ? GRIT_MORPH_LEAST : way > GRIT_MORPH_MOST ? GRIT_MORPH_MOST : way;
}

static uint32_t rows_of(const grit_model_t *model) {
  uint32_t rows = 0;
  for (uint32_t n = 0; n < count_of(model); n++) {
    const place_t place = place_of(model, n);
    rows += record_at(model, &place)->rows;
  }
  return rows;
}

/* The next rows, round and round, as long as they have no more weights than that; one at least. */
static GRIT_FAST_CODE void go_on(grit_morph_t *morph, uint32_t most) {
  const grit_engine_t *engine = morph->engine;
  uint32_t taken = 0;
  while (morph->rows_left > 0u) {
    const place_t place = place_of(engine->model, morph->convolution);
    const grit_convolution_t *record = record_at(engine->model, &place);
    if (morph->row >= record->rows) { /* of one that is not there, at once */
      morph->row = 0;
      morph->convolution = morph->convolution + 1u < count_of(engine->model) ? morph->convolution + 1u : 0u;
      continue;
    }
    const grit_convolution_t *other = record_at(morph->second, &place);
    const grit_conv_t *conv = conv_at(engine, &place);
    const uint32_t fan_in = fan_in_of(record);
    for (; morph->row < record->rows && morph->rows_left > 0u; morph->row++, morph->rows_left--) {
      if (taken > 0u && taken + fan_in > most) return;
      taken += fan_in;
      mix_row(conv, morph->second->blob, other, morph->row, morph->way);
    }
  }
}

void grit_morph_open(grit_morph_t *morph, grit_engine_t *engine, const grit_model_t *second, int32_t way) {
  const uint32_t rows = rows_of(engine->model);
  *morph = (grit_morph_t){.engine = engine, .second = second, .way = within(way), .rows = rows, .rows_left = rows};
  grit_morph_place(morph, way);
}

void grit_morph_place(grit_morph_t *morph, int32_t way) {
  morph->convolution = morph->row = 0;
  if (morph->rows_left > 0u || within(way) != morph->way) morph->rows_left = morph->rows;
  morph->way = within(way);
  go_on(morph, UINT32_MAX);
  morph->convolution = morph->row = 0;
}

GRIT_FAST_CODE void grit_morph_step(grit_morph_t *morph, int32_t way) {
  way = within(way);
  if (way != morph->way) morph->rows_left = morph->rows;
  morph->way = way;
  if (morph->rows_left > 0u) go_on(morph, GRIT_MORPH_WEIGHTS);
}
