/* The module around its engine, for control_cycles.py: compiled for the Cortex-M7 and traced there. All its memory is
 * the caller's, because only code is loaded. */
#include "module.h"

/* As dear as a large model is, so that the module plays both inputs through one engine. */
static void begin(void) {}
static uint32_t end(void) {
  return 300000;
}
static void send(const uint8_t *bytes, size_t count) {
  (void)bytes;
  (void)count;
}

size_t bench_bytes(void);
const grit_module_status_t *bench_open(uint8_t *memory, const void *blob, size_t blob_bytes, size_t arena_bytes);
void bench_panel(uint8_t *memory, const uint16_t *codes);
void bench_audio(uint8_t *memory, int16_t *samples);

typedef struct {
  grit_board_t board;
  grit_module_t module;
  uint64_t arena[1];
} bench_t;

size_t bench_bytes(void) {
  return sizeof(bench_t);
}

const grit_module_status_t *bench_open(uint8_t *memory, const void *blob, size_t blob_bytes, size_t arena_bytes) {
  bench_t *bench = (bench_t *)(void *)memory;
  bench->board = (grit_board_t){.name = "bench", .work_per_second = 480000000, .meter = {begin, end}, .send = send};
  grit_module_open(&bench->module, &bench->board, blob, blob_bytes, bench->arena, arena_bytes);
  return &bench->module.playing.status;
}

/* What a board's interrupt calls before a block. */
void bench_panel(uint8_t *memory, const uint16_t *codes) {
  bench_t *bench = (bench_t *)(void *)memory;
  grit_module_panel(&bench->module, codes);
  grit_module_switches(&bench->module, false, false);
}

void bench_audio(uint8_t *memory, int16_t *samples) {
  bench_t *bench = (bench_t *)(void *)memory;
  const int16_t *const in[2] = {samples, samples + GRIT_LINK_BLOCK_FRAMES};
  int16_t *const out[2] = {samples, samples + GRIT_LINK_BLOCK_FRAMES};
  grit_module_audio(&bench->module, in, out);
}
