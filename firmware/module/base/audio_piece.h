/* How much audio a board hands over at a time: a piece. Usually that is a whole block of 48 frames; a build with
 * -DGRIT_AUDIO_FRAMES=16 takes a third of one, so that the sound comes out 32 frames (0.7 ms) sooner each way, and
 * every piece costs its interrupt.
 *
 * Whatever moves (knobs, position, factors) still moves from block to block, in a block's first piece. So all the times
 * in blocks hold in either build, and the sound is the same to the bit. */
#ifndef GRITSPACE_AUDIO_PIECE_H
#define GRITSPACE_AUDIO_PIECE_H

#include "wire/generated/link_messages.h"

#ifndef GRIT_AUDIO_FRAMES
#define GRIT_AUDIO_FRAMES GRIT_LINK_BLOCK_FRAMES
#endif
#define GRIT_AUDIO_PIECES (GRIT_LINK_BLOCK_FRAMES / GRIT_AUDIO_FRAMES) /* in a block */

_Static_assert(GRIT_AUDIO_PIECES *GRIT_AUDIO_FRAMES == GRIT_LINK_BLOCK_FRAMES, "a block is a whole number of pieces");
_Static_assert(GRIT_AUDIO_FRAMES % 8 == 0, "the codecs' DMA moves whole cache lines");

#endif
