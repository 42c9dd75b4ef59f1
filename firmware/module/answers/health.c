/* The messages about how the module is, and what was left of a crash. */
#include <string.h>

#include "answers/handlers.h"

#define SAME(link, here) _Static_assert((unsigned)(link) == (unsigned)(here), "link.toml and module_status.h agree")
SAME(GRIT_LINK_HEALTH_FLAG_STEREO, GRIT_STATUS_STEREO);
SAME(GRIT_LINK_HEALTH_FLAG_FALLBACK, GRIT_STATUS_FALLBACK);
SAME(GRIT_LINK_HEALTH_FLAG_BYPASS, GRIT_STATUS_BYPASS);
SAME(GRIT_LINK_HEALTH_FLAG_CHANGING, GRIT_STATUS_CHANGING);
SAME(GRIT_LINK_HEALTH_FLAG_STREAMING, GRIT_STATUS_STREAMING);
SAME(GRIT_LINK_HEALTH_FLAG_SAVED, GRIT_STATUS_SAVED);
SAME(GRIT_LINK_HEALTH_FLAG_PRESET, GRIT_STATUS_PRESET);
SAME(GRIT_LINK_HEALTH_FLAG_FAULT, GRIT_STATUS_FAULT);
SAME(GRIT_LINK_WHY_BAD_MODEL, GRIT_WHY_BAD_MODEL);
SAME(GRIT_LINK_WHY_TOO_LARGE, GRIT_WHY_TOO_LARGE);
SAME(GRIT_LINK_WHY_TOO_SLOW, GRIT_WHY_TOO_SLOW);
SAME(GRIT_LINK_WHY_MISSING, GRIT_WHY_MISSING);
SAME(GRIT_LINK_WHY_LATE, GRIT_WHY_LATE);
SAME(GRIT_LINK_WHY_CRASHED, GRIT_WHY_CRASHED);
SAME(GRIT_LINK_WHY_OTHER_MODEL, GRIT_WHY_OTHER_MODEL);
SAME(GRIT_LINK_BEND_NONE, GRIT_BEND_NONE);
SAME(GRIT_LINK_BEND_SLOPE, GRIT_BEND_SLOPE);
SAME(GRIT_LINK_BEND_HOLD, GRIT_BEND_HOLD);
SAME(GRIT_LINK_BEND_FEEDBACK, GRIT_BEND_FEEDBACK);
SAME(GRIT_LINK_BEND_RATE, GRIT_BEND_RATE);
SAME(GRIT_LINK_FAULT_HARD, GRIT_FAULT_HARD);
SAME(GRIT_LINK_FAULT_MEMORY, GRIT_FAULT_MEMORY);
SAME(GRIT_LINK_FAULT_BUS, GRIT_FAULT_BUS);
SAME(GRIT_LINK_FAULT_USAGE, GRIT_FAULT_USAGE);
SAME(GRIT_LINK_FAULT_WATCHDOG, GRIT_FAULT_WATCHDOG);
SAME(GRIT_LINK_FAULT_OTHER, GRIT_FAULT_OTHER);

void grit_answer_get_health(grit_server_t *server, const grit_link_frame_t *frame) {
  const grit_link_header_t *request = &frame->header;
  grit_module_t *module = server->module;
  const grit_module_status_t now = grit_module_status(module);
  grit_link_health_t health = {
      .flags = now.flags,
      .work = now.work,
      .stack_used = now.stack_used,
      .stack_bytes = now.stack_bytes,
      .peak_in = now.peak_in,
      .peak_out = now.peak_out,
      .limited = now.limited,
      .model = now.model,
      .wanted = now.wanted,
      .why = now.why,
      .preset = now.preset,
      .delay = now.delay,
      .bend = now.bend,
      .gate = now.gate,
  };
  grit_answer(server, request, GRIT_LINK_HEALTH, &health, GRIT_LINK_HEALTH_BYTES, NULL, 0);
}

void grit_answer_get_fault(grit_server_t *server, const grit_link_frame_t *frame) {
  const grit_link_header_t *request = &frame->header;
  grit_module_t *module = server->module;
  grit_link_fault_t fault = {0};
  const grit_fault_record_t *record = module->board->fault;
  if (record != NULL && record->kind != GRIT_FAULT_NONE) {
    fault = (grit_link_fault_t){
        .kind = record->kind,
        .count = record->count,
        .pc = record->pc,
        .lr = record->lr,
        .psr = record->psr,
        .sp = record->sp,
        .cfsr = record->cfsr,
        .hfsr = record->hfsr,
        .address = record->address,
        .main_blocks = record->main_blocks,
        .audio_blocks = record->audio_blocks,
    };
  }
  grit_answer(server, request, GRIT_LINK_FAULT, &fault, GRIT_LINK_FAULT_BYTES, NULL, 0);
}
