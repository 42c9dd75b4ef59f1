/* The whole audio interrupt of the module, for interrupt.py: compiled for the Cortex-M7 and traced there. What a Daisy
 * Seed's glue does around the module (boards/daisy_seed/daisy_audio.c, board.cpp) stands here with the board's own
 * conversions. All its memory is the caller's, because only code is loaded. */
#include "daisy_samples.h"
#include "module.h"

#define CHANNELS 2u
#define PANEL_CODES 16u

typedef struct {
  grit_board_t board;
  grit_module_t module;
  int16_t samples[CHANNELS][GRIT_AUDIO_FRAMES];
  uint32_t gain;
  uint32_t work;
} interrupt_t;

typedef struct {
  const void *blob;
  uint32_t blob_bytes;
  grit_region_t fast, slow;
  uint32_t stereo;
  uint32_t bend; /* grit_bend_kind_t */
  uint32_t gate; /* dB below full scale; 0: none */
} interrupt_means_t;

/* Of a budget of 100 a block: one channel fits, two do or do not. */
#define BUDGET 100u
#define WORK_OF_A_PIECE(block) ((block)*GRIT_AUDIO_FRAMES / GRIT_LINK_BLOCK_FRAMES)
static void begin(void) {}
static uint32_t end_of_large(void) {
  return WORK_OF_A_PIECE(60u);
}
static uint32_t end_of_small(void) {
  return WORK_OF_A_PIECE(30u);
}
static void send(const uint8_t *bytes, size_t count) {
  (void)bytes;
  (void)count;
}

uint32_t interrupt_bytes(void);
uint32_t interrupt_channels(const interrupt_t *interrupt);
uint32_t interrupt_states(const interrupt_t *interrupt, uint32_t *states);
uint32_t interrupt_open(interrupt_t *interrupt, const interrupt_means_t *means);
void interrupt_run(interrupt_t *interrupt, const volatile uint32_t *in, volatile int32_t *out,
                   const volatile uint16_t *codes);

uint32_t interrupt_bytes(void) {
  return sizeof(interrupt_t);
}

/* Returns how many channels play. */
uint32_t interrupt_open(interrupt_t *interrupt, const interrupt_means_t *means) {
  interrupt->gain = 1u << DAISY_GAIN_BITS;
  interrupt->board = (grit_board_t){.name = "cycles",
                                    .work_per_second = BUDGET * (48000u / GRIT_LINK_BLOCK_FRAMES),
                                    .meter = {begin, means->stereo != 0u ? end_of_small : end_of_large},
                                    .send = send,
                                    .slow = means->slow};
  grit_module_open(&interrupt->module, &interrupt->board, means->blob, means->blob_bytes, means->fast.at,
                   means->fast.bytes);
  if (means->bend != GRIT_BEND_NONE || means->gate != 0u) {
    grit_playing_t *playing = &interrupt->module.playing;
    grit_playing_request(playing, GRIT_PRESET_MODEL_FACTORY, (uint8_t)means->bend, (uint8_t)means->gate);
    grit_playing_hand_out(playing, &interrupt->module.controls);
  }
  return interrupt_channels(interrupt);
}

uint32_t interrupt_channels(const interrupt_t *interrupt) {
  const grit_player_t *player = &interrupt->module.playing.player;
  return player->voices[player->sounding].channel_count;
}

/* Bytes of each channel's state in fast and in slow memory. */
uint32_t interrupt_states(const interrupt_t *interrupt, uint32_t *states) {
  const grit_player_t *player = &interrupt->module.playing.player;
  const grit_voice_t *voice = &player->voices[player->sounding];
  for (uint32_t c = 0; c < GRIT_VOICE_CHANNELS; c++) {
    states[2u * c] = (uint32_t)voice->places[c].fast.bytes;
    states[2u * c + 1u] = (uint32_t)voice->places[c].slow.bytes;
  }
  return voice->channel_count;
}

/* board.cpp's. */
static GRIT_FAST_CODE __attribute__((noinline)) void audio_piece(interrupt_t *interrupt,
                                                                 const volatile uint16_t *codes) {
  const int16_t *const played[CHANNELS] = {interrupt->samples[0], interrupt->samples[1]};
  int16_t *const heard[CHANNELS] = {interrupt->samples[0], interrupt->samples[1]};
  if (grit_module_block_begins(&interrupt->module)) {
    uint16_t read[PANEL_CODES];
    daisy_codes_in(codes, read, PANEL_CODES);
    grit_module_panel(&interrupt->module, read);
    grit_module_switches(&interrupt->module, false, false);
  }
  interrupt->work = grit_module_audio(&interrupt->module, played, heard);
}

/* daisy_audio.c's: a half of DMA's buffer, left and right by turns. */
GRIT_FAST_CODE void interrupt_run(interrupt_t *interrupt, const volatile uint32_t *in, volatile int32_t *out,
                                  const volatile uint16_t *codes) {
  int16_t *left = interrupt->samples[0], *right = interrupt->samples[1];
  daisy_samples_in(in, interrupt->gain, left, right, GRIT_AUDIO_FRAMES);
  audio_piece(interrupt, codes);
  daisy_samples_out(out, interrupt->gain, left, right, GRIT_AUDIO_FRAMES);
}
