/* Which board this is, and its codec made ready. */
#ifndef GRITSPACE_DAISY_CODEC_H
#define GRITSPACE_DAISY_CODEC_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
  const char *name;       /* as the link's `info` tells it: at most 15 characters */
  bool first_block_hears; /* SAI1's block A is wired to the codec's ADC, and B to its DAC; else the other way about */
  uint16_t gain_in, gain_out; /* Q12: so that a full scale means the same voltage on every board */
  bool codec_answers;         /* it took its settings; true where there are none */
} daisy_revision_t;

#ifdef __cplusplus
extern "C" {
#endif

/* Looks at the straps, wakes the codec. 0.15 s where it is set by registers, else 2 ms. */
daisy_revision_t daisy_codec_start(void);

#ifdef __cplusplus
}
#endif

#endif
