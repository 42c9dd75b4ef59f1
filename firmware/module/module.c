#include "module.h"

#include <string.h>

#include "answers/answers.h"
#include "base/sha256.h"
#include "base/stack_watch.h"

/* Since power-up: after so many a module starts with the factory model, lest a model of the bank crash it for ever. */
#define CRASHES_TOO_MANY 3u
#define REBOOT_AFTER_BLOCKS 100u /* so that the answer gets out */

/* What is known of the model that plays, when it is another one. */
static void show_model(grit_module_t *module) {
  const grit_instrument_t *instrument = grit_playing_instrument(&module->playing);
  const grit_player_model_t *factory = &module->playing.factory;
  const bool good = instrument->status == GRIT_OK && instrument->model.header != NULL;
  const void *blob = good ? (const void *)instrument->model.blob : factory->blob;
  if (blob == module->shown) return;
  module->shown = blob;
  module->model_bytes = good ? instrument->model.header->total_bytes : factory->bytes;
  grit_sha256(blob, module->model_bytes, module->model_sha256);
}

void grit_module_select(grit_module_t *module, const grit_link_header_t *request, uint8_t model) {
  grit_playing_decided(&module->playing); /* of an older change nobody asks any more */
  grit_playing_wish(&module->playing, model);
  module->selecting = *request;
  module->select_waits = true;
}

/* Another model may play now: shows it, and answers who waits for it. */
static void show_change(grit_module_t *module) {
  grit_playing_t *playing = &module->playing;
  show_model(module);
  if (!module->select_waits || !grit_player_steady(&playing->player) || !grit_playing_decided(playing)) return;
  module->select_waits = false;
  grit_answer_selected(module, &module->selecting, playing->status.model == playing->status.wanted);
}

static void play_on(grit_module_t *module) {
  grit_playing_idle(&module->playing, &module->controls);
  if (module->playing.swap_go) return; /* the interrupt has not seen it */
  show_change(module);
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

void grit_module_open(grit_module_t *module, const grit_board_t *board, const void *blob, size_t blob_bytes,
                      void *arena, size_t arena_bytes) {
  memset(module, 0, sizeof *module);
  module->board = board;
  grit_controls_start(&module->controls);
  module->state_limit = arena_bytes > board->slow.bytes ? arena_bytes : board->slow.bytes;
  grit_memory_open(&module->memory, board->flash, module->state_limit);
  grit_module_use_settings(module);
  const grit_voice_means_t means = {.regions = {{arena, arena_bytes}, board->slow},
                                    .meter = &board->meter,
                                    .budget = board->work_per_second / (48000u / GRIT_LINK_BLOCK_FRAMES)};
  const grit_player_model_t factory = {blob, blob_bytes};
  const bool careful = board->fault != NULL && board->fault->count >= CRASHES_TOO_MANY;
  grit_playing_start(&module->playing, &module->memory, &factory, &means, careful);
  show_model(module);
}

void grit_answer(grit_module_t *module, const grit_link_header_t *to, uint8_t message, const void *fixed,
                 size_t fixed_bytes, const void *tail, size_t tail_bytes) {
  uint8_t out[GRIT_LINK_FRAME_BYTES];
  grit_link_header_t header = {.message = message, .version = GRIT_LINK_VERSION, .sequence = to->sequence};
  module->board->send(out, grit_link_encode(&header, fixed, fixed_bytes, tail, tail_bytes, out));
}

void grit_answer_copy_text(char *to, size_t size, const char *from) {
  memset(to, 0, size);
  for (size_t i = 0; i + 1 < size && from[i] != 0; i++) to[i] = from[i];
}

void grit_answer_error(grit_module_t *module, const grit_link_header_t *request, uint16_t code, int32_t detail,
                       const char *text) {
  grit_link_error_t error = {.code = code, .request = request->message, .detail = detail};
  grit_answer_copy_text(error.text, sizeof error.text, text);
  grit_answer(module, request, GRIT_LINK_ERROR, &error, GRIT_LINK_ERROR_BYTES, NULL, 0);
}

void grit_answer_info(grit_module_t *module, const grit_link_header_t *request) {
  const grit_instrument_t *instrument = grit_playing_instrument(&module->playing);
  grit_link_info_t info = {
      .last_stream = module->stream.number,
      .model_bytes = (uint32_t)module->model_bytes,
      .state_bytes = (uint32_t)instrument->state_bytes,
      .state_limit = (uint32_t)module->state_limit,
      .sample_rate = 48000,
      .work_per_second = module->board->work_per_second,
      .model_status = (uint16_t)instrument->status,
      .block_frames = GRIT_LINK_BLOCK_FRAMES,
      .glide_blocks = GRIT_GLIDE_BLOCKS,
      .credits = GRIT_LINK_CREDITS,
      .message_blocks = GRIT_LINK_MESSAGE_BLOCKS,
      .work_unit = module->board->work_unit,
  };
  if (instrument->status == GRIT_OK) {
    info.position_count = instrument->model.position_count;
    info.output_shift = (int16_t)instrument->model.output_shift;
    grit_answer_copy_text(info.model_name, sizeof info.model_name, instrument->model.name);
  }
  memcpy(info.model_sha256, module->model_sha256, sizeof info.model_sha256);
  grit_answer_copy_text(info.firmware_version, sizeof info.firmware_version, GRIT_FIRMWARE_VERSION);
  grit_answer_copy_text(info.board, sizeof info.board, module->board->name);
  module->position_sequence_known = false;
  grit_answer(module, request, GRIT_LINK_INFO, &info, GRIT_LINK_INFO_BYTES, NULL, 0);
}

static void answer_status(grit_module_t *module, const grit_link_header_t *request) {
  grit_link_status_t status = {
      .blocks = module->load.blocks,
      .xruns = module->load.xruns,
      .work_p50 = grit_load_percentile(&module->load, 50),
      .work_p99 = grit_load_percentile(&module->load, 99),
      .work_max = module->load.max,
      .frames_good = module->receiver.frames_good,
      .crc_errors = module->receiver.crc_errors,
      .frame_errors = module->receiver.frame_errors,
      .repeats = module->stream.repeats,
      .streaming = module->stream.running ? module->stream.number : 0,
  };
  grit_answer(module, request, GRIT_LINK_STATUS, &status, GRIT_LINK_STATUS_BYTES, NULL, 0);
}

/* A position of a checked length, and as many numbers `behind` it, out of a payload. False, and answered, if there is
 * no model or the length is wrong. */
static bool take_position(grit_module_t *module, const grit_link_header_t *request, const uint8_t *bytes, size_t count,
                          size_t behind, int16_t *position) {
  const grit_instrument_t *instrument = grit_playing_instrument(&module->playing);
  if (instrument->engine == NULL) {
    const char *why = instrument->status == GRIT_OK ? "the model needs more memory than the module has"
                                                    : grit_status_text(instrument->status);
    grit_answer_error(module, request, GRIT_LINK_ERROR_MODEL, (int32_t)instrument->status, why);
    return false;
  }
  if (count != (instrument->model.position_count + behind) * sizeof(int16_t)) {
    grit_answer_error(module, request, GRIT_LINK_ERROR_POSITION, instrument->model.position_count,
                      "this model's positions have another size");
    return false;
  }
  memcpy(position, bytes, count);
  return true;
}

static void answer_set_position(grit_module_t *module, const grit_link_frame_t *frame) {
  int16_t position[GRIT_LINK_POSITION_COUNT] = {0};
  if (!take_position(module, &frame->header, frame->payload, frame->payload_bytes, 0, position)) return;
  uint16_t ahead = (uint16_t)(frame->header.sequence - module->position_sequence);
  bool newer = !module->position_sequence_known || (ahead != 0 && ahead < 0x8000u);
  if (newer && !module->streaming) grit_playing_head_for(&module->playing, position);
  if (newer) module->position_sequence = frame->header.sequence;
  module->position_sequence_known = true;
  const grit_glide_t *glide = &grit_playing_instrument(&module->playing)->glide;
  for (size_t i = 0; i < glide->count; i++) position[i] = glide->target[i];
  grit_answer(module, &frame->header, GRIT_LINK_POSITION, NULL, 0, position, frame->payload_bytes);
}

static void answer_ready(grit_module_t *module, const grit_link_header_t *request) {
  grit_link_stream_ready_t ready = {
      .stream = module->stream.number, .next = module->stream.next, .credits = GRIT_LINK_CREDITS};
  grit_answer(module, request, GRIT_LINK_STREAM_READY, &ready, GRIT_LINK_STREAM_READY_BYTES, NULL, 0);
}

static void stop_stream(grit_module_t *module) {
  module->stream.running = false;
  grit_playing_take_back(&module->playing);
  module->streaming = false;
}

/* live: through the whole path, with its knobs behind the position; else the engine alone. */
static void answer_stream_start(grit_module_t *module, const grit_link_frame_t *frame, bool live) {
  const grit_link_header_t *header = &frame->header;
  const uint8_t *numbers = frame->payload + GRIT_LINK_STREAM_START_BYTES;
  const size_t bytes = frame->payload_bytes - GRIT_LINK_STREAM_START_BYTES, knobs = live ? GRIT_LIVE_KNOBS : 0u;
  int16_t target[GRIT_STREAM_TARGET_MOST] = {0};
  grit_link_stream_start_t start;
  memcpy(&start, frame->payload, GRIT_LINK_STREAM_START_BYTES);
  if (!take_position(module, header, numbers, bytes, knobs, target)) return;
  if (!(module->stream.running && start.stream == module->stream.number)) {
    if (start.stream != module->stream.number + 1u) {
      grit_answer_error(module, header, GRIT_LINK_ERROR_STREAM_NUMBER, (int32_t)module->stream.number,
                        "a stream's number is one more than the last one's");
      return;
    }
    module->streaming = true; /* from here on the audio interrupt leaves the engine alone */
    grit_playing_hand_out(&module->playing);
    show_change(module);
    if (!take_position(module, header, numbers, bytes, knobs, target)) { /* another model was on its way */
      stop_stream(module);
      return;
    }
    const grit_stream_player_t player = live ? grit_live_start(&module->live, &module->playing, target)
                                             : grit_stream_engine(grit_playing_instrument(&module->playing), target);
    grit_stream_start(&module->stream, start.stream, &player);
  }
  answer_ready(module, header);
}

static void answer_stream_block(grit_module_t *module, const grit_link_frame_t *frame) {
  const grit_stream_answer_t *reply = NULL;
  switch (grit_stream_take(&module->stream, &module->load, &module->board->meter, frame->payload, frame->payload_bytes,
                           &reply)) {
    case GRIT_STREAM_ANSWER:
      grit_answer(module, &frame->header, GRIT_LINK_STREAM_REPLY, &reply->fixed, GRIT_LINK_STREAM_REPLY_BYTES,
                  reply->samples, reply->sample_count * sizeof(int16_t));
      break;
    case GRIT_STREAM_WRONG_TURN:
      answer_ready(module, &frame->header);
      break;
    case GRIT_STREAM_NOT_RUNNING:
      grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_STREAM,
                        module->stream.running ? (int32_t)module->stream.number : 0, "no such stream is running");
      break;
    case GRIT_STREAM_BAD_LENGTH:
      grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_LENGTH, 0,
                        "the payload is not as long as its blocks and moves");
      break;
    case GRIT_STREAM_BAD_BLOCKS:
      grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_SAMPLES, 0,
                        "no blocks, too many, or moves without a block");
      break;
  }
}

void grit_answer_controls(grit_module_t *module, const grit_link_header_t *request) {
  grit_link_controls_t controls = {0};
  const grit_controls_t *now = &module->controls;
  memcpy(controls.cv_microvolts, now->cv_uv, sizeof now->cv_uv);
  memcpy(controls.codes, now->codes, sizeof now->codes);
  memcpy(controls.knobs, now->knobs, sizeof now->knobs);
  memcpy(controls.played, now->played, sizeof now->played);
  grit_answer(module, request, GRIT_LINK_CONTROLS, &controls, GRIT_LINK_CONTROLS_BYTES, NULL, 0);
}

static void answer_turn(grit_module_t *module, const grit_link_frame_t *frame) {
  if (module->board->turn == NULL) {
    grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_MESSAGE, 0, "this panel is real: turn its knobs by hand");
    return;
  }
  module->board->turn(frame->payload);
  grit_answer_controls(module, &frame->header);
}

static void answer_stream_stop(grit_module_t *module, const grit_link_frame_t *frame) {
  grit_link_stream_stop_t stop;
  memcpy(&stop, frame->payload, GRIT_LINK_STREAM_STOP_BYTES);
  if (stop.stream != module->stream.number) {
    grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_STREAM,
                      module->stream.running ? (int32_t)module->stream.number : 0, "no such stream is running");
    return;
  }
  if (module->stream.running) stop_stream(module);
  grit_link_stream_stopped_t stopped = {.stream = stop.stream, .messages = module->stream.next};
  grit_answer(module, &frame->header, GRIT_LINK_STREAM_STOPPED, &stopped, GRIT_LINK_STREAM_STOPPED_BYTES, NULL, 0);
}

/* Whether a payload can be this message's; what has a tail looks for itself at how long that is. */
static bool length_fits(uint8_t message, size_t bytes) {
  switch (message) {
#define LENGTH(name, fixed, tail) \
  case GRIT_LINK_##name:          \
    return bytes == (fixed) || ((tail) && bytes > (fixed));
    GRIT_LINK_FROM_LAPTOP(LENGTH)
#undef LENGTH
    default:
      return true;
  }
}

static void answer_hold(grit_module_t *module, const grit_link_frame_t *frame) {
  grit_link_hold_t hold;
  memcpy(&hold, frame->payload, GRIT_LINK_HOLD_BYTES);
  for (unsigned i = 0; i < GRIT_PANEL_ANALOG_COUNT; i++) module->held_codes[i] = hold.codes[i];
  module->held_inputs = hold.inputs;
  grit_answer_controls(module, &frame->header);
}

static void answer_reboot(grit_module_t *module, const grit_link_frame_t *frame) {
  uint8_t into = frame->payload[0];
  if (module->board->reboot == NULL || into > GRIT_LINK_REBOOT_DFU) {
    grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_BOARD, 0, "this board cannot do that");
    return;
  }
  module->reboot_into = into;
  module->reboot_tick = module->ticks;
  module->reboot_wanted = true;
  grit_answer(module, &frame->header, GRIT_LINK_REBOOTING, &into, 1, NULL, 0);
}

static void take_frame(grit_module_t *module, const grit_link_frame_t *frame) {
  const grit_link_header_t *header = &frame->header;
  module->quiet_blocks = 0;
  if (header->version != GRIT_LINK_VERSION) {
    grit_answer_error(module, header, GRIT_LINK_ERROR_VERSION, (int32_t)GRIT_LINK_VERSION,
                      "another version of the link");
    return;
  }
  if (!length_fits(header->message, frame->payload_bytes)) {
    grit_answer_error(module, header, GRIT_LINK_ERROR_LENGTH, 0, "the payload's length does not fit the message");
    return;
  }
  switch (header->message) {
    case GRIT_LINK_HELLO:
      grit_answer_info(module, header);
      break;
    case GRIT_LINK_GET_STATUS:
      answer_status(module, header);
      break;
    case GRIT_LINK_GET_CONTROLS:
      grit_answer_controls(module, header);
      break;
    case GRIT_LINK_TURN:
      answer_turn(module, frame);
      break;
    case GRIT_LINK_SET_POSITION:
      answer_set_position(module, frame);
      break;
    case GRIT_LINK_STREAM_START:
      answer_stream_start(module, frame, false);
      break;
    case GRIT_LINK_LIVE_START:
      answer_stream_start(module, frame, true);
      break;
    case GRIT_LINK_STREAM_BLOCK:
      answer_stream_block(module, frame);
      break;
    case GRIT_LINK_STREAM_STOP:
      answer_stream_stop(module, frame);
      break;
    case GRIT_LINK_HOLD:
      answer_hold(module, frame);
      break;
    case GRIT_LINK_REBOOT:
      answer_reboot(module, frame);
      break;
    default:
      if (grit_answer_memory(module, frame) || grit_answer_health(module, frame)) break;
      if (grit_answer_loop(module, frame)) break;
      grit_answer_error(module, header, GRIT_LINK_ERROR_MESSAGE, 0, "no such message");
      break;
  }
}

size_t grit_module_receive(grit_module_t *module, const uint8_t *bytes, size_t count) {
  grit_link_frame_t frame;
  for (size_t i = 0; i < count; i++) {
    if (grit_link_receive(&module->receiver, bytes[i], &frame)) {
      take_frame(module, &frame);
      return i + 1;
    }
  }
  return count;
}

void grit_module_idle(grit_module_t *module) {
  if (module->quiet_blocks > GRIT_LINK_STREAM_TIMEOUT_BLOCKS) {
    if (module->stream.running) stop_stream(module);
    module->held_inputs = 0;
    grit_loop_stop(&module->loop);
  }
  if (!module->streaming) play_on(module);
  bool busy = grit_memory_step(&module->memory);
  if (!module->reboot_wanted || module->ticks - module->reboot_tick < REBOOT_AFTER_BLOCKS) return;
  if (busy && module->reboot_into == GRIT_LINK_REBOOT_MODULE) return; /* what is to be kept first */
  module->reboot_wanted = false;
  module->board->reboot(module->reboot_into);
}

bool grit_module_block_begins(const grit_module_t *module) {
  return module->piece == 0;
}

static uint32_t silent_piece(grit_module_t *module, int16_t *const out[2]) {
  module->block_begun = false;
  if (module->piece == 0) module->breathing = false;
  for (unsigned c = 0; c < 2u; c++) memset(out[c], 0, GRIT_AUDIO_FRAMES * sizeof *out[c]);
  return 0;
}

uint32_t grit_module_audio(grit_module_t *module, const int16_t *const in[2], int16_t *const out[2]) {
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

void grit_module_panel(grit_module_t *module, const volatile uint16_t codes[GRIT_PANEL_ANALOG_COUNT]) {
  const uint32_t inputs = module->held_inputs;
  if (inputs == 0) {
    grit_controls_update(&module->controls, codes);
    return;
  }
  uint16_t read[GRIT_PANEL_ANALOG_COUNT];
  for (unsigned i = 0; i < GRIT_PANEL_ANALOG_COUNT; i++) {
    read[i] = (inputs >> i & 1u) != 0 ? module->held_codes[i] : codes[i];
  }
  grit_controls_update(&module->controls, read);
}

void grit_module_switches(grit_module_t *module, bool gate, bool button) {
  grit_playing_switches(&module->playing, gate, button);
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
