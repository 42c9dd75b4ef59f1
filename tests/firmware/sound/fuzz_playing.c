/* A whole module that plays while anything is done at its panel and over the link: knobs and voltages leap, button and
 * gate are pressed anyhow, presets are put and chosen, bends, gates and models selected, and models found too slow. No
 * undefined behaviour, no sample beyond full scale, no block beyond the one limit, and in the end it plays.
 *
 * What a block costs is what plays in it by prices that the harness is given, in cycles a frame: each model's whole
 * interrupt without a bend and under each of them, and a gate's. So a model may stand for a dearer one. What lies
 * around the instruments is in each of these prices, and is there once in a block.
 *
 *   fuzz_playing SEED SEQUENCES GATE FACTORY.grit NONE,SLOPE,HOLD,FEEDBACK,RATE MODEL.grit NONE,... ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers/server.h"
#include "any.h"
#include "base/generated/real_time.h"
#include "base/sha256.h"
#include "host_flash.h"

#define ARENA_BYTES (256u * 1024u)
#define MOST_BYTES (64u * 1024u)
#define MOST_BLOCKS 4u /* between one thing that is done and the next */
#define SETTLE_BLOCKS 500u
#define PATIENCE 20000u
#define BUDGET (GRIT_FRAME_CYCLES * GRIT_LINK_BLOCK_FRAMES) /* cycles there are in a block */
#define LIMIT (BUDGET * GRIT_LIMIT_PERCENT / 100u)          /* that the interrupt may take */
#define AROUND (GRIT_AROUND_CYCLES * GRIT_LINK_BLOCK_FRAMES)
#define MOST_MODELS 8u

static grit_module_t module;
static grit_server_t server;
static _Alignas(8) uint8_t arena[ARENA_BYTES], blob[MOST_BYTES], sent[MOST_BYTES];
static uint8_t heard[GRIT_LINK_FRAME_BYTES];
static uint32_t forced, models; /* forced: a block's work at least; 0: by the prices */
static uint32_t gate_price, prices[MOST_MODELS][GRIT_BENDS], bytes_of[MOST_MODELS], spent, around, late, dearest;
static uint16_t codes[GRIT_PANEL_ANALOG_COUNT];
static uint32_t audio_kind, peak;
static bool gate, button;

static void begin(void) {
  spent = 0;
}
static uint32_t end(void) {
  const uint32_t priced = spent + around;
  return priced > forced ? priced : forced;
}

/* The linker puts this before the real one. */
void __real_grit_instrument_piece(grit_instrument_t *instrument, size_t piece, const int16_t *in, int16_t *out);
void __wrap_grit_instrument_piece(grit_instrument_t *instrument, size_t piece, const int16_t *in, int16_t *out);
void __wrap_grit_instrument_piece(grit_instrument_t *instrument, size_t piece, const int16_t *in, int16_t *out) {
  unsigned i = 0;
  while (i < models && bytes_of[i] != instrument->model.header->total_bytes) i++;
  const uint32_t gated = instrument->gate.decibels != 0u ? gate_price : 0u;
  spent += (prices[i][instrument->bend.kind] + gated - GRIT_AROUND_CYCLES) * (uint32_t)GRIT_AUDIO_FRAMES;
  __real_grit_instrument_piece(instrument, piece, in, out);
}

/* "3256,3896,3401,3303,2595" */
static bool take_prices(char *text, unsigned model) {
  for (unsigned i = 0; i < GRIT_BENDS; i++, text += *text == ',') prices[model][i] = (uint32_t)strtoul(text, &text, 10);
  for (unsigned i = 0; i < GRIT_BENDS; i++)
    if (prices[model][i] <= GRIT_AROUND_CYCLES) return false;
  return *text == '\0';
}
static void send(const uint8_t *bytes, size_t count) {
  memcpy(heard, bytes, count);
}

static const grit_board_t board = {
    .name = "fuzz", .work_per_second = 480000000, .meter = {begin, end}, .send = send, .flash = &host_flash};

static void block(void) {
  int16_t samples[2][GRIT_LINK_BLOCK_FRAMES];
  const int16_t *const in[2] = {samples[0], samples[1]};
  int16_t *const out[2] = {samples[0], samples[1]};
  for (unsigned i = 0; i < GRIT_LINK_BLOCK_FRAMES; i++) {
    samples[0][i] = any_sample(audio_kind);
    samples[1][i] = any_sample(audio_kind >> 2);
  }
  grit_module_panel(&module, codes);
  grit_module_switches(&module, gate, button);
  spent = 0;
  around = AROUND; /* of a trial only the instrument is measured */
  grit_module_audio(&module, in, out);
  around = 0;
  if (spent + AROUND > LIMIT) late++;
  if (spent + AROUND > dearest) dearest = spent + AROUND;
  for (unsigned c = 0; c < 2u; c++)
    for (unsigned i = 0; i < GRIT_LINK_BLOCK_FRAMES; i++) {
      const uint32_t loud = (uint32_t)(out[c][i] < 0 ? -out[c][i] : out[c][i]);
      if (loud > peak) peak = loud;
    }
  grit_server_idle(&server);
}

static void say(uint8_t message, const void *payload, size_t bytes) {
  static uint16_t sequence;
  uint8_t frame[GRIT_LINK_FRAME_BYTES];
  const grit_link_header_t header = {.message = message, .version = GRIT_LINK_VERSION, .sequence = ++sequence};
  const size_t count = grit_link_encode(&header, payload, bytes, NULL, 0, frame);
  for (size_t at = 0; at < count;) at += grit_server_receive(&server, frame + at, count - at);
}

/* A model into a slot. */
static bool bring(const char *path, uint32_t slot) {
  grit_bank_t *bank = &module.memory.bank;
  FILE *file = fopen(path, "rb");
  const size_t bytes = file == NULL ? 0 : fread(sent, 1, sizeof sent, file);
  bytes_of[slot] = (uint32_t)bytes;
  if (file == NULL || fclose(file) != 0) return false;
  uint8_t sha256[32];
  grit_sha256(sent, bytes, sha256);
  grit_bank_result_t result = grit_bank_begin(bank, slot, (uint32_t)bytes, sha256);
  for (unsigned i = 0; i < PATIENCE && bank->states[slot] != GRIT_BANK_GOOD; i++) {
    block();
    const uint32_t at = bank->received, left = (uint32_t)bytes - at;
    if (bank->states[slot] == GRIT_BANK_RECEIVING && left > 0)
      result = grit_bank_put(bank, slot, at, sent + at, left < 512u ? left : 512u);
    if (result != GRIT_BANK_DONE && result != GRIT_BANK_WAIT) return false;
  }
  return bank->states[slot] == GRIT_BANK_GOOD;
}

static void put_preset(void) {
  grit_link_put_preset_t preset = {.level_q12 = (int16_t)(any() & INT16_MAX),
                                   .model = (uint8_t)(any() % (models + 2u)),
                                   .used = any() % 8u != 0,
                                   .index = (uint8_t)(any() % (GRIT_PRESET_COUNT + 1u)),
                                   .bend = (uint8_t)(any() % (GRIT_BENDS + 1u)),
                                   .gate = (uint8_t)(any() % 3u == 0 ? any() % 100u : 0u)};
  for (unsigned i = 0; i < GRIT_PRESET_PLAYED; i++) preset.played[i] = any_turn(), preset.turns[i] = any_turn();
  for (unsigned i = 0; i < GRIT_PRESET_STORED; i++) preset.stored[i] = any_turn();
  say(GRIT_LINK_PUT_PRESET, &preset, GRIT_LINK_PUT_PRESET_BYTES);
}

/* One thing that someone does. */
static void act(void) {
  static const uint32_t works[] = {0, 0, 0, 0, 300000, 470000, 500000}; /* of BUDGET */
  switch (any() % 16u) {
    case 0:
      for (unsigned i = 0; i < GRIT_PANEL_ANALOG_COUNT; i++) codes[i] = (uint16_t)any();
      break;
    case 1:
    case 2:
      gate = !gate;
      break;
    case 3:
    case 4:
      button = !button;
      break;
    case 5:
      put_preset();
      break;
    case 6: {
      const grit_link_select_bend_t wanted = {.bend = (uint8_t)(any() % GRIT_BENDS),
                                              .gate = (uint8_t)(any() & 1u ? any() % 98u : 0u)};
      say(GRIT_LINK_SELECT_BEND, &wanted, GRIT_LINK_SELECT_BEND_BYTES);
      break;
    }
    case 7: {
      const grit_link_select_model_t wanted = {.model = (uint8_t)(any() % (models + 1u))};
      say(GRIT_LINK_SELECT_MODEL, &wanted, GRIT_LINK_SELECT_MODEL_BYTES);
      break;
    }
    case 8:
      audio_kind = any();
      break;
    case 9:
      forced = works[any() % (sizeof works / sizeof works[0])];
      break;
    default:
      codes[any() % GRIT_PANEL_ANALOG_COUNT] = any() % 3u == 0 ? (uint16_t)any() : (uint16_t)(any() & 1u ? 65535u : 0u);
      break;
  }
}

/* Whatever was done: asked for the factory model it plays again. */
static bool plays(void) {
  const grit_link_select_model_t factory = {.model = 0};
  forced = 0;
  gate = button = false;
  for (unsigned i = 0; i < SETTLE_BLOCKS; i++) block(); /* letting go of a button chooses a preset */
  say(GRIT_LINK_SELECT_MODEL, &factory, GRIT_LINK_SELECT_MODEL_BYTES);
  for (unsigned i = 0; i < SETTLE_BLOCKS; i++) block();
  const grit_module_status_t status = module.playing.status;
  return status.model == 0 && (status.flags & (GRIT_STATUS_BYPASS | GRIT_STATUS_CHANGING)) == 0;
}

int main(int count, char **words) {
  if (count < 6 || count % 2 != 0 || (unsigned)count / 2u > MOST_MODELS) return 2;
  state = strtoull(words[1], NULL, 10);
  const unsigned long sequences = strtoul(words[2], NULL, 10);
  gate_price = (uint32_t)strtoul(words[3], NULL, 10);
  FILE *file = fopen(words[4], "rb");
  const size_t bytes = file == NULL ? 0 : fread(blob, 1, sizeof blob, file);
  if (file == NULL || fclose(file) != 0) return 2;
  memset(host_flash_memory(), 0xFF, host_flash_bytes());
  host_flash_power(-1, 1);
  models = (unsigned)count / 2u - 3u;
  for (unsigned i = 0; i <= models; i++)
    if (!take_prices(words[5u + 2u * i], i == 0 ? models : i - 1u)) return 2;
  grit_module_open(&module, &board, blob, bytes, arena, sizeof arena);
  grit_server_open(&server, &module);
  for (unsigned i = 0; i < models; i++)
    if (!bring(words[6u + 2u * i], i)) return 2;
  unsigned long blocks = 0;
  for (unsigned long n = 0; n < sequences; n++) {
    act();
    for (uint32_t i = 1u + any() % MOST_BLOCKS; i > 0; i--, blocks++) block();
    if (n % 5000u == 4999u && !plays()) {
      const grit_module_status_t now = module.playing.status;
      printf("sequence %lu: it plays no more: model %u, wanted %u, why %u, flags %lx\n", n, now.model, now.wanted,
             now.why, (unsigned long)now.flags);
      return 1;
    }
  }
  if (!plays() || peak > INT16_MAX || late != 0u) {
    printf("peak %lu, model %u, %lu late\n", (unsigned long)peak, module.playing.status.model, (unsigned long)late);
    return 1;
  }
  printf("%lu sequences, %lu blocks, peak %lu, dearest block %lu of %u, none late, %lu saved\n", sequences, blocks,
         (unsigned long)peak, (unsigned long)dearest, LIMIT, (unsigned long)module.memory.store.sequence);
  return 0;
}
