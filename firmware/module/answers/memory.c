/* The messages about presets, settings, calibration and the model bank. */
#include <string.h>

#include "answers/answers.h"

_Static_assert(GRIT_LINK_PRESET_BYTES == GRIT_LINK_PUT_PRESET_BYTES, "the same fields");
_Static_assert(GRIT_PANEL_KNOB_COUNT <= sizeof((grit_link_knob_ends_t){0}.left) / sizeof(uint16_t), "room for all");
_Static_assert(GRIT_PANEL_CV_COUNT <= sizeof((grit_link_settings_t){0}.offset_uv) / sizeof(int32_t), "room for all");

static void no_such(grit_module_t *module, const grit_link_header_t *request, uint32_t there_are) {
  grit_answer_error(module, request, GRIT_LINK_ERROR_PLACE, (int32_t)there_are, "there is no such place");
}

static void answer_preset(grit_module_t *module, const grit_link_header_t *request, uint8_t index) {
  const grit_preset_t *preset = &module->memory.settings.presets[index];
  grit_link_preset_t message = {
      .level_q12 = preset->level_q12, .model = preset->model, .used = preset->used, .index = index};
  memcpy(message.played, preset->played, sizeof message.played);
  memcpy(message.stored, preset->stored, sizeof message.stored);
  memcpy(message.model_id, module->memory.settings.preset_models[index].bytes, sizeof message.model_id);
  grit_answer(module, request, GRIT_LINK_PRESET, &message, GRIT_LINK_PRESET_BYTES, NULL, 0);
}

static void get_preset(grit_module_t *module, const grit_link_frame_t *frame) {
  if (frame->payload[0] >= GRIT_PRESET_COUNT) {
    no_such(module, &frame->header, GRIT_PRESET_COUNT);
    return;
  }
  answer_preset(module, &frame->header, frame->payload[0]);
}

static void put_preset(grit_module_t *module, const grit_link_frame_t *frame) {
  grit_link_put_preset_t wish;
  memcpy(&wish, frame->payload, GRIT_LINK_PUT_PRESET_BYTES);
  if (wish.index >= GRIT_PRESET_COUNT) {
    no_such(module, &frame->header, GRIT_PRESET_COUNT);
    return;
  }
  if (wish.used > 1u || wish.level_q12 < 0 || wish.model > grit_bank_count(&module->memory.bank)) {
    grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_VALUE, 0, "a level below 0, or a model that cannot be");
    return;
  }
  grit_preset_t preset = {.level_q12 = wish.level_q12, .model = wish.model, .used = wish.used};
  memcpy(preset.played, wish.played, sizeof preset.played);
  memcpy(preset.stored, wish.stored, sizeof preset.stored);
  grit_model_id_t id;
  memcpy(id.bytes, wish.model_id, sizeof id.bytes);
  if (grit_model_id_unknown(&id)) id = grit_playing_model_id(&module->playing, preset.model);
  grit_preset_t *there = &module->memory.settings.presets[wish.index];
  grit_model_id_t *its_model = &module->memory.settings.preset_models[wish.index];
  if (memcmp(there, &preset, sizeof preset) != 0 || memcmp(its_model, &id, sizeof id) != 0) {
    *there = preset;
    *its_model = id;
    grit_store_save(&module->memory.store);
  }
  answer_preset(module, &frame->header, wish.index);
}

static void answer_settings(grit_module_t *module, const grit_link_header_t *request) {
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
  grit_answer(module, request, GRIT_LINK_SETTINGS, &message, GRIT_LINK_SETTINGS_BYTES, NULL, 0);
}

static void put_settings(grit_module_t *module, const grit_link_frame_t *frame) {
  grit_link_put_settings_t wish;
  memcpy(&wish, frame->payload, GRIT_LINK_PUT_SETTINGS_BYTES);
  if (wish.morph_ms > GRIT_SETTINGS_MORPH_LIMIT_MS) {
    grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_VALUE, GRIT_SETTINGS_MORPH_LIMIT_MS,
                      "a morph that takes too long");
    return;
  }
  if (wish.morph_ms != module->memory.settings.morph_ms) {
    module->memory.settings.morph_ms = wish.morph_ms;
    grit_store_save(&module->memory.store);
  }
  answer_settings(module, &frame->header);
}

static void put_calibration(grit_module_t *module, const grit_link_frame_t *frame) {
  grit_link_put_calibration_t wish;
  memcpy(&wish, frame->payload, GRIT_LINK_PUT_CALIBRATION_BYTES);
  if (wish.input >= GRIT_PANEL_CV_COUNT) {
    no_such(module, &frame->header, GRIT_PANEL_CV_COUNT);
    return;
  }
  grit_settings_t *settings = &module->memory.settings;
  grit_cv_calibration_t nominal = {.offset_uv = GRIT_PANEL_CV_OFFSET_UV, .gain_ppm = GRIT_PANEL_CV_GAIN_PPM};
  grit_cv_calibration_t measured = {.offset_uv = wish.offset_uv, .gain_ppm = wish.gain_ppm};
  if (wish.measured && !grit_settings_cv_plausible(&measured)) {
    grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_VALUE, wish.input,
                      "no such circuit has this offset and gain");
    return;
  }
  settings->cv[wish.input] = wish.measured ? measured : nominal;
  settings->calibrated &= (uint8_t) ~(1u << wish.input);
  if (wish.measured) settings->calibrated |= (uint8_t)(1u << wish.input);
  grit_module_use_settings(module);
  grit_store_save(&module->memory.store);
  answer_settings(module, &frame->header);
}

static void answer_knob_ends(grit_module_t *module, const grit_link_header_t *request) {
  const grit_settings_t *settings = &module->memory.settings;
  grit_link_knob_ends_t message = {.nominal_left = GRIT_PANEL_KNOB_LEFT_CODE,
                                   .nominal_right = GRIT_PANEL_KNOB_RIGHT_CODE,
                                   .calibrated = settings->knobs_calibrated};
  for (unsigned i = 0; i < GRIT_PANEL_KNOB_COUNT; i++) {
    message.left[i] = settings->knobs[i].left;
    message.right[i] = settings->knobs[i].right;
  }
  grit_answer(module, request, GRIT_LINK_KNOB_ENDS, &message, GRIT_LINK_KNOB_ENDS_BYTES, NULL, 0);
}

static void put_knob_ends(grit_module_t *module, const grit_link_frame_t *frame) {
  grit_link_put_knob_ends_t wish;
  memcpy(&wish, frame->payload, GRIT_LINK_PUT_KNOB_ENDS_BYTES);
  if (wish.knob >= GRIT_PANEL_KNOB_COUNT) {
    no_such(module, &frame->header, GRIT_PANEL_KNOB_COUNT);
    return;
  }
  grit_settings_t *settings = &module->memory.settings;
  const grit_knob_calibration_t nominal = {.left = GRIT_PANEL_KNOB_LEFT_CODE, .right = GRIT_PANEL_KNOB_RIGHT_CODE};
  const grit_knob_calibration_t measured = {.left = wish.left, .right = wish.right};
  if (wish.measured && !grit_settings_knob_plausible(&measured)) {
    grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_VALUE, wish.knob, "no such knob has these ends");
    return;
  }
  settings->knobs[wish.knob] = wish.measured ? measured : nominal;
  settings->knobs_calibrated &= (uint16_t) ~(1u << wish.knob);
  if (wish.measured) settings->knobs_calibrated |= (uint16_t)(1u << wish.knob);
  grit_module_use_settings(module);
  grit_store_save(&module->memory.store);
  answer_knob_ends(module, &frame->header);
}

static void answer_slot(grit_module_t *module, const grit_link_header_t *request, uint8_t slot) {
  const grit_bank_t *bank = &module->memory.bank;
  grit_bank_entry_t entry;
  grit_bank_entry(bank, slot, &entry);
  grit_link_slot_t message = {
      .bytes = entry.bytes,
      .received = entry.received,
      .most_bytes = GRIT_BANK_MODEL_BYTES,
      .slot = slot,
      .slots = (uint8_t)grit_bank_count(bank),
      .state = (uint8_t)entry.state,
      .refusal = (uint8_t)entry.reason,
      .status = (uint8_t)entry.status,
      .playing = slot < GRIT_BANK_MOST_SLOTS && (bank->held >> slot & 1u) != 0,
  };
  memcpy(message.sha256, entry.sha256, sizeof message.sha256);
  grit_answer_copy_text(message.name, sizeof message.name, entry.name);
  grit_answer(module, request, GRIT_LINK_SLOT, &message, GRIT_LINK_SLOT_BYTES, NULL, 0);
}

/* What became of a request to the bank: the slot as it is now, or why not. */
static void answer_result(grit_module_t *module, const grit_link_header_t *request, uint8_t slot,
                          grit_bank_result_t result) {
  switch (result) {
    case GRIT_BANK_DONE:
    case GRIT_BANK_PLACE:
      answer_slot(module, request, slot);
      break;
    case GRIT_BANK_WAIT:
      grit_answer_error(module, request, GRIT_LINK_ERROR_WAIT, 0, "the flash is at work: ask again");
      break;
    case GRIT_BANK_NO_SLOT:
      no_such(module, request, grit_bank_count(&module->memory.bank));
      break;
    case GRIT_BANK_TOO_LARGE:
      grit_answer_error(module, request, GRIT_LINK_ERROR_VALUE, (int32_t)GRIT_BANK_MODEL_BYTES,
                        "no bytes, or more than a slot holds");
      break;
    case GRIT_BANK_IN_USE:
      grit_answer_error(module, request, GRIT_LINK_ERROR_IN_USE, slot, "this model is being played");
      break;
    case GRIT_BANK_NO_UPLOAD:
      grit_answer_error(module, request, GRIT_LINK_ERROR_PLACE, 0, "no upload into this slot was begun");
      break;
  }
}

static void upload_start(grit_module_t *module, const grit_link_frame_t *frame) {
  grit_link_upload_start_t start;
  memcpy(&start, frame->payload, GRIT_LINK_UPLOAD_START_BYTES);
  answer_result(module, &frame->header, start.slot,
                grit_bank_begin(&module->memory.bank, start.slot, start.bytes, start.sha256));
}

static void upload_chunk(grit_module_t *module, const grit_link_frame_t *frame) {
  grit_link_upload_chunk_t chunk;
  memcpy(&chunk, frame->payload, GRIT_LINK_UPLOAD_CHUNK_BYTES);
  grit_bank_result_t result =
      grit_bank_put(&module->memory.bank, chunk.slot, chunk.offset, frame->payload + GRIT_LINK_UPLOAD_CHUNK_BYTES,
                    frame->payload_bytes - GRIT_LINK_UPLOAD_CHUNK_BYTES);
  /* Not now: `received` tells the laptop, with everything else about the slot. */
  answer_result(module, &frame->header, chunk.slot, result == GRIT_BANK_WAIT ? GRIT_BANK_DONE : result);
}

static void select_model(grit_module_t *module, const grit_link_frame_t *frame) {
  if (module->stream.running) {
    grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_STREAM, (int32_t)module->stream.number,
                      "a stream is running: stop it first");
    return;
  }
  if (module->loop.running) { /* the converter is the laptop's: nothing could be faded over */
    grit_answer_error(module, &frame->header, GRIT_LINK_ERROR_IN_USE, 0, "the loop is running: stop it first");
    return;
  }
  grit_module_select(module, &frame->header, frame->payload[0]);
}

static const char *why_not(grit_why_t why) {
  switch (why) {
    case GRIT_WHY_BAD_MODEL:
      return "this is no playable model: the engine refuses it";
    case GRIT_WHY_OTHER_MODEL:
      return "the preset's model is not there any more";
    case GRIT_WHY_TOO_LARGE:
      return "this is no playable model: it needs more memory than the module has";
    case GRIT_WHY_TOO_SLOW:
    case GRIT_WHY_LATE:
      return "this is no playable model: it does not run in real time";
    default:
      return "there is no playable model in this slot";
  }
}

void grit_answer_selected(grit_module_t *module, const grit_link_header_t *request, bool plays) {
  const uint8_t model = module->playing.status.model;
  if (!plays) {
    grit_answer_error(module, request, GRIT_LINK_ERROR_MODEL, 0, why_not((grit_why_t)module->playing.status.why));
    return;
  }
  if (module->memory.settings.model != model) {
    module->memory.settings.model = model;
    grit_store_save(&module->memory.store);
  }
  grit_answer_info(module, request);
}

bool grit_answer_memory(grit_module_t *module, const grit_link_frame_t *frame) {
  const grit_link_header_t *header = &frame->header;
  switch (header->message) {
    case GRIT_LINK_GET_PRESET:
      get_preset(module, frame);
      return true;
    case GRIT_LINK_PUT_PRESET:
      put_preset(module, frame);
      return true;
    case GRIT_LINK_GET_SETTINGS:
      answer_settings(module, header);
      return true;
    case GRIT_LINK_PUT_SETTINGS:
      put_settings(module, frame);
      return true;
    case GRIT_LINK_PUT_CALIBRATION:
      put_calibration(module, frame);
      return true;
    case GRIT_LINK_GET_KNOB_ENDS:
      answer_knob_ends(module, header);
      return true;
    case GRIT_LINK_PUT_KNOB_ENDS:
      put_knob_ends(module, frame);
      return true;
    case GRIT_LINK_GET_SLOT:
      answer_slot(module, header, frame->payload[0]);
      return true;
    case GRIT_LINK_UPLOAD_START:
      upload_start(module, frame);
      return true;
    case GRIT_LINK_UPLOAD_CHUNK:
      upload_chunk(module, frame);
      return true;
    case GRIT_LINK_DELETE_MODEL:
      answer_result(module, header, frame->payload[0], grit_bank_delete(&module->memory.bank, frame->payload[0]));
      return true;
    case GRIT_LINK_SELECT_MODEL:
      select_model(module, frame);
      return true;
    default:
      return false;
  }
}
