/* Who answers which message. */
#ifndef GRITSPACE_HANDLERS_H
#define GRITSPACE_HANDLERS_H

#include "answers/answers.h"

/* A handler for every message that a laptop sends: grit_answer_hello and so on. Each gives one answer, at once or, a
 * select_model, when that is decided. The payload has the length that link.toml says; what has a tail looks for itself
 * at how long that is. */
#define GRIT_DECLARE_HANDLER(message, name, fixed, tail) \
  void grit_answer_##name(grit_server_t *server, const grit_link_frame_t *frame);
GRIT_LINK_FROM_LAPTOP(GRIT_DECLARE_HANDLER)
#undef GRIT_DECLARE_HANDLER

/* Answers a select_model that is decided by now. */
void grit_answer_waiting(grit_server_t *server);

/* Who the module is now. */
void grit_answer_info(grit_server_t *server, const grit_link_header_t *request);

/* A position of a checked length, and as many numbers `behind` it, out of a payload. False, and answered, if there is
 * no model or the length is wrong. */
bool grit_answer_take_position(grit_server_t *server, const grit_link_header_t *request, const uint8_t *bytes,
                               size_t count, size_t behind, int16_t *position);

#endif
