#include "sound/bend_feedback.h"

#include "arithmetic.h"
#include "panel/knob_curves.h"
#include "sound/limiter.h"

#define FRAMES ((int32_t)GRIT_LINK_BLOCK_FRAMES)
#define GAIN_MOST 31130 /* .95 */
#define MIDDLE_FRAMES 480
#define LEAST (48 * 256)
#define MOST (4800 * 256)
#define POLE 4096 /* about 1 kHz */

static int32_t line_at(int32_t from, int32_t to, int32_t frame) {
  return from + (to - from) * (frame + 1) / FRAMES;
}

void grit_feedback_aim(grit_feedback_t *feedback, const int32_t ways[4]) {
  int32_t delay = MIDDLE_FRAMES * (grit_exp2_q16(ways[1] * 425 / 64) >> 8); /* a decade to either side */
  if (delay < LEAST) delay = LEAST;
  if (delay > MOST) delay = MOST;
  feedback->gain_from = feedback->gain_to;
  feedback->gain_to = (ways[0] * GAIN_MOST) >> 15;
  feedback->delay_from = feedback->delay_to == 0 ? delay : feedback->delay_to;
  feedback->delay_to = delay;
  feedback->colour = ways[2];
  feedback->times = ways[3];
}

/* What comes round for a frame. */
static int32_t coming(grit_feedback_t *feedback, int32_t frame, int32_t ahead) {
  const int32_t delay = line_at(feedback->delay_from, feedback->delay_to, frame);
  int32_t at = (int32_t)feedback->at + ahead - (delay >> 8);
  if (at < 0) at += (int32_t)GRIT_FEEDBACK_FRAMES;
  if (at >= (int32_t)GRIT_FEEDBACK_FRAMES) at -= (int32_t)GRIT_FEEDBACK_FRAMES;
  const int32_t later = feedback->line[at],
                earlier = feedback->line[at == 0 ? (int32_t)GRIT_FEEDBACK_FRAMES - 1 : at - 1];
  const int32_t sample = later + (((earlier - later) * (delay & 255)) >> 8);
  feedback->low += (int32_t)(((int64_t)(sample * 256 - feedback->low) * POLE) >> 15);
  const int32_t low = feedback->low >> 8;
  if (feedback->colour < 0) return sample - (((low - sample) * (feedback->colour >> 1)) >> 14);
  return sample - ((low * feedback->colour) >> 15);
}

void grit_feedback_input(grit_feedback_t *feedback, const int16_t *in, int16_t *heard, size_t first, size_t frames) {
  for (size_t i = 0; i < frames; i++) {
    const int32_t frame = (int32_t)(first + i), gain = line_at(feedback->gain_from, feedback->gain_to, frame);
    const int32_t round = grit_saturate_word(coming(feedback, frame, (int32_t)i));
    const int32_t wide = in[i] + ((gain * round) >> 15) + ((((in[i] * round) >> 15) * feedback->times) >> 15);
    const int32_t hard = grit_saturate_word(wide), loud = 8 * (gain < 0 ? -gain : gain),
                  share = loud > 32767 ? 32767 : loud;
    heard[i] = (int16_t)(hard + (((grit_limit(wide) - hard) * share) >> 15));
  }
}

void grit_feedback_keep(grit_feedback_t *feedback, const int16_t *played, int16_t rest, size_t frames) {
  for (size_t i = 0; i < frames; i++) {
    feedback->line[feedback->at] = grit_saturate_word(played[i] - rest);
    feedback->at = feedback->at + 1u == GRIT_FEEDBACK_FRAMES ? 0u : feedback->at + 1u;
  }
}
