#include "sound/around.h"

#include <string.h>

grit_around_t grit_around_of(const uint8_t *blob, const grit_header_t *header) {
  grit_around_t around;
  uint32_t magic;
  uint64_t at = ((uint64_t)header->metadata + header->metadata_bytes + 3u) & ~UINT64_C(3);
  if (at + sizeof(grit_bend_fit_t) <= header->total_bytes) {
    memcpy(&magic, blob + at, sizeof magic);
    if (magic == GRIT_BEND_MAGIC) at += sizeof(grit_bend_fit_t);
  }
  memset(&around, 0, sizeof around);
  if (at + sizeof around > header->total_bytes) return around;
  memcpy(&around, blob + at, sizeof around);
  if (around.magic != GRIT_AROUND_MAGIC) memset(&around, 0, sizeof around);
  return around;
}
