/* libFuzzer: a whole module that hears any bytes at all, while it plays, with a flash behind it.
 *
 * The first byte says how much help the input gets: without help it is the line's bytes as they are, and nearly every
 * frame stops at its CRC; with it the input is a list of messages (length, message, payload), each of which gets a
 * whole frame, so that the fuzzer reaches every handler. After each message the module must have given exactly one
 * answer, or give it once the model that was asked for plays, and audio must go on. A laptop in a hurry does not wait
 * for that one. */
#include <stdlib.h>
#include <string.h>

#include "../own_time.h"
#include "answers/server.h"
#include "base/grit_model_blob.h"
#include "host_flash.h"

#define ARENA_BYTES (64u * 1024u)
#define MAX_MESSAGES 24u   /* of an input: more only take longer */
#define SETTLE_ROUNDS 400u /* what a change of the model may take: main loop and block by turns */

static grit_module_t module;
static grit_server_t server;
static _Alignas(8) uint8_t arena[ARENA_BYTES];
static size_t answers, longest;
static bool hurry, owed; /* owed: the answer to a select_model that was not waited for */

static void begin(void) {}
static uint32_t end(void) {
  return 1000;
}
static void send(const uint8_t *bytes, size_t count) {
  answers++;
  if (count > longest) longest = count;
  volatile uint8_t last = bytes[count - 1]; /* the sanitizer looks whether it is there */
  if (last != 0) abort();                   /* a frame ends with a zero */
}
static void turn(const uint8_t *codes) {
  volatile uint8_t last = codes[2 * GRIT_PANEL_ANALOG_COUNT - 1];
  (void)last;
}
static void reboot(uint8_t into) {
  (void)into;
}

static const grit_board_t board = {.name = "fuzz",
                                   .work_per_second = 480000000,
                                   .meter = {.begin = begin, .end = end},
                                   .send = send,
                                   .turn = turn,
                                   .flash = &host_flash,
                                   .reboot = reboot};

static void live(unsigned rounds) {
  static int16_t samples[2][GRIT_LINK_BLOCK_FRAMES];
  static const uint16_t codes[GRIT_PANEL_ANALOG_COUNT];
  const int16_t *const in[2] = {samples[0], samples[1]};
  int16_t *const out[2] = {samples[0], samples[1]};
  for (unsigned i = 0; i < rounds; i++) {
    uint32_t ticks = module.ticks;
    samples[0][i % GRIT_LINK_BLOCK_FRAMES] = (int16_t)(i * 7919u);
    grit_module_panel(&module, codes);
    grit_module_audio(&module, in, out);
    if (module.ticks != ticks + 1u) abort();
    grit_server_idle(&server);
  }
}

static void hear(const uint8_t *bytes, size_t count) {
  while (count > 0) {
    size_t before = answers, taken = grit_server_receive(&server, bytes, count);
    if (taken == 0 || taken > count || answers > before + (owed ? 2u : 1u)) abort();
    bytes += taken;
    count -= taken;
  }
}

/* A message in a frame of its own: one answer, not more. */
static void say(uint8_t message, uint16_t sequence, const uint8_t *payload, size_t bytes) {
  uint8_t frame[GRIT_LINK_FRAME_BYTES];
  grit_link_header_t header = {.message = message, .version = GRIT_LINK_VERSION, .sequence = sequence};
  size_t before = answers;
  hear(frame, grit_link_encode(&header, payload, bytes, NULL, 0, frame));
  if (hurry && answers == before && message == GRIT_LINK_SELECT_MODEL) {
    owed = true; /* one at most: the last wish counts, an older one is forgotten */
    return;
  }
  for (unsigned i = 0; answers == before && i < SETTLE_ROUNDS; i++) live(1);
  if (owed && answers == before + 2u)
    owed = false;
  else if (answers != before + 1u)
    abort();
}

/* Blocks go by between two messages. */
static void rest(unsigned rounds) {
  size_t before = answers;
  live(rounds);
  if (owed && answers == before + 1u)
    owed = false;
  else if (answers != before)
    abort();
}

/* A module fresh from power-up with an empty flash. Opened once and copied back: opening tries the model out. */
static void power_up(void) {
  static grit_module_t fresh;
  static grit_server_t fresh_server;
  static uint8_t fresh_arena[ARENA_BYTES];
  static bool opened;
  if (!opened || host_flash_steps() > 0) memset(host_flash_memory(), 0xFF, host_flash_bytes());
  host_flash_power(-1, 1);
  if (!opened) {
    grit_module_open(&module, &board, grit_model_blob, grit_model_blob_bytes, arena, sizeof arena);
    grit_server_open(&server, &module);
    live(4);
    memcpy(&fresh, &module, sizeof fresh);
    memcpy(&fresh_server, &server, sizeof fresh_server);
    memcpy(fresh_arena, arena, sizeof arena);
    opened = true;
  }
  memcpy(&module, &fresh, sizeof module);
  memcpy(&server, &fresh_server, sizeof server);
  memcpy(arena, fresh_arena, sizeof arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  limit_own_time();
  if (size < 1) return 0;
  power_up();
  answers = longest = 0;
  owed = false;
  uint8_t help = data[0];
  hurry = (help & 2u) != 0;
  data++, size--;
  if ((help & 1u) == 0) {
    owed = true; /* by a select_model among the bytes, perhaps */
    hear(data, size);
    live(1);
  } else {
    uint16_t sequence = 0;
    while (size >= 3 && sequence < MAX_MESSAGES) {
      size_t bytes = (data[0] | (size_t)data[1] << 8) % (GRIT_LINK_PAYLOAD_BYTES + 1u);
      uint8_t message = data[2];
      data += 3, size -= 3;
      if (bytes > size) bytes = size;
      say(message, sequence++, data, bytes);
      data += bytes, size -= bytes;
      rest(help >> 4 & 3u);
    }
    rest(1);
  }
  if (longest > GRIT_LINK_FRAME_BYTES) abort();
  return 0;
}
