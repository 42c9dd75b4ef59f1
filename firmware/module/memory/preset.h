/* A preset: a sound that the module can go back to. Kept in the store as it is here, so its layout is part of the
 * store's version. */
#ifndef GRITSPACE_PRESET_H
#define GRITSPACE_PRESET_H

#include <stdint.h>

#define GRIT_PRESET_COUNT 16u
#define GRIT_PRESET_PLAYED 4u
#define GRIT_PRESET_STORED 12u

#define GRIT_PRESET_MODEL_FACTORY 0u /* of `model`: the one in internal flash; n: the bank's n - 1 */

/* A level of 1; the largest, 32767, is about 8 (18 dB). */
#define GRIT_PRESET_LEVEL_UNITY 4096

typedef struct {
  int16_t played[GRIT_PRESET_PLAYED]; /* Q15; the model's first dimensions */
  int16_t stored[GRIT_PRESET_STORED]; /* Q15; those behind them. What a model does not have is 0 */
  int16_t level_q12;                  /* behind the model, so that presets match in loudness; 0..32767 */
  uint8_t model;
  uint8_t used; /* 0: this place is empty; 1: it is not */
} grit_preset_t;

/* A preset's bend: which one (0: none), and where its four knobs are, Q15. What it lies on is the preset's position.
 * And the gate in front: where it opens, in dB below full scale; 0: none. */
typedef struct {
  int16_t turns[GRIT_PRESET_PLAYED];
  uint8_t kind;
  uint8_t gate;
} grit_preset_bend_t;

_Static_assert(sizeof(grit_preset_bend_t) == 10, "no padding");

#define GRIT_PRESET_BENDS 5u /* kinds, none among them */
#define GRIT_PRESET_GATE 96u /* dB below full scale, the lowest threshold */
#define GRIT_MODEL_ID_BYTES 8u

/* Which model: the beginning of its SHA-256. All zeros: not known. */
typedef struct {
  uint8_t bytes[GRIT_MODEL_ID_BYTES];
} grit_model_id_t;

_Static_assert(sizeof(grit_preset_t) == 36, "a preset has no padding");

#endif
