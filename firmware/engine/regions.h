/* Memory for engines: fast answers in a cycle, slow stands behind a cache. */
#ifndef GRITSPACE_REGIONS_H
#define GRITSPACE_REGIONS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint8_t *at; /* 8-byte aligned */
  size_t bytes;
} grit_region_t;

typedef struct {
  grit_region_t fast, slow;
} grit_engine_memory_t;

typedef struct {
  size_t fast, slow;
} grit_engine_need_t;

#endif
