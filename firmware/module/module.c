#include "module.h"

#include <string.h>

#include "base/sha256.h"
#include "base/stack_watch.h"

/* Since power-up: after so many a module starts with the factory model, lest a model of the bank crash it for ever. */
#define CRASHES_TOO_MANY 3u
/* A product costs half a cycle at the very least, and where a fourth channel is only padding, half of that. */
#define LEAST_PRODUCTS_OF_WORK 4u
#define REBOOT_AFTER_BLOCKS 100u /* so that the answer gets out */

void grit_module_show(grit_module_t *module) {
  const grit_instrument_t *instrument = grit_playing_instrument(&module->playing);
  const grit_player_model_t *factory = &module->playing.factory;
  const bool good = instrument->status == GRIT_OK && instrument->model.header != NULL;
  const void *blob = good ? (const void *)instrument->model.blob : factory->blob;
  if (blob == module->shown) return;
  module->shown = blob;
  module->model_bytes = good ? instrument->model.header->total_bytes : factory->bytes;
  grit_sha256(blob, module->model_bytes, module->model_sha256);
}

void grit_module_select(grit_module_t *module, uint8_t model, uint8_t bend, uint8_t gate) {
  grit_playing_decided(&module->playing); /* of an older change nobody asks any more */
  grit_playing_request(&module->playing, model, bend, gate);
}

bool grit_module_decided(grit_module_t *module) {
  grit_playing_t *playing = &module->playing;
  if (playing->swap_go) return false; /* the interrupt has not seen it */
  return grit_player_steady(&playing->player) && grit_playing_decided(playing);
}

bool grit_module_selected(const grit_module_t *module) {
  return grit_playing_as_wanted(&module->playing);
}

void grit_module_use_settings(grit_module_t *module) {
  const grit_settings_t *settings = &module->memory.settings;
  for (unsigned i = 0; i < GRIT_PANEL_CV_COUNT; i++) {
    grit_controls_calibrate_cv(&module->controls, i, &settings->cv[i]);
  }
  for (unsigned i = 0; i < GRIT_PANEL_KNOB_COUNT; i++) {
    grit_controls_calibrate_knob(&module->controls, i, &settings->knobs[i]);
  }
}

static uint32_t most_products(const grit_board_t *board) {
  const bool known =
      board->work_unit == GRIT_LINK_WORK_UNIT_CYCLES || board->work_unit == GRIT_LINK_WORK_UNIT_INSTRUCTIONS;
  return known ? board->work_per_second / 48000u * LEAST_PRODUCTS_OF_WORK : 0;
}

void grit_module_open(grit_module_t *module, const grit_board_t *board, const void *blob, size_t blob_bytes,
                      void *arena, size_t arena_bytes) {
  memset(module, 0, sizeof *module);
  module->board = board;
  grit_controls_start(&module->controls);
  const grit_engine_need_t room = {arena_bytes, board->slow.bytes};
  module->state_limit = room.fast + room.slow;
  grit_memory_open(&module->memory, board->flash, &room);
  if (board->first_presets != NULL && module->memory.store.sequence == 0) {
    grit_first_presets(&module->memory.settings, board->first_presets, board->first_presets_model);
  }
  grit_module_use_settings(module);
  const grit_voice_means_t means = {.memory = {{arena, arena_bytes}, board->slow},
                                    .meter = &board->meter,
                                    .budget = board->work_per_second / (48000u / GRIT_LINK_BLOCK_FRAMES),
                                    .most_products = most_products(board)};
  const grit_player_model_t factory = {blob, blob_bytes};
  const bool careful = board->fault != NULL && board->fault->count >= CRASHES_TOO_MANY;
  grit_playing_start(&module->playing, &module->memory, &factory, &means, &module->controls, careful);
  grit_module_show(module);
}

void grit_module_heard_from(grit_module_t *module) {
  module->quiet_blocks = 0;
}

void grit_module_stop_stream(grit_module_t *module) {
  module->stream.running = false;
  grit_playing_take_back(&module->playing, &module->controls);
  module->streaming = false;
}

static void give_up_what_a_laptop_began(grit_module_t *module) {
  if (module->stream.running) grit_module_stop_stream(module);
  module->held_inputs = 0;
  grit_loop_stop(&module->loop);
}

static void play_on(grit_module_t *module) {
  grit_playing_idle(&module->playing, &module->controls);
  if (!module->playing.swap_go) grit_module_show(module);
}

void grit_module_idle(grit_module_t *module) {
  if (module->quiet_blocks > GRIT_LINK_STREAM_TIMEOUT_BLOCKS) give_up_what_a_laptop_began(module);
  if (!module->streaming) play_on(module);
  bool busy = grit_memory_step(&module->memory);
  if (!module->reboot_wanted || module->ticks - module->reboot_tick < REBOOT_AFTER_BLOCKS) return;
  if (busy && module->reboot_into == GRIT_LINK_REBOOT_MODULE) return; /* what is to be kept first */
  module->reboot_wanted = false;
  module->board->reboot(module->reboot_into);
}

GRIT_FAST_CODE bool grit_module_block_begins(const grit_module_t *module) {
  return module->piece == 0;
}

static uint32_t silent_piece(grit_module_t *module, int16_t *const out[2]) {
  module->block_begun = false;
  if (module->piece == 0) module->breathing = false;
  for (unsigned c = 0; c < 2u; c++) memset(out[c], 0, GRIT_AUDIO_FRAMES * sizeof *out[c]);
  return 0;
}

GRIT_FAST_CODE uint32_t grit_module_audio(grit_module_t *module, const int16_t *const in[2], int16_t *const out[2]) {
  const size_t piece = module->piece;
  module->piece = piece == GRIT_AUDIO_PIECES - 1u ? 0u : (uint8_t)(piece + 1u);
  if (piece == 0) {
    module->quiet_blocks = module->quiet_blocks + 1u;
    module->ticks = module->ticks + 1u;
    module->block_begun = true;
    module->block_work = 0;
  }
  if (module->streaming || module->breathing) return silent_piece(module, out);
  if (grit_loop_audio(&module->loop, piece, in, out)) {
    module->block_begun = false;
    return 0;
  }
  if (!module->block_begun) return silent_piece(module, out); /* the instrument begins with a whole block */
  module->board->meter.begin();
  grit_playing_audio(&module->playing, &module->controls, piece, in, out);
  const uint32_t work = module->board->meter.end();
  module->block_work += work;
  if (module->piece == 0) grit_load_add(&module->load, module->block_work);
  return work;
}

GRIT_FAST_CODE void grit_module_panel(grit_module_t *module, const volatile uint16_t codes[GRIT_PANEL_ANALOG_COUNT]) {
  const uint32_t inputs = module->held_inputs;
  const bool first = !module->controls.started;
  if (inputs == 0) {
    grit_controls_update(&module->controls, codes);
    if (first && !module->streaming) grit_playing_stand(&module->playing, &module->controls);
    return;
  }
  uint16_t read[GRIT_PANEL_ANALOG_COUNT];
  for (unsigned i = 0; i < GRIT_PANEL_ANALOG_COUNT; i++) {
    read[i] = (inputs >> i & 1u) != 0 ? module->held_codes[i] : codes[i];
  }
  grit_controls_update(&module->controls, read);
}

GRIT_FAST_CODE void grit_module_switches(grit_module_t *module, bool gate, bool button) {
  grit_playing_switches(&module->playing, &module->controls, gate, button);
}

static grit_module_status_t status_of(const grit_module_t *module) {
  grit_module_status_t status = module->playing.status;
  const grit_fault_record_t *fault = module->board->fault;
  if (module->streaming) status.flags |= GRIT_STATUS_STREAMING;
  if (fault != NULL && fault->kind != GRIT_FAULT_NONE) status.flags |= GRIT_STATUS_FAULT;
  return status;
}

void grit_module_leds(const grit_module_t *module, grit_led_t leds[GRIT_LED_COUNT]) {
  const grit_module_status_t status = status_of(module);
  grit_leds_show(&status, module->ticks, leds);
}

grit_module_status_t grit_module_status(const grit_module_t *module) {
  grit_module_status_t status = status_of(module);
  const grit_board_t *board = module->board;
  if (board->stack_low != NULL) {
    status.stack_bytes = (uint32_t)((uintptr_t)board->stack_top - (uintptr_t)board->stack_low);
    status.stack_used = (uint32_t)grit_stack_used(board->stack_low, board->stack_top);
  }
  return status;
}

bool grit_module_alive(grit_module_t *module) {
  const uint32_t ticks = module->ticks;
  if (ticks == module->alive_tick) return false;
  module->alive_tick = ticks;
  if (module->board->fault_kept != NULL) grit_fault_note(module->board->fault_kept, ticks, ticks);
  return true;
}

void grit_module_late(grit_module_t *module) {
  module->load.xruns++;
  grit_playing_late(&module->playing, module->ticks);
  module->breathing = true;
}
