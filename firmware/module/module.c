#include "module.h"

#include <string.h>

#include "answers.h"
#include "sha256.h"

#define REBOOT_AFTER_BLOCKS 100u /* so that the answer gets out */

/* A model in the engine's memory, from silence. False if it cannot be played. The audio interrupt must keep away. */
static bool take_model(grit_module_t *module, uint8_t model) {
  size_t bytes = module->factory_bytes;
  const void *blob =
      model == GRIT_PRESET_MODEL_FACTORY ? module->factory : grit_bank_model(&module->memory.bank, model - 1u, &bytes);
  if (blob == NULL) return false;
  grit_instrument_t *instrument = &module->instrument;
  bool playable = grit_instrument_open(instrument, blob, bytes, module->arena, module->arena_bytes);
  if (!playable && model != GRIT_PRESET_MODEL_FACTORY) return false;
  module->model = model;
  module->model_bytes = instrument->status == GRIT_OK ? instrument->model.header->total_bytes : bytes;
  grit_sha256(blob, module->model_bytes, module->model_sha256);
  module->memory.bank.held = model == GRIT_PRESET_MODEL_FACTORY ? 0 : UINT64_C(1) << (model - 1u);
  return true;
}

bool grit_module_play(grit_module_t *module, uint8_t model) {
  module->streaming = true; /* from here on the audio interrupt leaves the engine alone */
  bool taken = take_model(module, model);
  if (!taken) take_model(module, GRIT_PRESET_MODEL_FACTORY);
  module->panel_new = true;
  module->streaming = false;
  return taken;
}

void grit_module_use_settings(grit_module_t *module) {
  for (unsigned i = 0; i < GRIT_PANEL_CV_COUNT; i++) module->controls.calibration[i] = module->memory.settings.cv[i];
}

void grit_module_open(grit_module_t *module, const grit_board_t *board, const void *blob, size_t blob_bytes,
                      void *arena, size_t arena_bytes) {
  memset(module, 0, sizeof *module);
  module->board = board;
  module->factory = blob;
  module->factory_bytes = blob_bytes;
  module->arena = arena;
  module->arena_bytes = arena_bytes;
  grit_controls_start(&module->controls);
  grit_memory_open(&module->memory, board->flash, arena_bytes);
  grit_module_use_settings(module);
  grit_module_play(module, module->memory.settings.model);
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
  const grit_instrument_t *instrument = &module->instrument;
  grit_link_info_t info = {
      .last_stream = module->stream.number,
      .model_bytes = (uint32_t)module->model_bytes,
      .state_bytes = (uint32_t)instrument->state_bytes,
      .state_limit = (uint32_t)module->arena_bytes,
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

/* A position of a checked length, out of a payload. False, and answered, if there is no model or the length is wrong.
 */
static bool take_position(grit_module_t *module, const grit_link_header_t *request, const uint8_t *bytes, size_t count,
                          int16_t position[GRIT_LINK_POSITION_COUNT]) {
  const grit_instrument_t *instrument = &module->instrument;
  if (instrument->engine == NULL) {
    const char *why = instrument->status == GRIT_OK ? "the model needs more memory than the module has"
                                                    : grit_status_text(instrument->status);
    grit_answer_error(module, request, GRIT_LINK_ERROR_MODEL, (int32_t)instrument->status, why);
    return false;
  }
  if (count != instrument->model.position_count * sizeof(int16_t)) {
    grit_answer_error(module, request, GRIT_LINK_ERROR_POSITION, instrument->model.position_count,
                      "this model's positions have another size");
    return false;
  }
  memcpy(position, bytes, count);
  return true;
}

static void answer_set_position(grit_module_t *module, const grit_link_frame_t *frame) {
  int16_t position[GRIT_LINK_POSITION_COUNT] = {0};
  if (!take_position(module, &frame->header, frame->payload, frame->payload_bytes, position)) return;
  uint16_t ahead = (uint16_t)(frame->header.sequence - module->position_sequence);
  bool newer = !module->position_sequence_known || (ahead != 0 && ahead < 0x8000u);
  if (newer && !module->streaming) grit_glide_head_for(&module->instrument.glide, position);
  if (newer) module->position_sequence = frame->header.sequence;
  module->position_sequence_known = true;
  for (size_t i = 0; i < module->instrument.glide.count; i++) position[i] = module->instrument.glide.target[i];
  grit_answer(module, &frame->header, GRIT_LINK_POSITION, NULL, 0, position, frame->payload_bytes);
}

static void answer_ready(grit_module_t *module, const grit_link_header_t *request) {
  grit_link_stream_ready_t ready = {
      .stream = module->stream.number, .next = module->stream.next, .credits = GRIT_LINK_CREDITS};
  grit_answer(module, request, GRIT_LINK_STREAM_READY, &ready, GRIT_LINK_STREAM_READY_BYTES, NULL, 0);
}

static void answer_stream_start(grit_module_t *module, const grit_link_frame_t *frame) {
  int16_t position[GRIT_LINK_POSITION_COUNT] = {0};
  grit_link_stream_start_t start;
  memcpy(&start, frame->payload, GRIT_LINK_STREAM_START_BYTES);
  if (!take_position(module, &frame->header, frame->payload + GRIT_LINK_STREAM_START_BYTES,
                     frame->payload_bytes - GRIT_LINK_STREAM_START_BYTES, position)) {
    return;
  }
  if (!(module->stream.running && start.stream == module->stream.number)) {
    if (start.stream != module->stream.number + 1u) {
      grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_STREAM_NUMBER, (int32_t)module->stream.number,
                        "a stream's number is one more than the last one's");
      return;
    }
    module->streaming = true; /* from here on the audio interrupt leaves the engine alone */
    grit_stream_start(&module->stream, start.stream, &module->instrument, position);
  }
  answer_ready(module, &frame->header);
}

static void answer_stream_block(grit_module_t *module, const grit_link_frame_t *frame) {
  const grit_stream_answer_t *reply = NULL;
  switch (grit_stream_take(&module->stream, &module->instrument, &module->load, &module->board->meter, frame->payload,
                           frame->payload_bytes, &reply)) {
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

static void stop_stream(grit_module_t *module) {
  module->stream.running = false;
  grit_instrument_restart(&module->instrument, NULL);
  module->panel_new = true;
  module->streaming = false;
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
      answer_stream_start(module, frame);
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
      if (grit_answer_memory(module, frame)) break;
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
  }
  bool busy = grit_memory_step(&module->memory);
  if (!module->reboot_wanted || module->ticks - module->reboot_tick < REBOOT_AFTER_BLOCKS) return;
  if (busy && module->reboot_into == GRIT_LINK_REBOOT_MODULE) return; /* what is to be kept first */
  module->reboot_wanted = false;
  module->board->reboot(module->reboot_into);
}

uint32_t grit_module_audio(grit_module_t *module, const int16_t *in, int16_t *out) {
  module->quiet_blocks = module->quiet_blocks + 1u;
  module->ticks = module->ticks + 1u;
  if (module->streaming || module->breathing) {
    module->breathing = false;
    memset(out, 0, GRIT_LINK_BLOCK_FRAMES * sizeof *out);
    return 0;
  }
  module->board->meter.begin();
  grit_instrument_play(&module->instrument, in, out);
  uint32_t work = module->board->meter.end();
  grit_load_add(&module->load, work);
  return work;
}

void grit_module_panel(grit_module_t *module, const volatile uint16_t codes[GRIT_PANEL_ANALOG_COUNT]) {
  uint16_t read[GRIT_PANEL_ANALOG_COUNT];
  for (unsigned i = 0; i < GRIT_PANEL_ANALOG_COUNT; i++) {
    read[i] = ((uint32_t)module->held_inputs >> i & 1u) != 0 ? module->held_codes[i] : codes[i];
  }
  grit_controls_update(&module->controls, read);
  if (module->streaming || module->instrument.engine == NULL) return;
  bool all = module->panel_new;
  module->panel_new = false;
  grit_glide_t *glide = &module->instrument.glide;
  for (size_t i = 0; i < GRIT_PANEL_PLAYED_COUNT; i++) {
    int16_t played = module->controls.played[i];
    if (i < glide->count && (all || played != module->panel_played[i])) grit_glide_jump(glide, i, played);
    module->panel_played[i] = played;
  }
}

void grit_module_late(grit_module_t *module) {
  module->load.xruns++;
  module->breathing = true;
}
