#include "sound/voice.h"

#include <string.h>

#include "base/copy_words.h"
#include "base/generated/real_time.h"
#include "sound/delay_finder.h"
#include "sound/mixer.h"

#define TRIAL_BLOCKS 4u
#define TRIAL_PEAK 4096 /* -18 dBFS */
#define POSITION_WAY 64 /* of a position, Q15 a block */
#define KNOB_WAY 1024   /* of a snapshot's knobs, or a bend's: out of their middles */
#define ALIGNMENT 32u   /* a cache line of the Cortex-M7 */
#define TAKEN_PLACES (2u * GRIT_VOICE_CHANNELS)

/* Of a block's time that two channels may take, in percent; one may take GRIT_LIMIT_PERCENT. */
#define STEREO_PERCENT 93u

static size_t rounded(size_t bytes) {
  return (bytes + ALIGNMENT - 1u) & ~(size_t)(ALIGNMENT - 1u);
}

/* The longest stretch of a region that begins at `at` and meets nothing taken. */
static grit_region_t stretch_from(uint8_t *at, const grit_region_t *region, const grit_region_t *taken, size_t count) {
  if (region->bytes == 0) return (grit_region_t){NULL, 0}; /* a board without such memory */
  uint8_t *end = region->at + region->bytes;
  if (at < region->at || at > end) return (grit_region_t){NULL, 0};
  for (size_t i = 0; i < count; i++) {
    if (taken[i].bytes == 0 || taken[i].at + taken[i].bytes <= at || taken[i].at >= end) continue;
    end = taken[i].at > at ? taken[i].at : at;
  }
  return (grit_region_t){at, (size_t)(end - at)};
}

/* The longest free stretch: from a region's beginning, or from behind something taken. */
static grit_region_t free_of(const grit_region_t *region, const grit_region_t *taken, size_t count) {
  grit_region_t best = stretch_from(region->at, region, taken, count);
  for (size_t i = 0; i < count; i++) {
    if (taken[i].bytes == 0) continue;
    const grit_region_t behind = stretch_from(taken[i].at + taken[i].bytes, region, taken, count);
    if (behind.bytes > best.bytes) best = behind;
  }
  return best;
}

/* Where a model's state and `more` bytes of a bend's would lie beside what is taken. False if there is not enough
 * memory.
 */
static bool place(const grit_voice_means_t *means, const grit_engine_memory_t *taken, size_t count,
                  const grit_instrument_t *instrument, size_t more, grit_engine_memory_t *found) {
  grit_region_t fast[TAKEN_PLACES], slow[TAKEN_PLACES];
  for (size_t i = 0; i < count; i++) {
    fast[i] = taken[i].fast;
    slow[i] = taken[i].slow;
  }
  *found = (grit_engine_memory_t){free_of(&means->memory.fast, fast, count), free_of(&means->memory.slow, slow, count)};
  const size_t more_slow = means->memory.slow.bytes > 0 ? more : 0, more_fast = more - more_slow;
  if (more_fast > found->fast.bytes) return false;
  const grit_engine_need_t need = grit_instrument_need(instrument, found->fast.bytes - more_fast);
  if (need.slow + more_slow > found->slow.bytes) return false;
  found->fast.bytes = (need.fast > 0 ? rounded(need.fast) : 0) + more_fast;
  found->slow.bytes = (need.slow > 0 ? rounded(need.slow) : 0) + more_slow;
  return true;
}

static bool in_time(const grit_voice_means_t *means, uint64_t work, uint32_t percent) {
  const uint64_t around = (uint64_t)means->budget * GRIT_AROUND_CYCLES / GRIT_FRAME_CYCLES;
  return means->budget == 0 || work + around <= (uint64_t)means->budget * percent / 100u;
}

/* The instrument's work on a few frames, as the meter has it; 0 where nothing is measured. */
static uint32_t work_of_first_frames(const grit_voice_means_t *means, grit_instrument_t *instrument, const int16_t *in,
                                     int16_t *out) {
  if (means->budget == 0) return 0;
  means->meter->begin();
  grit_instrument_try(instrument, in, out);
  return means->meter->end();
}

/* Four blocks of noise while the position moves: what the dearest costs, and how late the model is. Ends with the first
 * piece that is over budget: then the work is known to be too much, and nothing else is of interest. The first block
 * fills the caches, and may take twice its time. Before it eight frames may take a block's, six times their own, while
 * the caches hold nothing: kernels for shapes that nobody trains need nine cycles a product, a pair of captures has
 * twice as many layers, and a whole block of the dearest would hold the main loop for 80 ms. */
static void try_out(grit_voice_t *voice, const grit_voice_means_t *means) {
  grit_instrument_t *instrument = &voice->channels[0];
  int16_t in[TRIAL_BLOCKS * GRIT_LINK_BLOCK_FRAMES], out[TRIAL_BLOCKS * GRIT_LINK_BLOCK_FRAMES];
  int16_t position[GRIT_LINK_POSITION_COUNT];
  uint32_t noise = 1;
  for (size_t i = 0; i < sizeof in / sizeof in[0]; i++) {
    noise = noise * 1664525u + 1013904223u;
    in[i] = (int16_t)((int32_t)(noise >> 19) - TRIAL_PEAK);
  }
  voice->work = work_of_first_frames(means, instrument, in, out);
  if (!in_time(means, voice->work, GRIT_LIMIT_PERCENT)) return;
  voice->work = 0;
  for (size_t n = 0; n < (size_t)TRIAL_BLOCKS * GRIT_AUDIO_PIECES; n++) {
    // cppcheck-suppress moduloofone ; a block has several pieces when 16 frames are taken at a time
    const size_t piece = n % GRIT_AUDIO_PIECES, at = n * GRIT_AUDIO_FRAMES;
    const bool knobs = instrument->model.film == NULL || instrument->bend.kind != GRIT_BEND_NONE;
    const int32_t way = knobs ? KNOB_WAY : POSITION_WAY;
    // cppcheck-suppress knownConditionTrueFalse ; as above
    for (size_t i = 0; piece == 0 && i < instrument->position_count; i++) {
      const int16_t here = instrument->glide.current[i];
      position[i] = (int16_t)(here > 0 ? here - way : here + way);
    }
    // cppcheck-suppress knownConditionTrueFalse ; as above
    if (piece == 0) grit_glide_jump(&instrument->glide, UINT32_MAX, position);
    if (means->budget > 0) means->meter->begin();
    grit_instrument_piece(instrument, piece, in + at, out + at);
    const uint32_t work = means->budget > 0 ? means->meter->end() * (uint32_t)GRIT_AUDIO_PIECES : 0;
    const bool cold = n < GRIT_AUDIO_PIECES;
    if (!in_time(means, work, cold ? 2u * GRIT_LIMIT_PERCENT : GRIT_LIMIT_PERCENT)) {
      voice->work = work;
      return;
    }
    if (!cold && work > voice->work) voice->work = work;
  }
  voice->delay = grit_find_delay(in, out, sizeof in / sizeof in[0]);
}

void grit_voice_close(grit_voice_t *voice) {
  voice->channel_count = 0;
  for (unsigned c = 0; c < GRIT_VOICE_CHANNELS; c++) voice->channels[c].engine = NULL;
  memset(voice->places, 0, sizeof voice->places);
  voice->delay = 0;
  voice->work = 0;
}

static size_t bytes_of_bend(const grit_place_t *where) {
  return where->bend == GRIT_BEND_NONE ? 0 : GRIT_BEND_STATE_BYTES;
}

static grit_voice_outcome_t open_first(grit_voice_t *voice, const void *blob, size_t blob_bytes,
                                       const grit_place_t *where, const grit_voice_means_t *means,
                                       const grit_voice_t *beside) {
  grit_instrument_t *instrument = &voice->channels[0];
  const grit_engine_memory_t none = {{NULL, 0}, {NULL, 0}};
  grit_instrument_open(instrument, blob, blob_bytes, &none); /* to know its size */
  if (instrument->status != GRIT_OK) return GRIT_VOICE_BAD_MODEL;
  if (means->most_products > 0 && grit_instrument_products(instrument) > means->most_products)
    return GRIT_VOICE_TOO_SLOW;
  grit_engine_memory_t alone, found;
  const size_t more = bytes_of_bend(where);
  if (!place(means, NULL, 0, instrument, more, &alone)) return GRIT_VOICE_TOO_LARGE;
  found = alone;
  if (beside != NULL && (!place(means, beside->places, GRIT_VOICE_CHANNELS, instrument, more, &found) ||
                         found.fast.bytes < alone.fast.bytes)) {
    return GRIT_VOICE_NO_ROOM;
  }
  voice->places[0] = found;
  grit_instrument_open_at(instrument, blob, blob_bytes, &found, where);
  return GRIT_VOICE_GOOD;
}

/* The other channel, if there is room for it too. */
static bool open_second(grit_voice_t *voice, const void *blob, size_t blob_bytes, const grit_place_t *where,
                        const grit_voice_means_t *means, const grit_voice_t *beside) {
  grit_engine_memory_t taken[1u + GRIT_VOICE_CHANNELS] = {voice->places[0]};
  if (beside != NULL) memcpy(taken + 1, beside->places, sizeof beside->places);
  grit_engine_memory_t found;
  if (!place(means, taken, sizeof taken / sizeof taken[0], &voice->channels[0], bytes_of_bend(where), &found))
    return false;
  voice->places[1] = found;
  return grit_instrument_open_at(&voice->channels[1], blob, blob_bytes, &found, where);
}

grit_voice_outcome_t grit_voice_open(grit_voice_t *voice, const void *blob, size_t blob_bytes,
                                     const grit_place_t *where, const grit_voice_means_t *means,
                                     const grit_voice_t *beside) {
  grit_voice_close(voice);
  const grit_voice_outcome_t outcome = open_first(voice, blob, blob_bytes, where, means, beside);
  if (outcome != GRIT_VOICE_GOOD) return outcome;
  try_out(voice, means);
  if (!in_time(means, voice->work, GRIT_LIMIT_PERCENT)) {
    grit_voice_close(voice);
    return GRIT_VOICE_TOO_SLOW;
  }
  const bool stereo =
      in_time(means, 2u * voice->work, STEREO_PERCENT) && open_second(voice, blob, blob_bytes, where, means, beside);
  voice->channel_count = stereo ? 2u : 1u;
  const bool bent = voice->channels[0].bend.kind != GRIT_BEND_NONE;
  grit_voice_restart(voice, bent ? where->turns : where->position, bent ? GRIT_BEND_KNOBS : where->count);
  return GRIT_VOICE_GOOD;
}

uint32_t grit_voice_work(const grit_voice_t *voice) {
  return voice->work * voice->channel_count;
}

GRIT_FAST_CODE void grit_voice_jump(grit_voice_t *voice, uint32_t dimensions, const int16_t *position) {
  for (size_t c = 0; c < voice->channel_count; c++) grit_glide_jump(&voice->channels[c].glide, dimensions, position);
}

GRIT_FAST_CODE void grit_voice_head_for(grit_voice_t *voice, const int16_t *position) {
  for (size_t c = 0; c < voice->channel_count; c++) grit_glide_head_for(&voice->channels[c].glide, position);
}

/* At the converter's scale; clamped, so that the DC blocker cannot overflow. */
static inline int32_t widened(int16_t engine_sample, uint32_t shift) {
  const int32_t sample = engine_sample * ((int32_t)1 << shift); /* at most 2^15 */
  if (sample > GRIT_DC_MAX_INPUT) return GRIT_DC_MAX_INPUT;
  return sample < -GRIT_DC_MAX_INPUT ? -GRIT_DC_MAX_INPUT : sample;
}

/* The engine starts as if it had always heard silence, and so does the DC blocker: it knows what comes out then. */
void grit_voice_restart(grit_voice_t *voice, const int16_t *position, size_t count) {
  for (size_t c = 0; c < voice->channel_count; c++) {
    grit_instrument_t *instrument = &voice->channels[c];
    const int16_t *rest = grit_instrument_default(instrument);
    int16_t whole[GRIT_LINK_POSITION_COUNT];
    for (size_t i = 0; i < instrument->position_count; i++) whole[i] = i < count ? position[i] : rest[i];
    grit_instrument_restart(instrument, whole);
    voice->dc[c].mean =
        widened(grit_instrument_rest(instrument), instrument->model.output_shift) * (1 << GRIT_DC_FRACTION);
    grit_instrument_restart(instrument, whole);
    grit_hush_start(&voice->hush[c]);
  }
}

/* One channel's piece, out of the engine and without an offset. */
static GRIT_FAST_CODE void play(grit_voice_t *voice, unsigned channel, size_t piece, const int16_t *in, int32_t *out) {
  grit_instrument_t *instrument = &voice->channels[channel];
  grit_hush_t *hush = &voice->hush[channel];
  int16_t samples[GRIT_AUDIO_FRAMES];
  grit_instrument_piece(instrument, piece, in, samples);
  grit_dc_blocker_t dc = voice->dc[channel];
  const uint32_t memory_frames = instrument->model.header->receptive_field + instrument->impulse.count;
  const uint32_t shift = instrument->model.output_shift;
  for (size_t at = 0; at < GRIT_AUDIO_FRAMES; at += GRIT_HUSH_FRAMES) {
    grit_hush_listen(hush, in + at, piece == 0 && at == 0 && instrument->moved, memory_frames);
    for (size_t i = at; i < at + GRIT_HUSH_FRAMES; i++) out[i] = grit_dc_block(&dc, widened(samples[i], shift));
    if (grit_hush_is_open(hush)) continue;
    for (size_t i = at; i < at + GRIT_HUSH_FRAMES; i++) out[i] = grit_hush(hush, out[i]);
  }
  voice->dc[channel] = dc;
}

GRIT_FAST_CODE void grit_voice_process(grit_voice_t *voice, size_t piece,
                                       int16_t in[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES],
                                       int32_t out[GRIT_VOICE_CHANNELS][GRIT_AUDIO_FRAMES]) {
  const unsigned count = voice->channel_count;
  if (count == 2u) {
    for (unsigned c = 0; c < 2u; c++) play(voice, c, piece, in[c], out[c]);
    return;
  }
  if (count == 1u) {
    int16_t both[GRIT_AUDIO_FRAMES];
    for (size_t i = 0; i < GRIT_AUDIO_FRAMES; i += 2u) { /* by twos: each waits in the other's shadow */
      const int32_t a = in[0][i] + in[1][i], b = in[0][i + 1u] + in[1][i + 1u];
      both[i] = (int16_t)(a >> 1);
      both[i + 1u] = (int16_t)(b >> 1);
    }
    play(voice, 0, piece, both, out[0]);
  } else {
    memset(out[0], 0, sizeof out[0]);
  }
  grit_copy_words(out[1], out[0], sizeof out[0]);
}
