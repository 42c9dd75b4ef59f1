/* The message about the loop through the converter. */
#include <string.h>

#include "answers/handlers.h"

static void answer_loop(grit_server_t *server, const grit_link_header_t *request, uint32_t want) {
  grit_module_t *module = server->module;
  const grit_loop_t *loop = &module->loop;
  int16_t samples[GRIT_LINK_MESSAGE_BLOCKS * GRIT_LINK_BLOCK_FRAMES];
  grit_link_loop_t answer = {.first = want};
  const int16_t *heard;
  while (answer.blocks < GRIT_LINK_MESSAGE_BLOCKS && (heard = grit_loop_heard(loop, want + answer.blocks)) != NULL) {
    memcpy(samples + answer.blocks * GRIT_LINK_BLOCK_FRAMES, heard, GRIT_LINK_BLOCK_FRAMES * sizeof *samples);
    answer.blocks++;
  }
  answer.next = loop->next;
  answer.played = loop->played;
  answer.late = loop->late;
  grit_answer(server, request, GRIT_LINK_LOOP, &answer, GRIT_LINK_LOOP_BYTES, samples,
              answer.blocks * (size_t)GRIT_LINK_BLOCK_FRAMES * sizeof *samples);
}

void grit_answer_loop_block(grit_server_t *server, const grit_link_frame_t *frame) {
  grit_module_t *module = server->module;
  grit_link_loop_block_t block;
  memcpy(&block, frame->payload, GRIT_LINK_LOOP_BLOCK_BYTES);
  const size_t block_bytes = GRIT_LINK_BLOCK_FRAMES * sizeof(int16_t);
  if (block.blocks > GRIT_LINK_MESSAGE_BLOCKS ||
      frame->payload_bytes != GRIT_LINK_LOOP_BLOCK_BYTES + block.blocks * block_bytes) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_SAMPLES, 0, "not as many samples as there are blocks");
    return;
  }
  if (module->stream.running) {
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_STREAM, (int32_t)module->stream.number,
                      "a stream is running: stop it first");
    return;
  }
  if (block.running != 0 && server->select_waits) { /* its answer waits for the instrument to play on */
    grit_answer_error(server, &frame->header, GRIT_LINK_ERROR_WAIT, 0, "another model is on its way: ask again");
    return;
  }
  if (block.running == 0) {
    grit_loop_stop(&module->loop);
  } else {
    module->loop.running = true;
    const uint8_t *samples = frame->payload + GRIT_LINK_LOOP_BLOCK_BYTES;
    bool room = block.index == module->loop.next;
    for (uint8_t b = 0; room && b < block.blocks; b++) room = grit_loop_put(&module->loop, samples + b * block_bytes);
  }
  answer_loop(server, &frame->header, block.want);
}
