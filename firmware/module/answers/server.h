/* The link server: bytes in, answers out. It works on a module from the main loop; the audio interrupt knows nothing of
 * it. */
#ifndef GRITSPACE_SERVER_H
#define GRITSPACE_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "answers/answers.h"

/* module: open, and stays. */
void grit_server_open(grit_server_t *server, grit_module_t *module);

/* Bytes from the link. Stops after the first whole frame, which may be answered by one frame of at most
 * GRIT_LINK_FRAME_BYTES: call it only when the sender has room for that. Returns how many bytes it took. */
size_t grit_server_receive(grit_server_t *server, const uint8_t *bytes, size_t count);

/* Gives up what a laptop that has gone began, lets the module do its main loop's work (grit_module_idle), and answers
 * what had to wait for that. Call it often from the main loop. */
void grit_server_idle(grit_server_t *server);

#endif
