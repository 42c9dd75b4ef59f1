/* What lies around the engine, on this computer, for tests. */
#include "panel/knob_curves.h"
#include "sound/dc_blocker.h"
#include "sound/hush.h"
#include "sound/limiter.h"
#include "sound/mixer.h"

void host_curves(const uint16_t *knobs, size_t count, int32_t *gain, int32_t *level, int32_t *mix);
void host_limit(const int32_t *samples, size_t count, int16_t *limited);
void host_dc_block(const int32_t *samples, size_t count, int32_t *out);
void host_hush(const int16_t *heard, const uint8_t *moved, size_t blocks, uint32_t memory_frames, int32_t *samples);
void host_mixer(const grit_levels_t *levels, const uint8_t *delays, size_t blocks, const int16_t *in,
                const int32_t *wet, int16_t *engine_in, int16_t *out, uint16_t *peaks);

void host_curves(const uint16_t *knobs, size_t count, int32_t *gain, int32_t *level, int32_t *mix) {
  for (size_t i = 0; i < count; i++) {
    gain[i] = grit_gain_of_knob(knobs[i]);
    level[i] = grit_level_of_knob(knobs[i]);
    mix[i] = grit_mix_of_knob(knobs[i]);
  }
}

void host_limit(const int32_t *samples, size_t count, int16_t *limited) {
  for (size_t i = 0; i < count; i++) limited[i] = grit_limit(samples[i]);
}

void host_dc_block(const int32_t *samples, size_t count, int32_t *out) {
  grit_dc_blocker_t blocker = {0};
  for (size_t i = 0; i < count; i++) out[i] = grit_dc_block(&blocker, samples[i]);
}

void host_hush(const int16_t *heard, const uint8_t *moved, size_t blocks, uint32_t memory_frames, int32_t *samples) {
  grit_hush_t hush;
  grit_hush_start(&hush);
  for (size_t at = 0; at < blocks * GRIT_LINK_BLOCK_FRAMES; at++) {
    const size_t frame = at % GRIT_LINK_BLOCK_FRAMES;
    if (frame % GRIT_HUSH_FRAMES == 0)
      grit_hush_listen(&hush, heard + at, frame == 0 && moved[at / GRIT_LINK_BLOCK_FRAMES] != 0u, memory_frames);
    samples[at] = grit_hush(&hush, samples[at]);
  }
}

/* Block by block: levels and delays, what comes in and what the engine makes of it -> what the engine hears, what is
 * heard, the peaks in and out. One channel. */
void host_mixer(const grit_levels_t *levels, const uint8_t *delays, size_t blocks, const int16_t *in,
                const int32_t *wet, int16_t *engine_in, int16_t *out, uint16_t *peaks) {
  grit_mixer_t mixer;
  grit_mixer_start(&mixer);
  for (size_t b = 0; b < blocks; b++) {
    const size_t at = b * GRIT_LINK_BLOCK_FRAMES;
    grit_mixer_delay(&mixer, delays[b]);
    grit_mixer_begin(&mixer, &levels[b]);
    for (size_t piece = 0; piece < GRIT_AUDIO_PIECES; piece++) {
      const size_t from = at + piece * GRIT_AUDIO_FRAMES;
      grit_mixer_input(&mixer, piece, in + from, engine_in + from);
      grit_mixer_output(&mixer, piece, 0, in + from, wet + from, out + from);
    }
    peaks[2 * b] = mixer.peak_in;
    peaks[2 * b + 1] = mixer.peak_out;
  }
}
