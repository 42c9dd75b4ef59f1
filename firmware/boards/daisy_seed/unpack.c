/* LZ4's block format: a token (literals << 4 | match - 4), longer lengths in further bytes, the literals, two bytes of
 * how far back the match is. The last sequence has no match. */
#include "unpack.h"

#include <stdbool.h>

typedef struct {
  const uint8_t *at, *end;
} reader_t;

/* A length whose first part was in the token. False at the input's end. */
static bool read_length(reader_t *in, size_t *length) {
  if (*length < 15u) return true;
  uint8_t more;
  do {
    if (in->at == in->end) return false;
    more = *in->at++;
    *length += more;
  } while (more == 255u);
  return true;
}

size_t daisy_unpack(const uint8_t *bytes, size_t count, uint8_t *out, size_t room) {
  reader_t in = {bytes, bytes + count};
  size_t done = 0;
  while (in.at < in.end) {
    const uint8_t token = *in.at++;
    size_t literals = token >> 4;
    if (!read_length(&in, &literals) || literals > (size_t)(in.end - in.at) || literals > room - done) return 0;
    for (; literals > 0; literals--) out[done++] = *in.at++;
    if (in.at == in.end) return done;
    if (in.end - in.at < 2) return 0;
    const size_t back = (size_t)in.at[0] | (size_t)in.at[1] << 8;
    in.at += 2;
    size_t match = token & 15u;
    if (!read_length(&in, &match)) return 0;
    match += 4u;
    if (back == 0 || back > done || match > room - done) return 0;
    for (; match > 0; match--, done++) out[done] = out[done - back];
  }
  return 0; /* a block ends in literals */
}
