/* How messages are answered. */
#ifndef GRITSPACE_ANSWERS_H
#define GRITSPACE_ANSWERS_H

#include "module.h"
#include "wire/link.h"

/* The link server's, see server.h. */
typedef struct {
  grit_module_t *module;
  grit_link_receiver_t receiver;
  bool select_waits; /* a select_model is not answered yet: `selecting` */
  grit_link_header_t selecting;
  uint8_t selected;           /* the model that was asked for */
  uint8_t selected_bend;      /* and the bend on it */
  uint8_t selected_gate;      /* and the gate in front */
  bool refused;               /* and not given, at refused_tick */
  uint32_t refused_tick;      /* in blocks */
  uint16_t position_sequence; /* of the last set_position */
  bool position_sequence_known;
} grit_server_t;

/* One frame to the laptop, with the sequence of what it answers. Together at most GRIT_LINK_PAYLOAD_BYTES. */
void grit_answer(grit_server_t *server, const grit_link_header_t *to, uint8_t message, const void *fixed,
                 size_t fixed_bytes, const void *tail, size_t tail_bytes);

/* An error. code: GRIT_LINK_ERROR_... text: at most 79 bytes are sent. */
void grit_answer_error(grit_server_t *server, const grit_link_header_t *request, uint16_t code, int32_t detail,
                       const char *text);

/* There is no such preset, slot, knob or jack. */
void grit_answer_no_such(grit_server_t *server, const grit_link_header_t *request, uint32_t there_are);

/* to: size bytes, all of them written; the last one stays zero. */
void grit_answer_copy_text(char *to, size_t size, const char *from);

#endif
