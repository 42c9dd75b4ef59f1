/* How the module's message handlers answer. */
#ifndef GRITSPACE_ANSWERS_H
#define GRITSPACE_ANSWERS_H

#include "module.h"

/* One frame to the laptop, with the sequence of what it answers. Together at most GRIT_LINK_PAYLOAD_BYTES. */
void grit_answer(grit_module_t *module, const grit_link_header_t *to, uint8_t message, const void *fixed,
                 size_t fixed_bytes, const void *tail, size_t tail_bytes);

/* An error. code: GRIT_LINK_ERROR_... text: at most 79 bytes are sent. */
void grit_answer_error(grit_module_t *module, const grit_link_header_t *request, uint16_t code, int32_t detail,
                       const char *text);

/* to: size bytes, all of them written; the last one stays zero. */
void grit_answer_copy_text(char *to, size_t size, const char *from);

/* What came of a select_model. */
void grit_answer_selected(grit_module_t *module, const grit_link_header_t *request, bool plays);

void grit_answer_info(grit_module_t *module, const grit_link_header_t *request);
void grit_answer_controls(grit_module_t *module, const grit_link_header_t *request);

/* Messages about what outlasts the power. False, and no answer, if the message is none of them. The payload's length
 * has been checked. */
bool grit_answer_memory(grit_module_t *module, const grit_link_frame_t *frame);

/* The same for messages about how the module is. */
bool grit_answer_health(grit_module_t *module, const grit_link_frame_t *frame);

/* The same for the loop through the converter. */
bool grit_answer_loop(grit_module_t *module, const grit_link_frame_t *frame);

#endif
