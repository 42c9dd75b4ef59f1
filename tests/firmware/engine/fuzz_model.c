/* libFuzzer: opening and running a model made of any bytes at all.
 *
 * The first byte says how much help the input gets: without help nearly every input stops at the magic number or the
 * CRC; with it (header words and CRC put right) the fuzzer reaches the record checks, and behind them the engine
 * itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../own_time.h"
#include "engine.h"

#define MAX_STATE (8u << 20) /* larger states are legal, but only slow the fuzzer down */
#define CRC_START 16u
#define FRAMES 100u

static uint32_t crc32_bitwise(const uint8_t *data, size_t bytes) {
  uint32_t crc = 0xFFFFFFFFu;
  for (size_t i = 0; i < bytes; i++) {
    crc ^= data[i];
    for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
  }
  return ~crc;
}

static void put_right(uint8_t *blob, size_t bytes) {
  grit_header_t header;
  if (bytes < sizeof header) return;
  memcpy(&header, blob, sizeof header);
  header.magic = GRIT_MAGIC;
  header.version = GRIT_VERSION;
  header.header_bytes = (uint16_t)sizeof header;
  header.total_bytes = (uint32_t)bytes;
  memcpy(blob, &header, sizeof header);
  header.crc32 = crc32_bitwise(blob + CRC_START, bytes - CRC_START);
  memcpy(blob, &header, sizeof header);
}

static void run(const grit_model_t *model) {
  const size_t bytes = grit_engine_state_bytes(model);
  if (bytes > MAX_STATE) return;
  void *arena = malloc(bytes); /* exactly as much as asked for: one byte beyond is the sanitizer's to find */
  if (arena == NULL) return;
  grit_engine_t *engine = grit_engine_open(model, arena, bytes, NULL);
  if (engine == NULL) abort();
  int16_t audio[FRAMES], position[GRIT_MAX_POSITION];
  for (unsigned i = 0; i < FRAMES; i++) audio[i] = (int16_t)(i % 2u == 0u ? INT16_MAX : INT16_MIN);
  for (unsigned i = 0; i < GRIT_MAX_POSITION; i++) position[i] = (int16_t)(i * 4681u - 32768u);
  grit_engine_process(engine, audio, audio, 50);
  grit_engine_set_position(engine, position);
  grit_engine_process(engine, audio, audio, FRAMES);
  free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  limit_own_time();
  if (size < 1u) return 0;
  const size_t bytes = size - 1u;
  uint8_t *blob = malloc(bytes + 1u); /* malloc aligns to more than the engine asks */
  if (blob == NULL) return 0;
  memcpy(blob, data + 1, bytes);
  if ((data[0] & 1u) == 0u) put_right(blob, bytes);
  grit_model_t model;
  if (grit_model_open(&model, blob, bytes) == GRIT_OK) run(&model);
  free(blob);
  return 0;
}
