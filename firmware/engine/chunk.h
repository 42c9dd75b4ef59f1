/* How the engine cuts time. */
#ifndef GRITSPACE_CHUNK_H
#define GRITSPACE_CHUNK_H

#define GRIT_CHUNK_FRAMES 48u /* most frames taken through the network at once: one millisecond */

/* A moving position takes so many frames and steps from one target to the next. */
#define GRIT_RAMP_FRAMES 192
#define GRIT_RAMP_STEPS 4

#endif
