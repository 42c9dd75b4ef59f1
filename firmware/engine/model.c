#include "model.h"

#include <stdbool.h>
#include <string.h>

/* Largest state a model may ask for: far beyond any module's memory, far below where sizes could wrap. */
#define MAX_HISTORY_SAMPLES (1u << 26)
#define CRC_START 16u

const char *grit_status_text(grit_status_t status) {
  switch (status) {
    case GRIT_OK:
      return "ok";
    case GRIT_ERROR_ALIGNMENT:
      return "the model does not start on a 4-byte boundary";
    case GRIT_ERROR_TOO_SHORT:
      return "the model is cut short";
    case GRIT_ERROR_MAGIC:
      return "not a .grit model";
    case GRIT_ERROR_VERSION:
      return "a .grit of another version";
    case GRIT_ERROR_CRC:
      return "the model has been altered (CRC)";
    case GRIT_ERROR_LAYOUT:
      return "the model's records do not fit together";
    case GRIT_ERROR_UNSUPPORTED:
      return "the model needs what this engine does not have";
    case GRIT_ERROR_OVERFLOW:
      return "the model's weights could overflow an accumulator";
  }
  return "unknown status";
}

/* CRC-32 as in zlib, four bits at a time: small, and fast enough for a once-per-model check. */
static uint32_t crc32_of(const uint8_t *data, size_t bytes) {
  static const uint32_t nibbles[16] = {0x00000000u, 0x1DB71064u, 0x3B6E20C8u, 0x26D930ACu, 0x76DC4190u, 0x6B6B51F4u,
                                       0x4DB26158u, 0x5005713Cu, 0xEDB88320u, 0xF00F9344u, 0xD6D6A3E8u, 0xCB61B38Cu,
                                       0x9B64C2B0u, 0x86D3D2D4u, 0xA00AE278u, 0xBDBDF21Cu};
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < bytes; i++) {
    crc ^= data[i];
    crc = (crc >> 4) ^ nibbles[crc & 15u];
    crc = (crc >> 4) ^ nibbles[crc & 15u];
  }
  return ~crc;
}

/* `count` items of `size` bytes at `offset` lie inside the blob, aligned, behind the header. */
static bool inside(const grit_header_t *header, uint32_t offset, uint64_t count, uint64_t size) {
  return offset % 4u == 0u && offset >= sizeof(grit_header_t) && (uint64_t)offset + count * size <= header->total_bytes;
}

static uint64_t magnitude(int64_t x) {
  return (uint64_t)(x < 0 ? -x : x);
}

/* Checks one convolution's shape, numbers and accumulator. film_bias: largest |bias| per row, or NULL for its own. */
static GRIT_ONCE grit_status_t check_convolution(const grit_header_t *header, const grit_convolution_t *conv,
                                                 uint32_t rows, uint32_t inputs, const uint32_t *film_bias) {
  const uint8_t *blob = (const uint8_t *)header;
  if (conv->rows != rows || conv->inputs != inputs) return GRIT_ERROR_LAYOUT;
  if (conv->kernel == 0u || conv->dilation == 0u) return GRIT_ERROR_LAYOUT;
  if (conv->kernel > GRIT_MAX_KERNEL || conv->dilation > GRIT_MAX_DILATION) return GRIT_ERROR_UNSUPPORTED;
  if (conv->shift < GRIT_MIN_SHIFT || conv->shift > GRIT_MAX_SHIFT) return GRIT_ERROR_UNSUPPORTED;
  const uint32_t fan_in = (uint32_t)conv->kernel * inputs;
  if (!inside(header, conv->weight, (uint64_t)rows * fan_in, 1u) || !inside(header, conv->bias, rows, 4u) ||
      !inside(header, conv->multiplier, rows, 2u))
    return GRIT_ERROR_LAYOUT;
  if (conv->mixin != 0u && !inside(header, conv->mixin, rows, 1u)) return GRIT_ERROR_LAYOUT;
  const int8_t *weight = (const int8_t *)(blob + conv->weight);
  const int8_t *mixin = (const int8_t *)(blob + conv->mixin);
  const int32_t *bias = (const int32_t *)(const void *)(blob + conv->bias);
  const int16_t *multiplier = (const int16_t *)(const void *)(blob + conv->multiplier);
  for (uint32_t row = 0; row < rows; row++) {
    uint64_t reach = 0;
    for (uint32_t i = 0; i < fan_in; i++) reach += magnitude(weight[row * fan_in + i]);
    if (conv->mixin != 0u) reach += magnitude(mixin[row]);
    reach = reach * 32768u + (film_bias != NULL ? film_bias[row] : magnitude(bias[row]));
    if (reach >= 0x80000000u) return GRIT_ERROR_OVERFLOW;
    if (multiplier[row] < 0) return GRIT_ERROR_UNSUPPORTED;
  }
  return GRIT_OK;
}

static GRIT_ONCE grit_status_t check_dense(const grit_header_t *header, const grit_dense_t *dense, uint32_t rows,
                                           uint32_t inputs) {
  const uint8_t *blob = (const uint8_t *)header;
  if (dense->rows != rows || dense->inputs != inputs) return GRIT_ERROR_LAYOUT;
  if (!inside(header, dense->weight, (uint64_t)rows * inputs, 2u) || !inside(header, dense->bias, rows, 4u) ||
      !inside(header, dense->shift, rows, 1u))
    return GRIT_ERROR_LAYOUT;
  const int16_t *weight = (const int16_t *)(const void *)(blob + dense->weight);
  const int32_t *bias = (const int32_t *)(const void *)(blob + dense->bias);
  const uint8_t *shift = blob + dense->shift;
  for (uint32_t row = 0; row < rows; row++) {
    uint64_t reach = 0;
    for (uint32_t i = 0; i < inputs; i++) reach += magnitude(weight[row * inputs + i]);
    if (shift[row] > 30u) return GRIT_ERROR_UNSUPPORTED;
    /* grit_shift_round adds one to what is left before the last shift: only a shift of one leaves no room for it. */
    reach = reach * 32768u + magnitude(bias[row]);
    if (reach + (shift[row] == 1u) >= 0x80000000u) return GRIT_ERROR_OVERFLOW;
  }
  return GRIT_OK;
}

static GRIT_ONCE grit_status_t check_weights(const grit_header_t *header, uint32_t offset, uint32_t count, int lowest,
                                             int highest) {
  if (!inside(header, offset, count, 1u)) return GRIT_ERROR_LAYOUT;
  const int8_t *weight = (const int8_t *)((const uint8_t *)header + offset);
  for (uint32_t i = 0; i < count; i++)
    if (weight[i] < lowest || weight[i] > highest) return GRIT_ERROR_UNSUPPORTED;
  return GRIT_OK;
}

/* Largest |bias| that any position can give one film row. */
static uint32_t film_bias_of(const grit_header_t *header, const grit_dense_t *dense, uint32_t row) {
  const uint8_t *blob = (const uint8_t *)header;
  const int16_t *weight = (const int16_t *)(const void *)(blob + dense->weight) + (size_t)row * dense->inputs;
  const int32_t *bias = (const int32_t *)(const void *)(blob + dense->bias);
  uint64_t reach = magnitude(bias[row]);
  for (uint32_t i = 0; i < dense->inputs; i++) reach += magnitude(weight[i]) * 32768u;
  return (uint32_t)(reach >> (blob + dense->shift)[row]) + 1u;
}

static GRIT_ONCE grit_status_t check_film(const grit_model_t *model) {
  const grit_header_t *header = model->header;
  if (header->position_count == 0u || header->position_count > GRIT_MAX_POSITION) return GRIT_ERROR_UNSUPPORTED;
  const uint32_t hidden = model->film->hidden.rows;
  if (hidden == 0u || hidden > GRIT_MAX_HIDDEN) return GRIT_ERROR_UNSUPPORTED;
  grit_status_t status = check_dense(header, &model->film->hidden, hidden, header->position_count);
  if (status == GRIT_OK) status = check_dense(header, &model->film->gain, header->film_rows, hidden);
  if (status == GRIT_OK) status = check_dense(header, &model->film->bias, header->film_rows, hidden);
  return status;
}

/* A convolution whose bias the position gives: `row` is its first film row. */
static GRIT_ONCE grit_status_t check_film_convolution(const grit_model_t *model, const grit_convolution_t *conv,
                                                      uint32_t rows, uint32_t inputs, uint32_t row) {
  if (model->film == NULL) return check_convolution(model->header, conv, rows, inputs, NULL);
  uint32_t bias[2u * GRIT_MAX_CHANNELS];
  for (uint32_t i = 0; i < rows; i++) bias[i] = film_bias_of(model->header, &model->film->bias, row + i);
  return check_convolution(model->header, conv, rows, inputs, bias);
}

static GRIT_ONCE grit_status_t check_layer(const grit_model_t *model, const grit_layer_t *layer, uint32_t channels,
                                           bool final, uint32_t *film_row) {
  if (layer->activation >= GRIT_ACTIVATION_COUNT || layer->gated > 1u || layer->slope_q15 < 0)
    return GRIT_ERROR_UNSUPPORTED;
  const uint32_t rows = channels * (layer->gated ? 2u : 1u);
  if (*film_row + rows > model->header->film_rows) return GRIT_ERROR_LAYOUT;
  grit_status_t status = check_film_convolution(model, &layer->conv, rows, channels, *film_row);
  if (status != GRIT_OK) return status;
  *film_row += rows;
  if (!(final && layer->residual.rows == 0u)) {
    status = check_convolution(model->header, &layer->residual, channels, channels, NULL);
    if (status != GRIT_OK) return status;
    if (layer->residual.kernel != 1u || layer->residual.mixin != 0u) return GRIT_ERROR_UNSUPPORTED;
  }
  if (layer->stream_shift != 0u) {
    status = check_weights(model->header, layer->stream_shift, channels, 0, 15);
    if (status != GRIT_OK) return status;
  }
  return check_weights(model->header, layer->skip_weight, channels, 1, 64);
}

static GRIT_ONCE grit_status_t check_array(const grit_model_t *model, uint32_t index, uint32_t *next_layer,
                                           uint32_t *film_row, uint64_t *history) {
  const grit_header_t *header = model->header;
  const grit_array_t *array = &model->arrays[index];
  const bool last = index + 1u == header->array_count;
  const uint32_t inputs = index == 0u ? 1u : model->arrays[index - 1u].channels;
  const uint32_t channels = array->channels;
  if (channels < 2u || channels > GRIT_MAX_CHANNELS || channels % 2u != 0u) return GRIT_ERROR_UNSUPPORTED;
  if (array->layer_count == 0u || array->first_layer != *next_layer) return GRIT_ERROR_LAYOUT;
  if (*next_layer + array->layer_count > header->layer_count) return GRIT_ERROR_LAYOUT;
  if (array->skip_shift > GRIT_MAX_SKIP_SHIFT) return GRIT_ERROR_UNSUPPORTED;
  if ((index == 0u) != (array->carry_weight == 0u)) return GRIT_ERROR_LAYOUT;
  grit_status_t status = index == 0u ? GRIT_OK : check_weights(header, array->carry_weight, channels, 0, 64);
  if (status == GRIT_OK) status = check_convolution(header, &array->rechannel, channels, inputs, NULL);
  if (status != GRIT_OK) return status;
  if (array->rechannel.kernel != 1u || array->rechannel.mixin != 0u) return GRIT_ERROR_UNSUPPORTED;
  for (uint32_t i = 0; i < array->layer_count; i++) {
    const grit_layer_t *layer = &model->layers[*next_layer];
    status = check_layer(model, layer, channels, last && i + 1u == array->layer_count, film_row);
    if (status != GRIT_OK) return status;
    *history += (uint64_t)(layer->conv.kernel - 1u) * layer->conv.dilation * channels;
    *next_layer += 1u;
  }
  *history += (uint64_t)(array->head.kernel - 1u) * array->head.dilation * channels;
  if (array->head.mixin != 0u) return GRIT_ERROR_UNSUPPORTED;
  if (!last) return check_convolution(header, &array->head, model->arrays[index + 1u].channels, channels, NULL);
  if (*film_row + 1u != header->film_rows) return GRIT_ERROR_LAYOUT;
  return check_film_convolution(model, &array->head, 1u, channels, *film_row);
}

static uint64_t products_of(const grit_convolution_t *conv) {
  return (uint64_t)conv->rows * ((uint64_t)conv->kernel * conv->inputs + (conv->mixin != 0u));
}

GRIT_ONCE uint64_t grit_model_products(const grit_model_t *model) {
  uint64_t products = 0;
  for (uint32_t a = 0; a < model->header->array_count; a++)
    products += products_of(&model->arrays[a].rechannel) + products_of(&model->arrays[a].head);
  for (uint32_t i = 0; i < model->header->layer_count; i++)
    products += products_of(&model->layers[i].conv) + products_of(&model->layers[i].residual);
  return products;
}

GRIT_ONCE grit_status_t grit_model_open(grit_model_t *model, const void *blob, size_t bytes) {
  memset(model, 0, sizeof *model);
  if ((uintptr_t)blob % 4u != 0u) return GRIT_ERROR_ALIGNMENT;
  if (bytes < sizeof(grit_header_t)) return GRIT_ERROR_TOO_SHORT;
  const uint8_t *base = blob;
  const grit_header_t *header = blob;
  if (header->magic != GRIT_MAGIC) return GRIT_ERROR_MAGIC;
  if (header->version != GRIT_VERSION || header->header_bytes != sizeof(grit_header_t)) return GRIT_ERROR_VERSION;
  if (header->total_bytes > bytes || header->total_bytes < sizeof(grit_header_t)) return GRIT_ERROR_TOO_SHORT;
  if (crc32_of(base + CRC_START, header->total_bytes - CRC_START) != header->crc32) return GRIT_ERROR_CRC;
  if (header->name[sizeof header->name - 1u] != 0u || header->output_shift > 15u) return GRIT_ERROR_UNSUPPORTED;
  if (header->array_count == 0u || header->array_count > GRIT_MAX_ARRAYS || header->layer_count == 0u ||
      header->layer_count > GRIT_MAX_LAYERS)
    return GRIT_ERROR_UNSUPPORTED;
  if (!inside(header, header->arrays, header->array_count, sizeof(grit_array_t)) ||
      !inside(header, header->layers, header->layer_count, sizeof(grit_layer_t)) ||
      !inside(header, header->metadata, header->metadata_bytes, 1u))
    return GRIT_ERROR_LAYOUT;
  if ((header->film == 0u) != (header->position_count == 0u)) return GRIT_ERROR_LAYOUT;
  if (header->film != 0u && !inside(header, header->film, 1u, sizeof(grit_film_t))) return GRIT_ERROR_LAYOUT;

  model->blob = base;
  model->header = header;
  model->arrays = (const grit_array_t *)(const void *)(base + header->arrays);
  model->layers = (const grit_layer_t *)(const void *)(base + header->layers);
  model->film = header->film == 0u ? NULL : (const grit_film_t *)(const void *)(base + header->film);
  model->name = (const char *)header->name;
  model->position_count = header->position_count;
  model->output_shift = header->output_shift;

  /* No weight may serve two layers: so the file's size bounds how long this check takes, and what the model costs. */
  if (grit_model_products(model) > header->total_bytes) return GRIT_ERROR_LAYOUT;
  grit_status_t status = model->film == NULL ? GRIT_OK : check_film(model);
  uint32_t next_layer = 0, film_row = 0;
  uint64_t history = 0;
  for (uint32_t a = 0; status == GRIT_OK && a < header->array_count; a++)
    status = check_array(model, a, &next_layer, &film_row, &history);
  if (status == GRIT_OK && next_layer != header->layer_count) status = GRIT_ERROR_LAYOUT;
  if (status == GRIT_OK && history > MAX_HISTORY_SAMPLES) status = GRIT_ERROR_UNSUPPORTED;
  return status;
}

/* Weights [rows][kernel][4] of whose first `rows` rows none is for the fourth channel. */
static bool reads_three(const grit_model_t *model, const grit_convolution_t *conv, uint32_t rows) {
  const int8_t *weight = (const int8_t *)(model->blob + conv->weight);
  for (uint32_t i = 3; i < rows * conv->kernel * 4u; i += 4u)
    if (weight[i] != 0) return false;
  return conv->shift <= 32u;
}

GRIT_ONCE bool grit_model_reads_three(const grit_model_t *model) {
  const grit_array_t *array = &model->arrays[0];
  if (model->header->array_count != 1u || array->channels != 4u || array->rechannel.shift > 32u) return false;
  for (uint32_t i = 0; i < array->layer_count; i++) {
    const grit_layer_t *layer = &model->layers[i];
    if (layer->activation != GRIT_ACTIVATION_LEAKY_RELU || layer->gated || !reads_three(model, &layer->conv, 3))
      return false;
    if (layer->residual.rows != 0u && !reads_three(model, &layer->residual, 3)) return false;
  }
  return reads_three(model, &array->head, 1);
}
