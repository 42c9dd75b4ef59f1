#include "base/load.h"

#include "placement.h"

GRIT_FAST_CODE void grit_load_add(grit_load_t *load, uint32_t work) {
  load->window[load->blocks % GRIT_LOAD_WINDOW] = work;
  load->blocks++;
  if (load->filled < GRIT_LOAD_WINDOW) load->filled++;
  if (work > load->max) load->max = work;
}

uint32_t grit_load_percentile(const grit_load_t *load, uint32_t percent) {
  if (load->filled == 0) return 0;
  uint32_t sorted[GRIT_LOAD_WINDOW] = {0};
  for (uint32_t i = 0; i < load->filled; i++) { /* by insertion: at most 32 640 moves, outside the audio path */
    uint32_t at = i;
    for (; at > 0 && sorted[at - 1] > load->window[i]; at--) sorted[at] = sorted[at - 1];
    sorted[at] = load->window[i];
  }
  uint32_t rank = (load->filled * percent + 99u) / 100u;
  return sorted[rank > 0 ? rank - 1 : 0];
}
