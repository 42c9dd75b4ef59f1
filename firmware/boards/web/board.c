/* The browser as a board: moves data between a page and the module. Its audio converter is the page's AudioWorklet, its
 * panel and its link are the page's too. One module a WebAssembly instance. */
#include <string.h>

#include "answers/server.h"
#include "exports.h"
#include "flash.h"

/* An engine's state takes more here than on a Cortex-M7: weights are widened, and addresses stand beside them. */
#define ARENA_BYTES (2u << 20)
#define SLOW_BYTES (8u << 20)

static _Alignas(16) uint8_t arena[ARENA_BYTES], slow[SLOW_BYTES];
static uint16_t codes[GRIT_PANEL_ANALOG_COUNT]; /* what the panel's converter reads */
static bool gate, button;
static int16_t heard[2][GRIT_AUDIO_FRAMES], played[2][GRIT_AUDIO_FRAMES];
static uint8_t received[4096];
static uint8_t leds[GRIT_LED_COUNT][2];
static int32_t status_words[10];
static uint32_t began;

static void meter_begin(void) {
  began = web_clock();
}

static uint32_t meter_end(void) {
  return web_clock() - began;
}

static void turn(const uint8_t *to) {
  memcpy(codes, to, sizeof codes);
}

static void reboot(uint8_t into) {
  web_reboot(into);
}

/* No speed is named: a browser's clock is too coarse to judge a model by. The page watches the load. */
static grit_board_t board = {
    .name = "web",
    .work_unit = GRIT_LINK_WORK_UNIT_NONE,
    .meter = {.begin = meter_begin, .end = meter_end},
    .send = web_send,
    .turn = turn,
    .flash = &web_flash,
    .reboot = reboot,
    .slow = {slow, sizeof slow},
};

static grit_module_t module;
static grit_server_t server;

WEB_EXPORT(void, start)(void) {
  web_flash_start();
}

/* What the next modules to open begin with, as an image brings it: `rows`, which must stay, and the SHA-256 of the
 * model that they are made for; NULL: nothing. */
WEB_EXPORT(void, first_presets)(const grit_first_preset_t *rows, const uint8_t *sha256) {
  board.first_presets = rows;
  board.first_presets_model = sha256;
}

/* Powers up with a factory model, which must stay; whatever flash_memory holds was there before. */
WEB_EXPORT(void, open)(const void *blob, size_t bytes) {
  grit_module_open(&module, &board, blob, bytes, arena, sizeof arena);
  grit_server_open(&server, &module);
}

/* Where a block's samples stand, left and right behind each other, in and out; the panel's codes; the link's bytes to
 * the module, at most link_bytes of them. */
WEB_EXPORT(int16_t *, audio_in)(void) {
  return heard[0];
}

WEB_EXPORT(int16_t *, audio_out)(void) {
  return played[0];
}

WEB_EXPORT(uint16_t *, panel_codes)(void) {
  return codes;
}

WEB_EXPORT(uint8_t *, link_in)(void) {
  return received;
}

WEB_EXPORT(size_t, link_bytes)(void) {
  return sizeof received;
}

WEB_EXPORT(void, switches)(uint32_t gate_high, uint32_t button_down) {
  gate = gate_high != 0;
  button = button_down != 0;
}

/* One block: panel and switches are read, then the audio interrupt's work. */
WEB_EXPORT(void, audio)(void) {
  const int16_t *const in[2] = {heard[0], heard[1]};
  int16_t *const out[2] = {played[0], played[1]};
  grit_module_panel(&module, codes);
  grit_module_switches(&module, gate, button);
  grit_module_audio(&module, in, out);
}

/* The main loop's work: up to `count` bytes of link_in, at most one frame. Returns how many were taken. */
WEB_EXPORT(size_t, receive)(const uint8_t *bytes, size_t count) {
  return grit_server_receive(&server, bytes, count);
}

WEB_EXPORT(void, idle)(void) {
  grit_server_idle(&server);
}

/* Left red, left green, right red, right green: 255 is fully on. */
WEB_EXPORT(const uint8_t *, leds)(void) {
  grit_led_t shown[GRIT_LED_COUNT];
  grit_module_leds(&module, shown);
  for (unsigned i = 0; i < GRIT_LED_COUNT; i++) {
    leds[i][0] = shown[i].red;
    leds[i][1] = shown[i].green;
  }
  return leds[0];
}

/* flags, model, wanted, why, preset, peak in, peak out, limited, delay, position numbers. */
WEB_EXPORT(const int32_t *, status)(void) {
  const grit_module_status_t now = grit_module_status(&module);
  const grit_instrument_t *instrument = grit_playing_instrument(&module.playing);
  const int32_t words[10] = {(int32_t)now.flags,    (int32_t)now.model,
                             (int32_t)now.wanted,   (int32_t)now.why,
                             (int32_t)now.preset,   (int32_t)now.peak_in,
                             (int32_t)now.peak_out, (int32_t)now.limited,
                             (int32_t)now.delay,    (int32_t)instrument->glide.count};
  memcpy(status_words, words, sizeof words);
  return status_words;
}

/* Where the sound is in the space now: as many numbers as status says. */
WEB_EXPORT(const int16_t *, position)(void) {
  return grit_playing_instrument(&module.playing)->glide.current;
}
