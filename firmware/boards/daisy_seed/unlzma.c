/* LZMA, after the format's specification (7-Zip, "LZMA specification", 2015): a range coder, whose bits choose
 * literals, matches at a new distance, and matches at one of the last four distances. */
#include "unlzma.h"

#include <stdbool.h>

#define HALF 1024u /* of 2048: as likely as not */
#define SMALLEST (1u << 24)
#define END_MARK UINT32_MAX

typedef struct {
  const uint8_t *at, *end;
  uint32_t range, code;
  bool starved; /* it was asked for more than there is */
} reader_t;

static uint8_t next(reader_t *in) {
  if (in->at < in->end) return *in->at++;
  in->starved = true;
  return 0;
}

static void refill(reader_t *in) {
  if (in->range >= SMALLEST) return;
  in->range <<= 8;
  in->code = in->code << 8 | next(in);
}

static unsigned bit(reader_t *in, uint16_t *zero) {
  const uint32_t bound = (in->range >> 11) * *zero;
  const bool set = in->code >= bound;
  if (set) {
    in->range -= bound;
    in->code -= bound;
    *zero = (uint16_t)(*zero - (*zero >> 5));
  } else {
    in->range = bound;
    *zero = (uint16_t)(*zero + ((2048u - *zero) >> 5));
  }
  refill(in);
  return set;
}

/* Bits, the highest first, each by what the ones before it were: zeros[1] is the first one's. */
static unsigned tree(reader_t *in, uint16_t *zeros, unsigned bits) {
  unsigned node = 1;
  for (unsigned i = 0; i < bits; i++) node = node << 1 | bit(in, &zeros[node]);
  return node - (1u << bits);
}

/* The lowest first. */
static uint32_t tree_from_below(reader_t *in, uint16_t *zeros, unsigned bits) {
  unsigned node = 1;
  uint32_t value = 0;
  for (unsigned i = 0; i < bits; i++) {
    const unsigned set = bit(in, &zeros[node]);
    node = node << 1 | set;
    value |= (uint32_t)set << i;
  }
  return value;
}

/* Bits that are as likely as not, the highest first. */
static uint32_t plain_bits(reader_t *in, unsigned bits) {
  uint32_t value = 0;
  for (; bits > 0; bits--) {
    in->range >>= 1;
    const bool set = in->code >= in->range;
    if (set) in->code -= in->range;
    value = value << 1 | set;
    refill(in);
  }
  return value;
}

static size_t read_length(reader_t *in, daisy_lzma_length_t *length, size_t position) {
  if (!bit(in, &length->longer[0])) return 2u + tree(in, length->low[position], 3);
  if (!bit(in, &length->longer[1])) return 10u + tree(in, length->middle[position], 3);
  return 18u + tree(in, length->high, 8);
}

/* How far back, less one. */
static uint32_t read_distance(reader_t *in, daisy_lzma_t *work, size_t length) {
  const unsigned slot = tree(in, work->slot[length < 5u ? length - 2u : 3u], 6);
  if (slot < 4u) return slot;
  const unsigned bits = (slot >> 1) - 1u;
  const uint32_t distance = (2u | (slot & 1u)) << bits;
  if (slot < 14u) return distance + tree_from_below(in, &work->near[distance - slot], bits);
  const uint32_t upper = plain_bits(in, bits - 4u) << 4;
  return distance + upper + tree_from_below(in, work->align, 4);
}

/* matched: what stands at the last distance, whose bits it is compared with as long as they are the same; or -1. */
static uint8_t read_literal(reader_t *in, uint16_t *zeros, int matched) {
  unsigned node = 1;
  while (matched >= 0 && node < 0x100u) {
    const unsigned expected = (unsigned)matched >> 7 & 1u;
    matched <<= 1;
    const unsigned set = bit(in, &zeros[((1u + expected) << 8) + node]);
    node = node << 1 | set;
    if (set != expected) break;
  }
  while (node < 0x100u) node = node << 1 | bit(in, &zeros[node]);
  return (uint8_t)node;
}

static unsigned which_of_last(reader_t *in, daisy_lzma_t *work, unsigned state) {
  unsigned which = 0;
  while (which < 3u && bit(in, &work->before[which][state])) which++;
  return which;
}

size_t daisy_unlzma(const uint8_t *bytes, size_t count, uint8_t *out, size_t room, daisy_lzma_t *work) {
  if (count < 6u || bytes[0] >= 9u * 5u * 5u || bytes[1] != 0) return 0;
  const unsigned above = bytes[0] % 9u, below = bytes[0] / 9u % 5u; /* a literal's neighbours: lc, lp */
  const size_t positions = ((size_t)1 << bytes[0] / 45u) - 1u;
  if (above + below > DAISY_LZMA_LITERAL_BITS) return 0;
  for (size_t i = 0; i < sizeof *work / sizeof(uint16_t); i++) ((uint16_t *)work)[i] = HALF;
  reader_t in = {bytes + 2, bytes + count, UINT32_MAX, 0, false};
  for (unsigned i = 0; i < 4u; i++) in.code = in.code << 8 | next(&in);
  size_t done = 0;
  uint32_t last[4];
  for (unsigned i = 0; i < 4u; i++) last[i] = 0;
  unsigned state = 0; /* what the last few were: below 7, the last one was a literal */
  while (!in.starved) {
    const size_t position = done & positions;
    if (!bit(&in, &work->match[state][position])) {
      if (done == room) return 0;
      const unsigned context = (unsigned)(done & ((1u << below) - 1u)) << above |
                               (unsigned)((done > 0 ? out[done - 1u] : 0u) >> (8u - above));
      out[done] = read_literal(&in, &work->literal[0x300u * context], state < 7u ? -1 : out[done - last[0] - 1u]);
      done++;
      state = state < 4u ? 0 : state < 10u ? state - 3u : state - 6u;
      continue;
    }
    size_t length = 1;
    if (!bit(&in, &work->again[state])) {
      for (unsigned i = 3; i > 0; i--) last[i] = last[i - 1u];
      length = read_length(&in, &work->fresh, position);
      state = state < 7u ? 7u : 10u;
      last[0] = read_distance(&in, work, length);
      if (last[0] == END_MARK) return in.starved || in.code != 0 || in.at != in.end ? 0 : done;
    } else {
      const unsigned which = which_of_last(&in, work, state);
      const bool one = which == 0 && !bit(&in, &work->one[state][position]);
      const uint32_t distance = last[which];
      for (unsigned i = which; i > 0; i--) last[i] = last[i - 1u];
      last[0] = distance;
      if (!one) length = read_length(&in, &work->repeated, position);
      state = (one ? 9u : 8u) + (state < 7u ? 0 : one ? 2u : 3u);
    }
    if (last[0] >= done || length > room - done) return 0;
    for (; length > 0; length--, done++) out[done] = out[done - last[0] - 1u];
  }
  return 0;
}
