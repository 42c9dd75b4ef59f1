/* The module on this computer, for tests: a board whose link is a callback and whose meter counts calls. */
#include <string.h>

#include "answers/server.h"
#include "base/load.h"
#include "host_flash.h"
#include "panel/controls.h"
#include "sound/glide.h"
#include "wire/link.h"

static grit_fault_record_t fault;

/* For modules opened from here on: how often the board has crashed since power-up. */
void host_board_crashed(uint32_t times);
void host_board_crashed(uint32_t times) {
  fault = (grit_fault_record_t){.kind = times > 0 ? GRIT_FAULT_BUS : GRIT_FAULT_NONE, .count = times};
}

static grit_first_preset_t first_presets[GRIT_PRESET_COUNT + 1u];
static uint8_t first_presets_model[32];

/* For modules opened from here on: the presets that their image brings, as many as come before a negative level. */
void host_board_first_presets(const int16_t *rows, size_t count, const uint8_t *sha256);
void host_board_first_presets(const int16_t *rows, size_t count, const uint8_t *sha256) {
  memcpy(first_presets, rows, count * sizeof *first_presets);
  memcpy(first_presets_model, sha256, sizeof first_presets_model);
}

static uint32_t meter_calls, meter_cost, work_per_second, measured;
static uint8_t work_unit = GRIT_LINK_WORK_UNIT_NONE;
static void meter_begin(void) {
  measured++;
}
/* What the board counts, for modules opened from here on; how many pieces were measured since the last time. */
void host_board_unit(uint8_t unit);
void host_board_unit(uint8_t unit) {
  work_unit = unit;
}
uint32_t host_board_measured(void);
uint32_t host_board_measured(void) {
  const uint32_t count = measured;
  measured = 0;
  return count;
}
static uint32_t meter_costs[8];
static size_t meter_known, meter_told;
static uint32_t meter_end(void) {
  if (meter_told < meter_known) return meter_costs[meter_told++];
  return meter_cost > 0 ? meter_cost : ++meter_calls;
}

/* For modules opened from here on: how fast the board says it is, and what it says every measured piece costs; 0, 0: it
 * does not know, and counts calls. */
void host_board_speed(uint32_t per_second, uint32_t cost);
void host_board_speed(uint32_t per_second, uint32_t cost) {
  work_per_second = per_second;
  meter_cost = cost;
}

/* What the pieces measured next cost, one after the other, before all cost the same. */
void host_board_costs(const uint32_t *costs, size_t count);
void host_board_costs(const uint32_t *costs, size_t count) {
  meter_told = 0;
  meter_known = count < sizeof meter_costs / sizeof *meter_costs ? count : sizeof meter_costs / sizeof *meter_costs;
  memcpy(meter_costs, costs, meter_known * sizeof *costs);
}

static int rebooted = -1;
static void reboot(uint8_t into) {
  rebooted = into;
}

typedef struct {
  grit_board_t board;
  grit_module_t module;
  grit_server_t server;
} host_module_t;

size_t host_module_bytes(void);
void host_module_open(host_module_t *host, void (*send)(const uint8_t *, size_t), const void *blob, size_t blob_bytes,
                      void *arena, size_t arena_bytes, int with_flash);
int host_module_rebooted(void);
int host_module_idle_until_saved(host_module_t *host);
size_t host_module_receive(host_module_t *host, const uint8_t *bytes, size_t count);
size_t host_module_hear(host_module_t *host, const uint8_t *bytes, size_t count);
void host_module_audio(host_module_t *host, const int16_t *in, int16_t *out);
void host_module_stereo(host_module_t *host, const int16_t *in_left, const int16_t *in_right, int16_t *out_left,
                        int16_t *out_right);
void host_module_switches(host_module_t *host, int gate, int button);
void host_module_leds(const host_module_t *host, uint8_t *leds);
void host_module_status(const host_module_t *host, uint32_t *status);
size_t host_module_position(host_module_t *host, int16_t *position);
int host_module_alive(host_module_t *host);
void host_module_late(host_module_t *host);
void host_module_panel(host_module_t *host, const uint16_t *codes);
void host_controls(const uint16_t *codes, size_t blocks, uint16_t *knobs, int32_t *cv_uv, int16_t *played);
void host_module_idle(host_module_t *host);
size_t host_receiver_bytes(void);
void host_receiver_counts(const grit_link_receiver_t *receiver, uint32_t counts[3]);
size_t host_receive(grit_link_receiver_t *receiver, const uint8_t *bytes, size_t count, uint8_t *payloads,
                    size_t *lengths);
void host_glide(const int16_t *targets, size_t blocks, size_t count, int16_t *played);
uint32_t host_percentile(const uint32_t *work, size_t blocks, uint32_t percent);

size_t host_module_bytes(void) {
  return sizeof(host_module_t);
}

void host_module_open(host_module_t *host, void (*send)(const uint8_t *, size_t), const void *blob, size_t blob_bytes,
                      void *arena, size_t arena_bytes, int with_flash) {
  meter_calls = 0;
  rebooted = -1;
  host->board = (grit_board_t){.name = "host",
                               .work_per_second = work_per_second,
                               .work_unit = work_unit,
                               .meter = {.begin = meter_begin, .end = meter_end},
                               .send = send,
                               .flash = with_flash ? &host_flash : NULL,
                               .fault = &fault,
                               .reboot = reboot,
                               .first_presets = first_presets_model[0] ? first_presets : NULL,
                               .first_presets_model = first_presets_model};
  grit_module_open(&host->module, &host->board, blob, blob_bytes, arena, arena_bytes);
  grit_server_open(&host->server, &host->module);
}

size_t host_module_receive(host_module_t *host, const uint8_t *bytes, size_t count) {
  const size_t taken = grit_server_receive(&host->server, bytes, count);
  /* Another model is faded in while blocks go by. */
  for (unsigned i = 0; host->server.select_waits && i < 200u; i++) {
    int16_t silence[GRIT_LINK_BLOCK_FRAMES] = {0};
    host_module_audio(host, silence, silence);
    grit_server_idle(&host->server);
  }
  return taken;
}

/* Without a block of audio in between. */
size_t host_module_hear(host_module_t *host, const uint8_t *bytes, size_t count) {
  return grit_server_receive(&host->server, bytes, count);
}

/* One cable, in the left jacks: the right input is normalled to it. */
void host_module_audio(host_module_t *host, const int16_t *in, int16_t *out) {
  int16_t right[GRIT_LINK_BLOCK_FRAMES];
  host_module_stereo(host, in, in, out, right);
}

void host_module_stereo(host_module_t *host, const int16_t *in_left, const int16_t *in_right, int16_t *out_left,
                        int16_t *out_right) {
  for (size_t at = 0; at < GRIT_LINK_BLOCK_FRAMES; at += GRIT_AUDIO_FRAMES) {
    const int16_t *const in[2] = {in_left + at, in_right + at};
    int16_t *const out[2] = {out_left + at, out_right + at};
    grit_module_audio(&host->module, in, out);
  }
}

void host_module_switches(host_module_t *host, int gate, int button) {
  grit_module_switches(&host->module, gate != 0, button != 0);
}

void host_module_leds(const host_module_t *host, uint8_t *leds) {
  grit_led_t shown[GRIT_LED_COUNT];
  grit_module_leds(&host->module, shown);
  for (unsigned i = 0; i < GRIT_LED_COUNT; i++) {
    leds[2 * i] = shown[i].red;
    leds[2 * i + 1] = shown[i].green;
  }
}

void host_module_status(const host_module_t *host, uint32_t *status) {
  const grit_module_status_t now = grit_module_status(&host->module);
  const uint32_t fields[] = {now.flags,   now.model,    now.wanted,  now.why,   now.preset,
                             now.peak_in, now.peak_out, now.limited, now.delay, now.work};
  memcpy(status, fields, sizeof fields);
}

/* Where the left engine of what is heard heads for. Returns how many numbers. */
size_t host_module_position(host_module_t *host, int16_t *position) {
  const grit_glide_t *glide = &grit_playing_instrument(&host->module.playing)->glide;
  for (size_t i = 0; i < glide->count; i++) position[i] = glide->target[i];
  return glide->count;
}

int host_module_alive(host_module_t *host) {
  return grit_module_alive(&host->module);
}

void host_module_late(host_module_t *host) {
  grit_module_late(&host->module);
}

void host_module_panel(host_module_t *host, const uint16_t *codes) {
  grit_module_panel(&host->module, codes);
}

/* Codes block by block -> what the panel says in each. */
void host_controls(const uint16_t *codes, size_t blocks, uint16_t *knobs, int32_t *cv_uv, int16_t *played) {
  grit_controls_t controls;
  grit_controls_start(&controls);
  for (size_t b = 0; b < blocks; b++) {
    grit_controls_update(&controls, codes + b * GRIT_PANEL_ANALOG_COUNT);
    for (size_t i = 0; i < GRIT_PANEL_KNOB_COUNT; i++) *knobs++ = controls.knobs[i];
    for (size_t i = 0; i < GRIT_PANEL_CV_COUNT; i++) *cv_uv++ = controls.cv_uv[i];
    for (size_t i = 0; i < GRIT_PANEL_PLAYED_COUNT; i++) *played++ = controls.played[i];
  }
}

void host_module_idle(host_module_t *host) {
  grit_server_idle(&host->server);
}

/* -1: no; else what into. */
int host_module_rebooted(void) {
  return rebooted;
}

/* Idles until the flash rests, or for a million turns; false if it does not rest. */
int host_module_idle_until_saved(host_module_t *host) {
  for (unsigned i = 0; i < 1000000u && !host_flash_dead(); i++) {
    grit_server_idle(&host->server);
    grit_bank_at_t at = host->module.memory.bank.at;
    if (grit_memory_saved(&host->module.memory) && (at == GRIT_BANK_AT_REST || at == GRIT_BANK_AT_FILL) &&
        !host_flash.busy()) {
      return 1;
    }
  }
  return 0;
}

size_t host_receiver_bytes(void) {
  return sizeof(grit_link_receiver_t);
}

void host_receiver_counts(const grit_link_receiver_t *receiver, uint32_t counts[3]) {
  counts[0] = receiver->frames_good;
  counts[1] = receiver->crc_errors;
  counts[2] = receiver->frame_errors;
}

/* Puts header and payload of every intact frame behind the last one's; returns how many frames. */
size_t host_receive(grit_link_receiver_t *receiver, const uint8_t *bytes, size_t count, uint8_t *payloads,
                    size_t *lengths) {
  size_t frames = 0;
  grit_link_frame_t frame;
  for (size_t i = 0; i < count; i++) {
    if (!grit_link_receive(receiver, bytes[i], &frame)) continue;
    lengths[frames] = sizeof frame.header + frame.payload_bytes;
    const uint8_t *header = (const uint8_t *)&frame.header;
    for (size_t k = 0; k < sizeof frame.header; k++) *payloads++ = header[k];
    for (size_t k = 0; k < frame.payload_bytes; k++) *payloads++ = frame.payload[k];
    frames++;
  }
  return frames;
}

void host_glide(const int16_t *targets, size_t blocks, size_t count, int16_t *played) {
  grit_glide_t glide;
  grit_glide_start(&glide, targets, count);
  for (size_t b = 0; b < blocks; b++) {
    grit_glide_head_for(&glide, targets + b * count);
    grit_glide_step(&glide);
    for (size_t i = 0; i < count; i++) played[b * count + i] = glide.current[i];
  }
}

uint32_t host_percentile(const uint32_t *work, size_t blocks, uint32_t percent) {
  static grit_load_t load;
  load = (grit_load_t){0};
  for (size_t b = 0; b < blocks; b++) grit_load_add(&load, work[b]);
  return grit_load_percentile(&load, percent);
}
