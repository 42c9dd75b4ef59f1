/* The live path under a stream: what a laptop sends is heard as the converter hears it, with gain, dry sound, level and
 * limiter around the engine, under knobs that the laptop turns. In the left channel. */
#ifndef GRITSPACE_LIVE_H
#define GRITSPACE_LIVE_H

#include "sound/playing.h"
#include "streaming/stream.h"

#define GRIT_LIVE_KNOBS 3u /* behind the position: gain, mix, level; -32768..32767 is the whole turn */

typedef struct {
  grit_playing_t *playing;
  grit_levels_t levels;
} grit_live_t;

/* A player of streams, settled at a target (a position, then the knobs) and after silence. The model's own trim counts,
 * not a preset's. playing: handed out, with a model. */
grit_stream_player_t grit_live_start(grit_live_t *live, grit_playing_t *playing, const int16_t *target);

#endif
