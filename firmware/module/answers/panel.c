/* The messages about the panel and the position it leads. */
#include <string.h>

#include "answers/handlers.h"

static void answer_controls(grit_server_t *server, const grit_link_header_t *request) {
  grit_module_t *module = server->module;
  grit_link_controls_t controls = {0};
  const grit_controls_t *now = &module->controls;
  memcpy(controls.cv_microvolts, now->cv_uv, sizeof now->cv_uv);
  memcpy(controls.codes, now->codes, sizeof now->codes);
  memcpy(controls.knobs, now->knobs, sizeof now->knobs);
  memcpy(controls.played, now->played, sizeof now->played);
  grit_answer(server, request, GRIT_LINK_CONTROLS, &controls, GRIT_LINK_CONTROLS_BYTES, NULL, 0);
}

void grit_answer_get_controls(grit_server_t *server, const grit_link_frame_t *frame) {
  answer_controls(server, &frame->header);
}

void grit_answer_turn(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  if (module->board->turn == NULL) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_MESSAGE, 0, "this panel is real: turn its knobs by hand");
    return;
  }
  module->board->turn(frame->payload);
  answer_controls(server, &frame->header);
}

void grit_answer_hold(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  grit_link_hold_t hold;
  memcpy(&hold, frame->payload, GRIT_LINK_HOLD_BYTES);
  for (unsigned i = 0; i < GRIT_PANEL_ANALOG_COUNT; i++) module->held_codes[i] = hold.codes[i];
  module->held_inputs = hold.inputs;
  answer_controls(server, &frame->header);
}

void grit_answer_set_position(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  int16_t position[GRIT_LINK_POSITION_COUNT] = {0};
  if (!grit_answer_take_position(server, &frame->header, frame->payload, frame->payload_bytes, 0, position)) return;
  uint16_t ahead = (uint16_t)(frame->header.sequence - server->position_sequence);
  bool newer = !server->position_sequence_known || (ahead != 0 && ahead < 0x8000u);
  if (newer && !module->streaming) grit_playing_head_for(&module->playing, position);
  if (newer) server->position_sequence = frame->header.sequence;
  server->position_sequence_known = true;
  const grit_glide_t *glide = &grit_playing_instrument(&module->playing)->glide;
  for (size_t i = 0; i < glide->count; i++) position[i] = glide->target[i];
  grit_answer(server, &frame->header, GRIT_LINK_POSITION, NULL, 0, position, frame->payload_bytes);
}
