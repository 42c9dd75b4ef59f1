#include "streaming/stream.h"

#include <string.h>

static void head_for(void *context, const int16_t *target) {
  grit_instrument_t *instrument = context;
  grit_glide_head_for(&instrument->glide, target);
}

static void play(void *context, const int16_t *in, int16_t *out) {
  grit_instrument_process(context, in, out);
}

grit_stream_player_t grit_stream_engine(grit_instrument_t *instrument, const int16_t *position) {
  grit_instrument_restart(instrument, position);
  return (grit_stream_player_t){
      .count = instrument->position_count, .context = instrument, .head_for = head_for, .play = play};
}

void grit_stream_start(grit_stream_t *stream, uint32_t number, const grit_stream_player_t *player) {
  stream->player = *player;
  stream->running = true;
  stream->number = number;
  stream->next = 0;
}

static size_t bits_set(uint8_t bits) {
  size_t count = 0;
  for (; bits != 0; bits &= (uint8_t)(bits - 1)) count++;
  return count;
}

/* payload: of checked length; nothing of it is aligned to more than a byte. */
static void process(const grit_stream_player_t *player, grit_load_t *load, const grit_work_meter_t *meter,
                    const grit_link_stream_block_t *block, const uint8_t *data, grit_stream_answer_t *answer) {
  size_t target_bytes = player->count * sizeof(int16_t);
  const uint8_t *samples = data + bits_set(block->moves) * target_bytes;
  for (size_t b = 0; b < block->blocks; b++) {
    int16_t in[GRIT_LINK_BLOCK_FRAMES];
    memcpy(in, samples + b * sizeof in, sizeof in);
    if (block->moves >> b & 1u) {
      int16_t target[GRIT_STREAM_MAX_TARGET];
      memcpy(target, data, target_bytes);
      data += target_bytes;
      player->head_for(player->context, target);
    }
    meter->begin();
    player->play(player->context, in, answer->samples + b * GRIT_LINK_BLOCK_FRAMES);
    answer->fixed.work[b] = meter->end();
    grit_load_add(load, answer->fixed.work[b]);
  }
}

grit_stream_outcome_t grit_stream_take(grit_stream_t *stream, grit_load_t *load, const grit_work_meter_t *meter,
                                       const uint8_t *payload, size_t payload_bytes,
                                       const grit_stream_answer_t **answer) {
  grit_link_stream_block_t block = {0};
  if (payload_bytes < GRIT_LINK_STREAM_BLOCK_BYTES) return GRIT_STREAM_BAD_LENGTH;
  memcpy(&block, payload, GRIT_LINK_STREAM_BLOCK_BYTES);
  if (!stream->running || block.stream != stream->number) return GRIT_STREAM_NOT_RUNNING;
  if (block.blocks == 0 || block.blocks > GRIT_LINK_MESSAGE_BLOCKS || block.moves >> block.blocks != 0) {
    return GRIT_STREAM_BAD_BLOCKS;
  }
  size_t data_count = bits_set(block.moves) * stream->player.count + block.blocks * (size_t)GRIT_LINK_BLOCK_FRAMES;
  if (payload_bytes != GRIT_LINK_STREAM_BLOCK_BYTES + data_count * sizeof(int16_t)) return GRIT_STREAM_BAD_LENGTH;

  grit_stream_answer_t *slot = &stream->answers[block.index % GRIT_LINK_CREDITS];
  *answer = slot;
  if (block.index == stream->next) {
    memset(&slot->fixed, 0, sizeof slot->fixed);
    process(&stream->player, load, meter, &block, payload + GRIT_LINK_STREAM_BLOCK_BYTES, slot);
    slot->fixed.stream = block.stream;
    slot->fixed.index = block.index;
    slot->fixed.credits = GRIT_LINK_CREDITS;
    slot->sample_count = block.blocks * (size_t)GRIT_LINK_BLOCK_FRAMES;
    stream->next++;
    return GRIT_STREAM_ANSWER;
  }
  if (block.index < stream->next && stream->next - block.index <= GRIT_LINK_CREDITS) {
    stream->repeats++;
    return GRIT_STREAM_ANSWER;
  }
  return GRIT_STREAM_WRONG_TURN;
}
