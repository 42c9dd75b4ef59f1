/* The engine without the module around it: for what compares samples and measures speed, and for a second sound beside
 * the module's. */
#include "engine.h"
#include "exports.h"
#include "model.h"

typedef struct {
  grit_model_t model;
  grit_engine_t *engine;
} web_engine_t;

static grit_status_t last_status;

/* Opens a model, which must stay, at a position (NULL: its default). NULL: see engine_status; 0 there: no memory. */
WEB_EXPORT(web_engine_t *, engine_open)(const void *blob, size_t bytes, const int16_t *position) {
  grit_model_t model;
  last_status = grit_model_open(&model, blob, bytes);
  if (last_status != GRIT_OK) return NULL;
  web_engine_t *opened = web_take(sizeof *opened);
  if (opened == NULL) return NULL;
  opened->model = model;
  const size_t state = grit_engine_state_bytes(&opened->model);
  void *arena = web_take(state);
  opened->engine = arena == NULL ? NULL : grit_engine_open(&opened->model, arena, state, position);
  return opened->engine == NULL ? NULL : opened;
}

WEB_EXPORT(uint32_t, engine_status)(void) {
  return last_status;
}

WEB_EXPORT(const char *, status_text)(uint32_t status) {
  return grit_status_text((grit_status_t)status);
}

WEB_EXPORT(void, engine_reset)(web_engine_t *opened, const int16_t *position) {
  grit_engine_reset(opened->engine, position);
}

WEB_EXPORT(void, engine_set_position)(web_engine_t *opened, const int16_t *position) {
  grit_engine_set_position(opened->engine, position);
}

WEB_EXPORT(void, engine_process)(web_engine_t *opened, const int16_t *in, int16_t *out, size_t frames) {
  grit_engine_process(opened->engine, in, out, frames);
}
