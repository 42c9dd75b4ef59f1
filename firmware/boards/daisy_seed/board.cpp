/* The Daisy Seed, and the Patch SM: moves data between the codec, stm32duino's USB serial port and the module. */
#include "daisy_vendor.h"

extern "C" {
#include "answers/server.h"
#include "base/generated/real_time.h"
#include "base/grit_model_blob.h"
#include "daisy_analog.h"
#include "daisy_audio.h"
#include "daisy_boot.h"
#include "daisy_clock.h"
#include "daisy_codec.h"
#include "daisy_flash.h"
#include "daisy_memory.h"
#include "daisy_panel.h"
#include "daisy_sdram.h"
#include "daisy_start.h"
#include "fault.h"
#include "placement.h"
}

namespace {

constexpr uint32_t kPieceCycles = DAISY_CLOCK_HZ / (48000u / GRIT_AUDIO_FRAMES);
constexpr uint32_t kSettledMilliseconds = 1000; /* 10 uF at the codec's outputs, by then within 2 mV of silence */

DAISY_DTCM uint8_t fast_arena[GRIT_FAST_STATE_BYTES];
DAISY_AXI_SRAM uint8_t large_arena[GRIT_SLOW_STATE_BYTES];
grit_module_t module;
grit_server_t server;
bool panel_read; /* the converter works */

/* Work is counted without what the audio interrupt takes in between: one place for the main loop, one for interrupts.
 */
uint32_t work_begun[2];
uint32_t interrupted_before[2];
volatile uint32_t interrupted; /* cycles spent in the audio interrupt, for ever */

GRIT_FAST_CODE uint32_t cycles() {
  return DWT->CYCCNT;
}

GRIT_FAST_CODE void work_begin() {
  const unsigned place = __get_IPSR() != 0;
  interrupted_before[place] = interrupted;
  work_begun[place] = cycles();
}

GRIT_FAST_CODE uint32_t work_end() {
  const unsigned place = __get_IPSR() != 0;
  return cycles() - work_begun[place] - (interrupted - interrupted_before[place]);
}

void send(const uint8_t *bytes, size_t count) {
  SerialUSB.write(bytes, count); /* returns when the queue has taken it, or the laptop has not read for a while */
}

void reboot(uint8_t into) {
  if (into == GRIT_LINK_REBOOT_DFU) daisy_start_bootloader();
  cortex_m_reset();
}

grit_fault_record_t fault; /* of the crash before this start */

grit_board_t board = {
    .name = "", /* once it is known */
    .work_per_second = DAISY_CLOCK_HZ,
    .work_unit = GRIT_LINK_WORK_UNIT_CYCLES,
    .meter = {.begin = work_begin, .end = work_end},
    .send = send,
    .turn = nullptr,
    .flash = nullptr, /* once it is started */
    .reboot = reboot,
    .slow = {.at = large_arena, .bytes = sizeof large_arena},
    .stack_low = daisy_stack_low,
    .stack_top = daisy_stack_top,
    .fault = &fault,
    .fault_kept = &cortex_m_fault_kept,
    .first_presets = grit_model_presets,
    .first_presets_model = grit_model_sha256,
};

void count_cycles() {
  CoreDebug->DEMCR |= CoreDebug_DEMCR_TRCENA_Msk;
  DWT->LAR = 0xC5ACCE55u; /* unlocks it */
  DWT->CYCCNT = 0;
  DWT->CTRL |= DWT_CTRL_CYCCNTENA_Msk;
}

GRIT_FAST_CODE void read_panel() {
  if (!panel_read) return;
  uint16_t codes[DAISY_ANALOG_CODES];
  daisy_analog_codes(codes);
  grit_module_panel(&module, codes);
}

uint32_t engine_work; /* of the last piece; 0: no model has played */

GRIT_FAST_CODE void audio_piece(int16_t *const samples[2]) {
  const int16_t *const heard[2] = {samples[0], samples[1]};
  if (grit_module_block_begins(&module)) {
    read_panel();
    bool gate, button;
    daisy_panel_switches(&gate, &button);
    grit_module_switches(&module, gate, button);
  }
  engine_work = grit_module_audio(&module, heard, samples);
}

GRIT_FAST_CODE void audio_done(uint32_t taken) {
  if (engine_work > 0 && taken > kPieceCycles) grit_module_late(&module);
  interrupted = interrupted + taken;
}

constexpr daisy_audio_t kAudio = {audio_piece, audio_done};

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
  taken += grit_server_receive(&server, bytes + taken, count - taken);
}

}  // namespace

void setup() {
  count_cycles();
  fault = grit_fault_take(&cortex_m_fault_kept, daisy_watchdog_bit());
  daisy_memory_start();
  const daisy_revision_t revision = daisy_codec_start();
  board.name = revision.name;
  daisy_panel_start();
  daisy_sdram_start();
  board.flash = daisy_flash_start(); /* its copy lies in the SDRAM */
  grit_module_open(&module, &board, grit_model_blob, grit_model_blob_bytes, fast_arena, sizeof fast_arena);
  grit_server_open(&server, &module);
  SerialUSB.begin();
  panel_read = daisy_analog_start();
  read_panel(); /* so that it starts where the knobs stand */
  daisy_audio_start(&revision, &kAudio);
  daisy_watchdog_start();
}

void loop() {
  serve_link();
  grit_server_idle(&server);
  daisy_panel_watch();
  if (millis() >= kSettledMilliseconds) daisy_panel_unmute();
  grit_led_t leds[GRIT_LED_COUNT];
  grit_module_leds(&module, leds);
  daisy_panel_show(leds);
  if (grit_module_alive(&module)) daisy_watchdog_kick();
}
