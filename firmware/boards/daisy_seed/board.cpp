/* The Daisy Seed: moves data between DaisyDuino, stm32duino's USB serial port and the module. */
#include "daisy_vendor.h"

extern "C" {
#include "daisy_analog.h"
#include "daisy_clock.h"
#include "daisy_memory.h"
#include "grit_model_blob.h"
#include "module.h"
}

namespace {

constexpr uint32_t kBlockCycles = DAISY_CLOCK_HZ / 1000u;
constexpr size_t kFastArenaBytes = 104u * 1024u;
constexpr size_t kLargeArenaBytes = 384u * 1024u;

DAISY_DTCM uint8_t fast_arena[kFastArenaBytes];
DAISY_AXI_SRAM uint8_t large_arena[kLargeArenaBytes];
grit_module_t module;
bool panel_read; /* the converter works */

/* Work is counted without what the audio interrupt takes in between. */
uint32_t work_begun;
uint32_t interrupted_before;
volatile uint32_t interrupted; /* cycles spent in the audio interrupt, for ever */

uint32_t cycles() {
  return DWT->CYCCNT;
}

void work_begin() {
  interrupted_before = interrupted;
  work_begun = cycles();
}

uint32_t work_end() {
  return cycles() - work_begun - (interrupted - interrupted_before);
}

void send(const uint8_t *bytes, size_t count) {
  SerialUSB.write(bytes, count); /* returns when the queue has taken it, or the laptop has not read for a while */
}

const grit_board_t board = {"daisy_seed",           DAISY_CLOCK_HZ, GRIT_LINK_WORK_UNIT_CYCLES,
                            {work_begin, work_end}, send,           nullptr,
                            nullptr,              nullptr};

void count_cycles() {
  CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
  DWT->LAR = 0xC5ACCE55u; /* unlocks it */
  DWT->CYCCNT = 0;
  DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
}

int16_t to_q15(float sample) {
  float scaled = sample * 32768.0f;
  if (scaled > 32767.0f) scaled = 32767.0f;
  if (scaled < -32768.0f) scaled = -32768.0f;
  return static_cast<int16_t>(lrintf(scaled));
}

/* The right jack is normalled to the left: with one cable both carry the same, with two their mean is played. */
void audio_block(float **in, float **out, size_t frames) {
  static int16_t samples[GRIT_LINK_BLOCK_FRAMES];
  uint32_t begun = cycles();
  if (frames > GRIT_LINK_BLOCK_FRAMES) frames = GRIT_LINK_BLOCK_FRAMES; /* it is what setup has asked for */
  for (size_t i = 0; i < frames; i++) samples[i] = to_q15(0.5f * (in[0][i] + in[1][i]));
  if (panel_read) grit_module_panel(&module, daisy_analog_codes());
  uint32_t work = grit_module_audio(&module, samples, samples);
  for (size_t i = 0; i < frames; i++) out[0][i] = out[1][i] = static_cast<float>(samples[i]) * (1.0f / 32768.0f);
  uint32_t taken = cycles() - begun;
  if (work > 0 && taken > kBlockCycles) grit_module_late(&module);
  interrupted = interrupted + taken;
}

/* The fast memory if the model fits into it, else the large one. */
void open_module() {
  grit_module_open(&module, &board, grit_model_blob, grit_model_blob_bytes, fast_arena, sizeof fast_arena);
  if (module.instrument.status == GRIT_OK && module.instrument.engine == nullptr) {
    grit_module_open(&module, &board, grit_model_blob, grit_model_blob_bytes, large_arena, sizeof large_arena);
  }
}

/* Works on what the link has brought: at most a frame. An answer must find room, unless nobody listens. */
void serve_link() {
  static uint8_t bytes[64];
  static size_t count, taken;
  if (CDC_connected() && SerialUSB.availableForWrite() < static_cast<int>(GRIT_LINK_FRAME_BYTES)) return;
  if (taken == count) {
    int waiting = SerialUSB.available();
    if (waiting <= 0) return;
    count = static_cast<size_t>(waiting) < sizeof bytes ? static_cast<size_t>(waiting) : sizeof bytes;
    count = SerialUSB.readBytes(reinterpret_cast<char *>(bytes), count);
    taken = 0;
  }
  taken += grit_module_receive(&module, bytes + taken, count - taken);
}

}  // namespace

void setup() {
  daisy_fill_itcm();
  count_cycles();
  open_module();
  SerialUSB.begin();
  DAISY.init(DAISY_SEED, AUDIO_SR_48K);
  DAISY.SetAudioBlockSize(GRIT_LINK_BLOCK_FRAMES);
  panel_read = daisy_analog_start();
  DAISY.StartAudio(audio_block);
}

void loop() {
  serve_link();
  grit_module_idle(&module);
}
