/* A voice: one model, opened, tried out and ready to be heard, on one channel or two. */
#ifndef GRITSPACE_VOICE_H
#define GRITSPACE_VOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/work_meter.h"
#include "sound/dc_blocker.h"
#include "sound/hush.h"
#include "sound/instrument.h"

#define GRIT_VOICE_CHANNELS 2u

/* What a voice is given. */
typedef struct {
  grit_engine_memory_t memory;
  const grit_work_meter_t *meter;
  uint32_t budget;        /* work there is time for in a block; 0: unknown, and then everything is quick enough */
  uint32_t most_products; /* in a frame that no processor like this one has time for more of; 0: unknown */
} grit_voice_means_t;

typedef struct {
  grit_instrument_t channels[GRIT_VOICE_CHANNELS];
  grit_dc_blocker_t dc[GRIT_VOICE_CHANNELS]; /* of each voice its own, so that no offset is faded in or out */
  grit_hush_t hush[GRIT_VOICE_CHANNELS];
  grit_engine_memory_t places[GRIT_VOICE_CHANNELS]; /* where their states lie */
  volatile uint8_t channel_count;                   /* 0: no model; 1: for both outputs; 2: one each */
  uint8_t delay;                                    /* of the model, in frames: how late the dry sound must be */
  uint32_t work; /* of one channel's block, all its pieces as dear as the dearest, with a moving position; 0: unknown */
} grit_voice_t;

typedef enum {
  GRIT_VOICE_GOOD = 0,
  GRIT_VOICE_BAD_MODEL = 1, /* channels[0].status says why */
  GRIT_VOICE_TOO_LARGE = 2, /* no memory for its state, even alone */
  GRIT_VOICE_TOO_SLOW = 3,  /* not in real time */
  GRIT_VOICE_NO_ROOM = 4    /* not beside the other voice in memory as quick as it would have alone */
} grit_voice_outcome_t;

/* Opens a model at a place, tries it out (no longer than a block
 * that is over budget), and takes a second channel if memory and time allow. beside: a voice whose memory must be left
 * alone, or NULL. From the main loop; the voice must not be heard. What is not good has channel_count 0. */
grit_voice_outcome_t grit_voice_open(grit_voice_t *voice, const void *blob, size_t blob_bytes,
                                     const grit_place_t *where, const grit_voice_means_t *means,
                                     const grit_voice_t *beside);

/* A voice without a model: silence. */
void grit_voice_close(grit_voice_t *voice);

/* What all of its channels cost in a block. */
uint32_t grit_voice_work(const grit_voice_t *voice);

/* Some dimensions (bit by bit) of every channel go to a position's at once. Beyond the model's dimensions: nothing. */
void grit_voice_jump(grit_voice_t *voice, uint32_t dimensions, const int16_t *position);

/* Every channel heads for a position. */
void grit_voice_head_for(grit_voice_t *voice, const int16_t *position);

/* Back to silence, at a position of `count` numbers; the others are the model's default. Without a model: nothing. */
void grit_voice_restart(grit_voice_t *voice, const int16_t *position, size_t count);

/* A piece of both inputs -> a piece for both outputs, 32768 being full scale, without an offset. With one
 * channel the mean is played. piece: which one of the block. */
void grit_voice_process(grit_voice_t *voice, size_t piece, int16_t in[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES],
                        int32_t out[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES]);

#endif
