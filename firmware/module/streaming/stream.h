/* A stream: audio that comes over the link instead of the converter. Each stream_block is processed once and in order;
 * the last answers are kept, so that a repeated question gets the same answer and nothing is played twice. */
#ifndef GRITSPACE_STREAM_H
#define GRITSPACE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/load.h"
#include "base/work_meter.h"
#include "sound/instrument.h"
#include "wire/generated/link_messages.h"

#define GRIT_STREAM_MAX_TARGET (GRIT_LINK_POSITION_COUNT + 3u) /* a position and the live path's knobs */
#define GRIT_STREAM_SAMPLES (GRIT_LINK_MESSAGE_BLOCKS * GRIT_LINK_BLOCK_FRAMES)

typedef struct {
  grit_link_stream_reply_t fixed;
  int16_t samples[GRIT_STREAM_SAMPLES];
  size_t sample_count;
} grit_stream_answer_t;

/* Who plays a stream's blocks. */
typedef struct {
  size_t count; /* numbers in a target, at most GRIT_STREAM_MAX_TARGET */
  void *context;
  void (*head_for)(void *context, const int16_t *target);
  void (*play)(void *context, const int16_t *in, int16_t *out); /* GRIT_LINK_BLOCK_FRAMES */
} grit_stream_player_t;

typedef struct {
  grit_stream_player_t player;
  bool running;
  uint32_t number; /* the running stream's, or the last one's; 0: none yet */
  uint32_t next;   /* index of the stream_block that comes next */
  uint32_t repeats;
  grit_stream_answer_t answers[GRIT_LINK_CREDITS]; /* of index i in i % GRIT_LINK_CREDITS */
} grit_stream_t;

typedef enum {
  GRIT_STREAM_ANSWER,     /* *answer is what to send */
  GRIT_STREAM_WRONG_TURN, /* neither the next block nor a remembered one: say which is next */
  GRIT_STREAM_NOT_RUNNING,
  GRIT_STREAM_BAD_LENGTH, /* the payload is shorter or longer than its blocks and moves */
  GRIT_STREAM_BAD_BLOCKS  /* no blocks, too many, or moves of blocks that are not there */
} grit_stream_outcome_t;

/* The engine alone, from silence at a position. */
grit_stream_player_t grit_stream_engine(grit_instrument_t *instrument, const int16_t *position);

/* Begins. */
void grit_stream_start(grit_stream_t *stream, uint32_t number, const grit_stream_player_t *player);

/* A stream_block's payload. */
grit_stream_outcome_t grit_stream_take(grit_stream_t *stream, grit_load_t *load, const grit_work_meter_t *meter,
                                       const uint8_t *payload, size_t payload_bytes,
                                       const grit_stream_answer_t **answer);

#endif
