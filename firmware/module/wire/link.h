/* The link's frames: COBS(header, payload, CRC-32) and a zero byte. Nothing here knows what a message means. */
#ifndef GRITSPACE_LINK_H
#define GRITSPACE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/generated/link_messages.h"

#define GRIT_LINK_CRC_BYTES 4u
#define GRIT_LINK_RAW_BYTES (GRIT_LINK_HEADER_BYTES + GRIT_LINK_PAYLOAD_BYTES + GRIT_LINK_CRC_BYTES)
/* COBS adds a byte for every 254 begun, and the zero. */
#define GRIT_LINK_FRAME_BYTES (GRIT_LINK_RAW_BYTES + GRIT_LINK_RAW_BYTES / 254u + 2u)

/* Takes a stream of bytes apart. All zero is a receiver at the start of a frame. */
typedef struct {
  uint8_t raw[GRIT_LINK_RAW_BYTES]; /* decoded so far */
  size_t used;
  uint8_t code;      /* COBS: the last length byte; 0 before the first */
  uint8_t remaining; /* COBS: bytes until the next one */
  bool too_long;
  uint32_t frames_good;
  uint32_t crc_errors;
  uint32_t frame_errors; /* not COBS, too long or too short */
} grit_link_receiver_t;

typedef struct {
  grit_link_header_t header;
  const uint8_t *payload; /* inside the receiver, until its next byte */
  size_t payload_bytes;   /* 0..GRIT_LINK_PAYLOAD_BYTES */
} grit_link_frame_t;

/* One more byte. True if it ends an intact frame. */
bool grit_link_receive(grit_link_receiver_t *receiver, uint8_t byte, grit_link_frame_t *frame);

/* A frame of a payload in two pieces (either may be empty; together at most GRIT_LINK_PAYLOAD_BYTES) -> its bytes in
 * `out`. Returns how many. */
size_t grit_link_encode(const grit_link_header_t *header, const void *fixed, size_t fixed_bytes, const void *tail,
                        size_t tail_bytes, uint8_t out[GRIT_LINK_FRAME_BYTES]);

#endif
