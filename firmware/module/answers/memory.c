/* The messages about presets, settings and calibration. */
#include <string.h>

#include "answers/handlers.h"

_Static_assert(GRIT_LINK_PRESET_BYTES == GRIT_LINK_PUT_PRESET_BYTES, "the same fields");
_Static_assert(GRIT_PANEL_KNOB_COUNT <= sizeof((grit_link_knob_ends_t){0}.left) / sizeof(uint16_t), "room for all");
_Static_assert(GRIT_PANEL_CV_COUNT <= sizeof((grit_link_settings_t){0}.offset_uv) / sizeof(int32_t), "room for all");

static void answer_preset(grit_server_t *server, const grit_link_header_t *request, uint8_t index) {
  grit_module_t *module = server->module;
  const grit_preset_t *preset = &module->memory.settings.presets[index];
  grit_link_preset_t message = {
      .level_q12 = preset->level_q12, .model = preset->model, .used = preset->used, .index = index};
  memcpy(message.played, preset->played, sizeof message.played);
  memcpy(message.stored, preset->stored, sizeof message.stored);
  const grit_preset_bend_t *bend = &module->memory.settings.preset_bends[index];
  memcpy(message.turns, bend->turns, sizeof message.turns);
  message.bend = bend->kind;
  message.gate = bend->gate;
  memcpy(message.model_id, module->memory.settings.preset_models[index].bytes, sizeof message.model_id);
  grit_answer(server, request, GRIT_LINK_PRESET, &message, GRIT_LINK_PRESET_BYTES, NULL, 0);
}

void grit_answer_get_preset(grit_server_t *server, const grit_link_frame_t *frame) {
  if (frame->payload[0] >= GRIT_PRESET_COUNT) {
    grit_answer_no_such(server, &frame->header, GRIT_PRESET_COUNT);
    return;
  }
  answer_preset(server, &frame->header, frame->payload[0]);
}

void grit_answer_put_preset(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  grit_link_put_preset_t wanted;
  memcpy(&wanted, frame->payload, GRIT_LINK_PUT_PRESET_BYTES);
  if (wanted.index >= GRIT_PRESET_COUNT) {
    grit_answer_no_such(server, &frame->header, GRIT_PRESET_COUNT);
    return;
  }
  if (wanted.used > 1u || wanted.level_q12 < 0 || wanted.bend >= GRIT_PRESET_BENDS || wanted.gate > GRIT_PRESET_GATE ||
      wanted.model > grit_bank_count(&module->memory.bank)) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_VALUE, 0,
                      "a level below 0, or a model, a bend or a gate that cannot be");
    return;
  }
  grit_preset_t preset = {.level_q12 = wanted.level_q12, .model = wanted.model, .used = wanted.used};
  memcpy(preset.played, wanted.played, sizeof preset.played);
  memcpy(preset.stored, wanted.stored, sizeof preset.stored);
  grit_model_id_t id;
  memcpy(id.bytes, wanted.model_id, sizeof id.bytes);
  if (grit_model_id_unknown(&id)) id = grit_playing_model_id(&module->playing, preset.model);
  grit_preset_t *there = &module->memory.settings.presets[wanted.index];
  grit_model_id_t *its_model = &module->memory.settings.preset_models[wanted.index];
  grit_preset_bend_t bend = {.kind = wanted.bend, .gate = wanted.gate};
  memcpy(bend.turns, wanted.turns, sizeof bend.turns);
  grit_preset_bend_t *its_bend = &module->memory.settings.preset_bends[wanted.index];
  if (memcmp(its_bend, &bend, sizeof bend) != 0 || memcmp(there, &preset, sizeof preset) != 0 ||
      memcmp(its_model, &id, sizeof id) != 0) {
    *there = preset;
    *its_model = id;
    *its_bend = bend;
    grit_store_save(&module->memory.store);
  }
  answer_preset(server, &frame->header, wanted.index);
}

static void answer_settings(grit_server_t *server, const grit_link_header_t *request) {
  grit_module_t *module = server->module;
  const grit_memory_t *memory = &module->memory;
  grit_link_settings_t message = {
      .records = memory->store.sequence,
      .failed = memory->store.failed,
      .full_scale_uv = GRIT_PANEL_ADC_FULL_SCALE_UV,
      .morph_ms = memory->settings.morph_ms,
      .preset = memory->settings.preset,
      .presets = GRIT_PRESET_COUNT,
      .model = module->playing.status.model,
      .calibrated = memory->settings.calibrated,
      .saved = grit_memory_saved(memory),
      .kept = memory->store.flash != NULL,
      .knobs = GRIT_PANEL_KNOB_COUNT,
      .cvs = GRIT_PANEL_CV_COUNT,
  };
  for (unsigned i = 0; i < GRIT_PANEL_CV_COUNT; i++) {
    message.offset_uv[i] = memory->settings.cv[i].offset_uv;
    message.gain_ppm[i] = memory->settings.cv[i].gain_ppm;
  }
  grit_answer(server, request, GRIT_LINK_SETTINGS, &message, GRIT_LINK_SETTINGS_BYTES, NULL, 0);
}

void grit_answer_get_settings(grit_server_t *server, const grit_link_frame_t *frame) {
  answer_settings(server, &frame->header);
}

void grit_answer_put_settings(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  grit_link_put_settings_t wanted;
  memcpy(&wanted, frame->payload, GRIT_LINK_PUT_SETTINGS_BYTES);
  if (wanted.morph_ms > GRIT_SETTINGS_MORPH_LIMIT_MS) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_VALUE, GRIT_SETTINGS_MORPH_LIMIT_MS,
                      "a morph that takes too long");
    return;
  }
  if (wanted.morph_ms != module->memory.settings.morph_ms) {
    module->memory.settings.morph_ms = wanted.morph_ms;
    grit_store_save(&module->memory.store);
  }
  answer_settings(server, &frame->header);
}

void grit_answer_put_calibration(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  grit_link_put_calibration_t wanted;
  memcpy(&wanted, frame->payload, GRIT_LINK_PUT_CALIBRATION_BYTES);
  if (wanted.input >= GRIT_PANEL_CV_COUNT) {
    grit_answer_no_such(server, &frame->header, GRIT_PANEL_CV_COUNT);
    return;
  }
  grit_settings_t *settings = &module->memory.settings;
  grit_cv_calibration_t nominal = {.offset_uv = GRIT_PANEL_CV_OFFSET_UV, .gain_ppm = GRIT_PANEL_CV_GAIN_PPM};
  grit_cv_calibration_t measured = {.offset_uv = wanted.offset_uv, .gain_ppm = wanted.gain_ppm};
  if (wanted.measured && !grit_settings_cv_plausible(&measured)) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_VALUE, wanted.input,
                      "no such circuit has this offset and gain");
    return;
  }
  settings->cv[wanted.input] = wanted.measured ? measured : nominal;
  settings->calibrated &= (uint8_t) ~(1u << wanted.input);
  if (wanted.measured) settings->calibrated |= (uint8_t)(1u << wanted.input);
  grit_module_use_settings(module);
  grit_store_save(&module->memory.store);
  answer_settings(server, &frame->header);
}

static void answer_knob_ends(grit_server_t *server, const grit_link_header_t *request) {
  grit_module_t *module = server->module;
  const grit_settings_t *settings = &module->memory.settings;
  grit_link_knob_ends_t message = {.nominal_left = GRIT_PANEL_KNOB_LEFT_CODE,
                                   .nominal_right = GRIT_PANEL_KNOB_RIGHT_CODE,
                                   .calibrated = settings->knobs_calibrated};
  for (unsigned i = 0; i < GRIT_PANEL_KNOB_COUNT; i++) {
    message.left[i] = settings->knobs[i].left;
    message.right[i] = settings->knobs[i].right;
  }
  grit_answer(server, request, GRIT_LINK_KNOB_ENDS, &message, GRIT_LINK_KNOB_ENDS_BYTES, NULL, 0);
}

void grit_answer_get_knob_ends(grit_server_t *server, const grit_link_frame_t *frame) {
  answer_knob_ends(server, &frame->header);
}

void grit_answer_put_knob_ends(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  grit_link_put_knob_ends_t wanted;
  memcpy(&wanted, frame->payload, GRIT_LINK_PUT_KNOB_ENDS_BYTES);
  if (wanted.knob >= GRIT_PANEL_KNOB_COUNT) {
    grit_answer_no_such(server, &frame->header, GRIT_PANEL_KNOB_COUNT);
    return;
  }
  grit_settings_t *settings = &module->memory.settings;
  const grit_knob_calibration_t nominal = {.left = GRIT_PANEL_KNOB_LEFT_CODE, .right = GRIT_PANEL_KNOB_RIGHT_CODE};
  const grit_knob_calibration_t measured = {.left = wanted.left, .right = wanted.right};
  if (wanted.measured && !grit_settings_knob_plausible(&measured)) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_VALUE, wanted.knob, "no such knob has these ends");
    return;
  }
  settings->knobs[wanted.knob] = wanted.measured ? measured : nominal;
  settings->knobs_calibrated &= (uint16_t) ~(1u << wanted.knob);
  if (wanted.measured) settings->knobs_calibrated |= (uint16_t)(1u << wanted.knob);
  grit_module_use_settings(module);
  grit_store_save(&module->memory.store);
  answer_knob_ends(server, &frame->header);
}
