/* SAI1's two blocks with their FIFOs, and the two ways of the codec: a stereo frame in and out each 48,000th of a
 * second. Audio in: a file of int16 pairs, which the converter gives as 24 bits; out: int32 pairs, its 24 bits. */
#include <string.h>

#include "board.h"

#define SAI1 0x40015800u
#define REQUEST 87u /* of block A; B has the next */
#define FIFO_WORDS 8u

uint64_t audio_frames, audio_underruns;
double audio_started_ms, audio_hz;
static FILE *in, *out;
static double next_frame;
static bool running;
static struct {
  uint32_t words[FIFO_WORDS];
  unsigned count;
} fifo[2];

static uint32_t block(unsigned i) {
  return SAI1 + 4u + 0x20u * i;
}
static bool is_on(unsigned i) {
  return reg(block(i)) >> 16 & 1u;
}
static bool by_dma(unsigned i) {
  return reg(block(i)) >> 17 & 1u;
}
static bool receives(unsigned i) {
  return reg(block(i)) & 1u;
}
static bool is_master(unsigned i) {
  return (reg(block(i)) & 2u) == 0;
}

/* With the threshold at empty the FIFO asks only when it is. */
static void fill(unsigned i) {
  const unsigned most = (reg(block(i) + 4u) & 7u) == 0 ? 2u : FIFO_WORDS;
  while (fifo[i].count < most && dma_ready(REQUEST + i)) fifo[i].words[fifo[i].count++] = dma_item(REQUEST + i, 0);
}

static double frame_ps(void) {
  const uint32_t control = reg(block(is_master(1) ? 1u : 0u));
  const uint32_t divider = control >> 20 & 63u;
  const double per_frame = (control >> 26 & 1u) != 0 ? 512.0 : 256.0;
  audio_hz = pll_out(3, 'P') / (divider == 0 ? 1.0 : divider) / per_frame;
  return 1e12 / audio_hz;
}

uint32_t sai_read(uint32_t address) {
  const uint32_t offset = address - SAI1;
  if (offset != 0x18u && offset != 0x38u) return reg(address);
  const unsigned count = fifo[offset == 0x38u].count;
  return 8u | (count == 0 ? 0u : count < 2u ? 1u : count < 4u ? 2u : count < 6u ? 3u : count < 8u ? 4u : 5u) << 16;
}

void sai_write(uint32_t address, uint32_t value) {
  const uint32_t offset = address - SAI1;
  if (offset == 8u || offset == 0x28u) { /* flush */
    if ((value & 8u) != 0) fifo[offset == 0x28u].count = 0;
    value &= ~8u;
  }
  reg_set(address, value);
  bool clocked = false;
  for (unsigned i = 0; i < 2u; i++) {
    if (!receives(i) && by_dma(i)) fill(i);
    clocked = clocked || (is_on(i) && is_master(i));
  }
  if (clocked && !running) {
    next_frame = (double)now_ps + frame_ps();
    audio_started_ms = now_ms();
    note("SAI1 runs at %.2f Hz; block A %s, block B %s", audio_hz, receives(0) ? "receives" : "sends",
         receives(1) ? "receives" : "sends");
  }
  running = clocked;
  interrupt_emulation();
}

uint64_t audio_at(void) {
  return running ? (uint64_t)next_frame + 1u : NEVER;
}

static void one_frame(void) {
  int16_t heard[2] = {0, 0};
  int32_t played[2] = {0, 0};
  if (in != NULL && fread(heard, sizeof heard[0], 2, in) != 2) heard[0] = heard[1] = 0;
  for (unsigned i = 0; i < 2u; i++) {
    if (!is_on(i) || !by_dma(i)) continue;
    if (receives(i)) {
      for (unsigned c = 0; c < 2u; c++) dma_item(REQUEST + i, (uint32_t)(heard[c] * 256) & 0xFFFFFFu);
      continue;
    }
    if (fifo[i].count < 2u) {
      audio_underruns++;
    } else {
      for (unsigned c = 0; c < 2u; c++) played[c] = (int32_t)(fifo[i].words[c] << 8) >> 8;
      fifo[i].count -= 2u;
      memmove(fifo[i].words, fifo[i].words + 2, fifo[i].count * sizeof(uint32_t));
    }
    fill(i);
  }
  if (out != NULL) fwrite(played, sizeof played[0], 2, out);
  audio_frames++;
}

void audio_tick(void) {
  while (running && (double)now_ps >= next_frame) {
    one_frame();
    next_frame += frame_ps();
  }
}

void sai_reset(void) {
  running = false;
  fifo[0].count = fifo[1].count = 0;
}

bool sai_open(void) {
  if (options.audio_in != NULL && (in = fopen(options.audio_in, "rb")) == NULL) perror(options.audio_in);
  if (options.audio_out != NULL && (out = fopen(options.audio_out, "wb")) == NULL) perror(options.audio_out);
  return (options.audio_in == NULL || in != NULL) && (options.audio_out == NULL || out != NULL);
}

void sai_close(void) {
  if (in != NULL) fclose(in);
  if (out != NULL) fclose(out);
}
