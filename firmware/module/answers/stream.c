/* The messages about streams. */
#include <string.h>

#include "answers/handlers.h"

bool grit_answer_take_position(grit_server_t *server, const grit_link_header_t *request, const uint8_t *bytes,
                               size_t count, size_t behind, int16_t *position) {
  grit_module_t *module = server->module;
  const grit_instrument_t *instrument = grit_playing_instrument(&module->playing);
  if (instrument->engine == NULL) {
    const char *why = instrument->status == GRIT_OK ? "the model needs more memory than the module has"
                                                    : grit_status_text(instrument->status);
    grit_answer_error(server, request, GRIT_LINK_ERROR_MODEL, (int32_t)instrument->status, why);
    return false;
  }
  if (count != (instrument->position_count + behind) * sizeof(int16_t)) {
    grit_answer_error(server, request, GRIT_LINK_ERROR_POSITION, instrument->position_count,
                      "this model's positions have another size");
    return false;
  }
  memcpy(position, bytes, count);
  return true;
}

static void answer_ready(grit_server_t *server, const grit_link_header_t *request) {
  grit_module_t *module = server->module;
  grit_link_stream_ready_t ready = {
      .stream = module->stream.number, .next = module->stream.next, .credits = GRIT_LINK_CREDITS};
  grit_answer(server, request, GRIT_LINK_STREAM_READY, &ready, GRIT_LINK_STREAM_READY_BYTES, NULL, 0);
}

/* live: through the whole path, with its knobs behind the position; else the engine alone. */
static void start(grit_server_t *server, const grit_link_frame_t *frame, bool live) {
  grit_module_t *module = server->module;
  const grit_link_header_t *header = &frame->header;
  const uint8_t *numbers = frame->payload + GRIT_LINK_STREAM_START_BYTES;
  const size_t bytes = frame->payload_bytes - GRIT_LINK_STREAM_START_BYTES, knobs = live ? GRIT_LIVE_KNOBS : 0u;
  int16_t target[GRIT_STREAM_MAX_TARGET] = {0};
  grit_link_stream_start_t start;
  memcpy(&start, frame->payload, GRIT_LINK_STREAM_START_BYTES);
  if (!grit_answer_take_position(server, header, numbers, bytes, knobs, target)) return;
  if (!(module->stream.running && start.stream == module->stream.number)) {
    if (start.stream != module->stream.number + 1u) {
      grit_answer_error(server, header, GRIT_LINK_ERROR_STREAM_NUMBER, (int32_t)module->stream.number,
                        "a stream's number is one more than the last one's");
      return;
    }
    module->streaming = true; /* from here on the audio interrupt leaves the engine alone */
    grit_playing_hand_out(&module->playing, &module->controls);
    grit_module_show(module);
    grit_answer_waiting(server);
    if (!grit_answer_take_position(server, header, numbers, bytes, knobs, target)) { /* another model was on its way */
      grit_module_stop_stream(module);
      return;
    }
    const grit_stream_player_t player = live ? grit_live_start(&module->live, &module->playing, target)
                                             : grit_stream_engine(grit_playing_instrument(&module->playing), target);
    grit_stream_start(&module->stream, start.stream, &player);
  }
  answer_ready(server, header);
}

void grit_answer_stream_start(grit_server_t *server, const grit_link_frame_t *frame) {
  start(server, frame, false);
}

void grit_answer_live_start(grit_server_t *server, const grit_link_frame_t *frame) {
  start(server, frame, true);
}

void grit_answer_stream_block(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  const grit_stream_answer_t *reply = NULL;
  switch (grit_stream_take(&module->stream, &module->load, &module->board->meter, frame->payload, frame->payload_bytes,
                           &reply)) {
    case GRIT_STREAM_ANSWER:
      grit_answer(server, &frame->header, GRIT_LINK_STREAM_REPLY, &reply->fixed, GRIT_LINK_STREAM_REPLY_BYTES,
                  reply->samples, reply->sample_count * sizeof(int16_t));
      break;
    case GRIT_STREAM_WRONG_TURN:
      answer_ready(server, &frame->header);
      break;
    case GRIT_STREAM_NOT_RUNNING:
      grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_STREAM,
                        module->stream.running ? (int32_t)module->stream.number : 0, "no such stream is running");
      break;
    case GRIT_STREAM_BAD_LENGTH:
      grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_LENGTH, 0,
                        "the payload is not as long as its blocks and moves");
      break;
    case GRIT_STREAM_BAD_BLOCKS:
      grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_SAMPLES, 0,
                        "no blocks, too many, or moves without a block");
      break;
  }
}

void grit_answer_stream_stop(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  grit_link_stream_stop_t stop;
  memcpy(&stop, frame->payload, GRIT_LINK_STREAM_STOP_BYTES);
  if (stop.stream != module->stream.number) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_STREAM,
                      module->stream.running ? (int32_t)module->stream.number : 0, "no such stream is running");
    return;
  }
  if (module->stream.running) grit_module_stop_stream(module);
  grit_link_stream_stopped_t stopped = {.stream = stop.stream, .messages = module->stream.next};
  grit_answer(server, &frame->header, GRIT_LINK_STREAM_STOPPED, &stopped, GRIT_LINK_STREAM_STOPPED_BYTES, NULL, 0);
}
