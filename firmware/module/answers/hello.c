/* The messages about who the module is, how it does, and how it starts anew. */
#include <string.h>

#include "answers/handlers.h"

void grit_answer_info(grit_server_t *server, const grit_link_header_t *request) {
  grit_module_t *module = server->module;
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
      .glide_blocks = GRIT_LINK_GLIDE_BLOCKS,
      .credits = GRIT_LINK_CREDITS,
      .message_blocks = GRIT_LINK_MESSAGE_BLOCKS,
      .work_unit = module->board->work_unit,
  };
  if (instrument->status == GRIT_OK) {
    info.position_count = instrument->position_count;
    info.output_shift = (int16_t)instrument->model.output_shift;
    grit_answer_copy_text(info.model_name, sizeof info.model_name, instrument->model.name);
  }
  memcpy(info.model_sha256, module->model_sha256, sizeof info.model_sha256);
  grit_answer_copy_text(info.firmware_version, sizeof info.firmware_version, GRIT_FIRMWARE_VERSION);
  grit_answer_copy_text(info.board, sizeof info.board, module->board->name);
  server->position_sequence_known = false;
  grit_answer(server, request, GRIT_LINK_INFO, &info, GRIT_LINK_INFO_BYTES, NULL, 0);
}

void grit_answer_hello(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_answer_info(server, &frame->header);
}

void grit_answer_get_status(grit_server_t *server, const grit_link_frame_t *frame) {
  const grit_link_header_t *request = &frame->header;
  grit_module_t *module = server->module;
  grit_link_status_t status = {
      .blocks = module->load.blocks,
      .xruns = module->load.xruns,
      .work_p50 = grit_load_percentile(&module->load, 50),
      .work_p99 = grit_load_percentile(&module->load, 99),
      .work_max = module->load.max,
      .frames_good = server->receiver.frames_good,
      .crc_errors = server->receiver.crc_errors,
      .frame_errors = server->receiver.frame_errors,
      .repeats = module->stream.repeats,
      .streaming = module->stream.running ? module->stream.number : 0,
  };
  grit_answer(server, request, GRIT_LINK_STATUS, &status, GRIT_LINK_STATUS_BYTES, NULL, 0);
}

void grit_answer_reboot(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  uint8_t into = frame->payload[0];
  if (module->board->reboot == NULL || into > GRIT_LINK_REBOOT_DFU) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_BOARD, 0, "this board cannot do that");
    return;
  }
  module->reboot_into = into;
  module->reboot_tick = module->ticks;
  module->reboot_wanted = true;
  grit_answer(server, &frame->header, GRIT_LINK_REBOOTING, &into, 1, NULL, 0);
}
