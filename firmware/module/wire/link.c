#include "wire/link.h"

#include <string.h>

#include "wire/crc32.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "payloads are copied to structs: the link needs a little-endian processor"
#endif

static void put(grit_link_receiver_t *receiver, uint8_t byte) {
  if (receiver->used < sizeof receiver->raw) {
    receiver->raw[receiver->used++] = byte;
  } else {
    receiver->too_long = true;
  }
}

static bool finish(grit_link_receiver_t *receiver, grit_link_frame_t *frame) {
  size_t used = receiver->used;
  bool cobs = receiver->remaining == 0 && !receiver->too_long;
  bool empty = receiver->code == 0;
  receiver->used = 0;
  receiver->code = receiver->remaining = 0;
  receiver->too_long = false;
  if (empty) return false; /* zeros between frames are no error: they wake a line up */
  if (!cobs || used < GRIT_LINK_HEADER_BYTES + GRIT_LINK_CRC_BYTES) {
    receiver->frame_errors++;
    return false;
  }
  size_t body = used - GRIT_LINK_CRC_BYTES;
  uint32_t crc;
  memcpy(&crc, receiver->raw + body, sizeof crc);
  if (crc != grit_crc32(0, receiver->raw, body)) {
    receiver->crc_errors++;
    return false;
  }
  receiver->frames_good++;
  memcpy(&frame->header, receiver->raw, sizeof frame->header);
  frame->payload = receiver->raw + GRIT_LINK_HEADER_BYTES;
  frame->payload_bytes = body - GRIT_LINK_HEADER_BYTES;
  return true;
}

bool grit_link_receive(grit_link_receiver_t *receiver, uint8_t byte, grit_link_frame_t *frame) {
  if (byte == 0) return finish(receiver, frame);
  if (receiver->remaining == 0) {
    /* A length byte. The group before it stood for a zero too, unless it was a full one. */
    if (receiver->code != 0 && receiver->code != 0xFF) put(receiver, 0);
    receiver->code = byte;
    receiver->remaining = (uint8_t)(byte - 1);
  } else {
    put(receiver, byte);
    receiver->remaining--;
  }
  return false;
}

typedef struct {
  uint8_t *out;
  size_t used;
  size_t code_at; /* where the open group's length byte goes */
} cobs_writer_t;

static void write_bytes(cobs_writer_t *writer, const void *bytes, size_t count) {
  const uint8_t *at = bytes;
  for (size_t i = 0; i < count; i++) {
    if (at[i] != 0) writer->out[writer->used++] = at[i];
    size_t length = writer->used - writer->code_at;
    if (at[i] == 0 || length == 0xFF) {
      writer->out[writer->code_at] = (uint8_t)length;
      writer->code_at = writer->used++;
    }
  }
}

size_t grit_link_encode(const grit_link_header_t *header, const void *fixed, size_t fixed_bytes, const void *tail,
                        size_t tail_bytes, uint8_t out[GRIT_LINK_FRAME_BYTES]) {
  uint32_t crc = grit_crc32(0, header, sizeof *header);
  crc = grit_crc32(crc, fixed, fixed_bytes);
  crc = grit_crc32(crc, tail, tail_bytes);
  cobs_writer_t writer = {.out = out, .used = 1, .code_at = 0};
  write_bytes(&writer, header, sizeof *header);
  write_bytes(&writer, fixed, fixed_bytes);
  write_bytes(&writer, tail, tail_bytes);
  write_bytes(&writer, &crc, sizeof crc);
  out[writer.code_at] = (uint8_t)(writer.used - writer.code_at);
  out[writer.used++] = 0;
  return writer.used;
}
