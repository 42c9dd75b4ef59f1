#include "answers/server.h"

#include "answers/handlers.h"

/* The one table of messages: by its number, who answers it, and how long its payload may be. */
typedef struct {
  void (*answer)(grit_server_t *server, const grit_link_frame_t *frame);
  uint16_t fixed_bytes;
  bool has_tail;
} message_t;

static const message_t *message_of(uint8_t number) {
#define ROW(message, name, fixed, tail) [GRIT_LINK_##message] = {grit_answer_##name, fixed, tail},
  static const message_t messages[] = {GRIT_LINK_FROM_LAPTOP(ROW)};
#undef ROW
  if (number >= sizeof messages / sizeof messages[0] || messages[number].answer == NULL) return NULL;
  return &messages[number];
}

static bool length_fits(const message_t *message, size_t bytes) {
  return bytes == message->fixed_bytes || (message->has_tail && bytes > message->fixed_bytes);
}

static void take_frame(grit_server_t *server, const grit_link_frame_t *frame) {
  const grit_link_header_t *header = &frame->header;
  const message_t *message = message_of(header->message);
  grit_module_heard_from(server->module);
  if (header->version != GRIT_LINK_VERSION)
    grit_answer_error(server, header, GRIT_LINK_ERROR_VERSION, (int32_t)GRIT_LINK_VERSION,
                      "another version of the link");
  else if (message == NULL)
    grit_answer_error(server, header, GRIT_LINK_ERROR_MESSAGE, 0, "no such message");
  else if (!length_fits(message, frame->payload_bytes))
    grit_answer_error(server, header, GRIT_LINK_ERROR_LENGTH, 0, "the payload's length does not fit the message");
  else
    message->answer(server, frame);
}

void grit_server_open(grit_server_t *server, grit_module_t *module) {
  *server = (grit_server_t){.module = module};
}

size_t grit_server_receive(grit_server_t *server, const uint8_t *bytes, size_t count) {
  grit_link_frame_t frame;
  for (size_t i = 0; i < count; i++) {
    if (grit_link_receive(&server->receiver, bytes[i], &frame)) {
      take_frame(server, &frame);
      return i + 1;
    }
  }
  return count;
}

void grit_server_idle(grit_server_t *server) {
  grit_module_idle(server->module);
  if (!server->module->streaming) grit_answer_waiting(server);
}
