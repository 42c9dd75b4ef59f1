/* Bytes on their way between an interrupt and the main loop. One side only writes `head`, the other only `tail`. */
#ifndef GRITSPACE_SIM_RING_H
#define GRITSPACE_SIM_RING_H

#include <stddef.h>
#include <stdint.h>

#define RING_BYTES 16384u /* a power of two */

typedef struct {
  uint8_t bytes[RING_BYTES];
  volatile uint32_t head; /* written so far; counts on and on */
  volatile uint32_t tail; /* read so far */
} ring_t;

static inline uint32_t ring_used(const ring_t *ring) {
  return ring->head - ring->tail;
}
static inline uint32_t ring_room(const ring_t *ring) {
  return RING_BYTES - ring_used(ring);
}

/* Only with room. */
static inline void ring_put(ring_t *ring, uint8_t byte) {
  ring->bytes[ring->head % RING_BYTES] = byte;
  ring->head = ring->head + 1u;
}

/* The longest unbroken run of waiting bytes; *count of them. */
static inline const uint8_t *ring_waiting(const ring_t *ring, size_t *count) {
  uint32_t until_wrap = RING_BYTES - ring->tail % RING_BYTES;
  *count = ring_used(ring) < until_wrap ? ring_used(ring) : until_wrap;
  return ring->bytes + ring->tail % RING_BYTES;
}

static inline void ring_take(ring_t *ring, size_t count) {
  ring->tail = ring->tail + (uint32_t)count;
}

#endif
