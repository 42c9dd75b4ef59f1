/* The engine: runs an integer model (int8 weights, int16 activations) one block of audio at a time.
 *
 * Portable C11, freestanding: no heap, no HAL, nothing of libc but string.h; no floating point, no recursion.
 * All memory is the caller's. A model blob (.grit) is used in place: it must stay where it is, 4-byte aligned.
 */
#ifndef GRITSPACE_ENGINE_H
#define GRITSPACE_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "chunk.h"
#include "model.h"
#include "regions.h"

typedef struct grit_engine grit_engine_t;

/* Bytes of state an engine for this model needs in one piece, alignment included. Depends on the model alone. */
size_t grit_engine_state_bytes(const grit_model_t *model);

/* Lays an engine out in `arena` (8-byte aligned) and starts it in the state silence leaves at `position`.
 * position: model->position_count int16 in Q15 (-1..1), or NULL for the model's default position. The model (struct and
 * blob) must outlive the engine. NULL if the arena is too small or misaligned. */
grit_engine_t *grit_engine_open(const grit_model_t *model, void *arena, size_t arena_bytes, const int16_t *position);

/* The same in two kinds of memory. Where the state does not fit into the fast one, the histories that are touched least
 * for their size (the longest: each block reads and writes a few short stretches of them) lie in the slow one, behind
 * whose cache they cost little. Where not even weights and scratch fit, all is slow. The sound is the same to the bit.
 */
grit_engine_t *grit_engine_open_in(const grit_model_t *model, const grit_engine_memory_t *memory,
                                   const int16_t *position);

/* Bytes an engine takes of each where there are so many of the fast one. */
grit_engine_need_t grit_engine_need(const grit_model_t *model, size_t fast_bytes);

/* The least fast memory that holds what is used most: with less, all of the engine is slow. */
size_t grit_engine_core(const grit_model_t *model);

/* Back to silence at `position` (NULL: the default position). */
void grit_engine_reset(grit_engine_t *engine, const int16_t *position);

/* Moves to a position: gains and biases run from where they are to where they should be over the next GRIT_RAMP_FRAMES
 * frames, in GRIT_RAMP_STEPS equal steps. A position set in mid-ramp waits for the ramp's end; of several, the last
 * counts. So a moving position costs an evaluation of the FiLM network every GRIT_RAMP_FRAMES and new rows every step,
 * however often it is set. Never clicks, but moving far in one call is a fast sweep: a caller that wants a glide moves
 * a little every block. */
void grit_engine_set_position(grit_engine_t *engine, const int16_t *position);

/* in, out: `frames` samples in Q15 (may be the same buffer). Any number of frames; the output does not depend on how
 * the audio is cut into blocks. The output's full scale is 2^model->output_shift. */
void grit_engine_process(grit_engine_t *engine, const int16_t *in, int16_t *out, size_t frames);

#endif
