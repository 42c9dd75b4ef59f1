/* The messages about the model bank, and about which model plays. */
#include <string.h>

#include "answers/handlers.h"

#define MODEL_PART_BYTES 512u
#define SAME_QUESTION_BLOCKS 2000u /* a client gives up asking sooner */

static void answer_slot(grit_server_t *server, const grit_link_header_t *request, uint8_t slot) {
  grit_module_t *module = server->module;
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
      .playing = slot < GRIT_BANK_MAX_SLOTS && (bank->held >> slot & 1u) != 0,
  };
  memcpy(message.sha256, entry.sha256, sizeof message.sha256);
  grit_answer_copy_text(message.name, sizeof message.name, entry.name);
  grit_answer(server, request, GRIT_LINK_SLOT, &message, GRIT_LINK_SLOT_BYTES, NULL, 0);
}

/* What became of a request to the bank: the slot as it is now, or why not. */
static void answer_result(grit_server_t *server, const grit_link_header_t *request, uint8_t slot,
                          grit_bank_result_t result) {
  grit_module_t *module = server->module;
  switch (result) {
    case GRIT_BANK_DONE:
    case GRIT_BANK_PLACE:
      answer_slot(server, request, slot);
      break;
    case GRIT_BANK_WAIT:
      grit_answer_error(server, request, GRIT_LINK_ERROR_WAIT, 0, "the flash is at work: ask again");
      break;
    case GRIT_BANK_NO_SLOT:
      grit_answer_no_such(server, request, grit_bank_count(&module->memory.bank));
      break;
    case GRIT_BANK_TOO_LARGE:
      grit_answer_error(server, request, GRIT_LINK_ERROR_VALUE, (int32_t)GRIT_BANK_MODEL_BYTES,
                        "no bytes, or more than a slot holds");
      break;
    case GRIT_BANK_IN_USE:
      grit_answer_error(server, request, GRIT_LINK_ERROR_IN_USE, slot, "this model is being played");
      break;
    case GRIT_BANK_NO_UPLOAD:
      grit_answer_error(server, request, GRIT_LINK_ERROR_PLACE, 0, "no upload into this slot was begun");
      break;
  }
}

void grit_answer_get_slot(grit_server_t *server, const grit_link_frame_t *frame) {
  answer_slot(server, &frame->header, frame->payload[0]);
}

void grit_answer_upload_start(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  grit_link_upload_start_t start;
  memcpy(&start, frame->payload, GRIT_LINK_UPLOAD_START_BYTES);
  answer_result(server, &frame->header, start.slot,
                grit_bank_begin(&module->memory.bank, start.slot, start.bytes, start.sha256));
}

void grit_answer_upload_chunk(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  grit_link_upload_chunk_t chunk;
  memcpy(&chunk, frame->payload, GRIT_LINK_UPLOAD_CHUNK_BYTES);
  grit_bank_result_t result =
      grit_bank_put(&module->memory.bank, chunk.slot, chunk.offset, frame->payload + GRIT_LINK_UPLOAD_CHUNK_BYTES,
                    frame->payload_bytes - GRIT_LINK_UPLOAD_CHUNK_BYTES);
  /* Not now: `received` tells the laptop, with everything else about the slot. */
  answer_result(server, &frame->header, chunk.slot, result == GRIT_BANK_WAIT ? GRIT_BANK_DONE : result);
}

void grit_answer_read_model(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  const grit_player_model_t *factory = &module->playing.factory;
  grit_link_read_model_t wanted;
  memcpy(&wanted, frame->payload, GRIT_LINK_READ_MODEL_BYTES);
  size_t bytes = factory->bytes;
  const uint8_t *model = factory->blob;
  if (wanted.model != 0) model = grit_bank_model(&module->memory.bank, wanted.model - 1u, &bytes);
  if (model == NULL) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_PLACE, (int32_t)grit_bank_count(&module->memory.bank),
                      "there is no good model");
    return;
  }
  const size_t from = wanted.offset < bytes ? wanted.offset : bytes;
  const size_t part = bytes - from < MODEL_PART_BYTES ? bytes - from : MODEL_PART_BYTES;
  const grit_link_model_part_t answer = {.offset = (uint32_t)from, .bytes = (uint32_t)bytes, .model = wanted.model};
  grit_answer(server, &frame->header, GRIT_LINK_MODEL_PART, &answer, GRIT_LINK_MODEL_PART_BYTES, model + from, part);
}

void grit_answer_delete_model(grit_server_t *server, const grit_link_frame_t *frame) {
  const uint8_t slot = frame->payload[0];
  answer_result(server, &frame->header, slot, grit_bank_delete(&server->module->memory.bank, slot));
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

static void refuse_selection(grit_server_t *server, const grit_link_header_t *request) {
  const grit_why_t why = (grit_why_t)server->module->playing.status.why;
  grit_answer_error(server, request, GRIT_LINK_ERROR_MODEL, 0, why_not(why));
}

static void begin_selection(grit_server_t *server, const grit_link_frame_t *frame, uint8_t wanted, uint8_t bend,
                            uint8_t gate) {
  grit_module_t *module = server->module;
  if (module->stream.running) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_STREAM, (int32_t)module->stream.number,
                      "a stream is running: stop it first");
    return;
  }
  if (module->loop.running) { /* the converter is the laptop's: nothing could be faded over */
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_IN_USE, 0, "the loop is running: stop it first");
    return;
  }
  const bool same = wanted == server->selected && bend == server->selected_bend && gate == server->selected_gate;
  const bool again = same && frame->header.sequence == server->selecting.sequence;
  if (again && server->refused && module->ticks - server->refused_tick < SAME_QUESTION_BLOCKS) {
    refuse_selection(server, &frame->header); /* asked while it was tried out: it need not be tried again */
    return;
  }
  const bool begun = server->select_waits && same;
  server->selecting = frame->header;
  server->selected = wanted;
  server->selected_bend = bend;
  server->selected_gate = gate;
  server->select_waits = true;
  server->refused = false;
  if (!begun) grit_module_select(module, wanted, bend, gate); /* asked again: what was begun goes on */
}

void grit_answer_select_model(grit_server_t *server, const grit_link_frame_t *frame) {
  begin_selection(server, frame, frame->payload[0], GRIT_LINK_BEND_NONE, 0);
}

void grit_answer_select_bend(grit_server_t *server, const grit_link_frame_t *frame) {
  const uint8_t bend = frame->payload[0], gate = frame->payload[1];
  if (bend >= GRIT_BENDS || gate > GRIT_GATE_DECIBELS) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_VALUE, 0, "there is no such bend, or gate");
    return;
  }
  begin_selection(server, frame, server->module->playing.status.model, bend, gate);
}

static void answer_selected(grit_server_t *server, const grit_link_header_t *request) {
  grit_module_t *module = server->module;
  const uint8_t model = module->playing.status.model;
  if (!grit_module_selected(module)) {
    server->refused = true;
    server->refused_tick = module->ticks;
    refuse_selection(server, request);
    return;
  }
  if (module->memory.settings.model != model) {
    module->memory.settings.model = model;
    grit_store_save(&module->memory.store);
  }
  grit_answer_info(server, request);
}

void grit_answer_waiting(grit_server_t *server) {
  if (!server->select_waits || !grit_module_decided(server->module)) return;
  server->select_waits = false;
  answer_selected(server, &server->selecting);
}
