/* How the messages' handlers answer. */
#include "answers/answers.h"

#include <string.h>

void grit_answer(grit_server_t *server, const grit_link_header_t *to, uint8_t message, const void *fixed,
                 size_t fixed_bytes, const void *tail, size_t tail_bytes) {
  uint8_t out[GRIT_LINK_FRAME_BYTES];
  grit_link_header_t header = {.message = message, .version = GRIT_LINK_VERSION, .sequence = to->sequence};
  server->module->board->send(out, grit_link_encode(&header, fixed, fixed_bytes, tail, tail_bytes, out));
}

void grit_answer_copy_text(char *to, size_t size, const char *from) {
  memset(to, 0, size);
  for (size_t i = 0; i + 1 < size && from[i] != 0; i++) to[i] = from[i];
}

void grit_answer_error(grit_server_t *server, const grit_link_header_t *request, uint16_t code, int32_t detail,
                       const char *text) {
  grit_link_error_t error = {.code = code, .request = request->message, .detail = detail};
  grit_answer_copy_text(error.text, sizeof error.text, text);
  grit_answer(server, request, GRIT_LINK_ERROR, &error, GRIT_LINK_ERROR_BYTES, NULL, 0);
}

void grit_answer_no_such(grit_server_t *server, const grit_link_header_t *request, uint32_t there_are) {
  grit_answer_error(server, request, GRIT_LINK_ERROR_PLACE, (int32_t)there_are, "there is no such place");
}
