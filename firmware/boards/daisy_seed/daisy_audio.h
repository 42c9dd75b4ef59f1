/* Audio between the codec and the module: SAI1, two streams of DMA1, one interrupt for each GRIT_AUDIO_FRAMES frames.
 */
#ifndef GRITSPACE_DAISY_AUDIO_H
#define GRITSPACE_DAISY_AUDIO_H

#include <stdint.h>

#include "daisy_codec.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Called from the interrupt. piece: samples[channel] has been heard, and is to be what is played. done: the interrupt
 * is at its end and has taken so many cycles, conversions and all. */
typedef struct {
  void (*piece)(int16_t *const samples[2]);
  void (*done)(uint32_t cycles);
} daisy_audio_t;

void daisy_audio_start(const daisy_revision_t *revision, const daisy_audio_t *audio);

#ifdef __cplusplus
}
#endif

#endif
