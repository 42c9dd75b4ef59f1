/* A gate in front of everything: what comes in below a threshold is silence. It opens within eight frames, on what is
 * still to come of a block, and not later; it stays open for 50 ms after the last peak that is not 6 dB below the
 * threshold, and then closes in 85 ms. Opens again only for the threshold itself. The readable twin, to the bit, is
 * host_tools/sound/gate.py. */
#ifndef GRITSPACE_GATE_H
#define GRITSPACE_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GRIT_GATE_FRAMES 8u     /* that are looked at together */
#define GRIT_GATE_DECIBELS 96u  /* below full scale, the lowest threshold */
#define GRIT_GATE_HOLD 2400u    /* frames */
#define GRIT_GATE_UNITY 4096    /* of the gain; down by one a frame */
#define GRIT_GATE_OPEN_STEP 512 /* up, a frame */

typedef struct {
  uint8_t decibels; /* below full scale, where it opens; 0: there is none, and nothing is done */
  bool open;
  int32_t opens, closes; /* peaks; 32768 is full scale */
  int32_t gain;          /* 0..GRIT_GATE_UNITY */
  uint32_t left;         /* frames that it is held for yet */
} grit_gate_t;

/* decibels: up to GRIT_GATE_DECIBELS, more is as many; 0: none. Closed. */
void grit_gate_open(grit_gate_t *gate, uint8_t decibels);

/* As if silence had been heard for ever. */
void grit_gate_restart(grit_gate_t *gate);

/* frames: a multiple of GRIT_GATE_FRAMES. */
void grit_gate_process(grit_gate_t *gate, const int16_t *in, int16_t *heard, size_t frames);

#endif
