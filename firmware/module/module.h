/* The module as the audio converter sees it: blocks in, blocks out. What the link asks of it: answers/server.h.
 *
 * A board calls grit_module_audio from its audio interrupt and everything else from its main loop. While a stream runs
 * the main loop owns the engine and the converter hears silence. */
#ifndef GRITSPACE_MODULE_H
#define GRITSPACE_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/fault_record.h"
#include "base/load.h"
#include "memory/first_presets.h"
#include "memory/memory.h"
#include "panel/controls.h"
#include "panel/leds.h"
#include "sound/instrument.h"
#include "sound/playing.h"
#include "streaming/live.h"
#include "streaming/loop.h"
#include "streaming/stream.h"

#define GRIT_FIRMWARE_VERSION "0.2.0"

/* What a board gives. */
typedef struct {
  const char *name;         /* at most 15 bytes of UTF-8 */
  uint32_t work_per_second; /* 0: unknown */
  uint16_t work_unit;       /* GRIT_LINK_WORK_UNIT_... */
  grit_work_meter_t meter;
  void (*send)(const uint8_t *bytes, size_t count); /* copies; see grit_server_receive about room */
  void (*turn)(const uint8_t *codes);               /* a simulated panel's codes, as in controls.h; NULL: a real one */
  const grit_flash_t *flash;                        /* for settings and models; NULL: nothing outlasts the power */
  void (*reboot)(uint8_t into);                     /* GRIT_LINK_REBOOT_...; NULL: it cannot */
  grit_region_t slow;                               /* more memory for engines than the arena, not as quick; or none */
  const uint32_t *stack_low, *stack_top;            /* painted, see stack_watch.h; NULL: not watched */
  const grit_fault_record_t *fault;                 /* of the crash before this start; NULL: none */
  grit_fault_record_t *fault_kept;                  /* for the next one; NULL: no such memory */
  const grit_first_preset_t *first_presets;         /* the factory model's; NULL: none */
  const uint8_t *first_presets_model;               /* its SHA-256 */
} grit_board_t;

typedef struct {
  const grit_board_t *board;
  grit_playing_t playing;
  grit_controls_t controls;
  grit_stream_t stream;
  grit_live_t live; /* of a stream through the whole path */
  grit_loop_t loop;
  grit_load_t load;
  grit_memory_t memory;
  const void *shown; /* the model that model_bytes and model_sha256 are of */
  size_t model_bytes;
  size_t state_limit;            /* most that a model's state may be */
  volatile uint16_t held_inputs; /* bit i: the laptop holds input i of the panel */
  volatile uint16_t held_codes[GRIT_PANEL_ANALOG_COUNT];
  volatile uint32_t ticks; /* audio blocks since power-up, silent ones included */
  uint32_t reboot_tick;
  uint8_t reboot_into;
  bool reboot_wanted;
  uint8_t model_sha256[32];
  uint32_t alive_tick;            /* when grit_module_alive last said so */
  volatile bool streaming;        /* the main loop owns the engine */
  volatile bool breathing;        /* a piece came late: what follows up to the next block's end is left out */
  uint8_t piece;                  /* the audio interrupt's: which one of the block comes next */
  bool block_begun;               /* the instrument has played the block's pieces so far */
  uint32_t block_work;            /* of these */
  volatile uint32_t quiet_blocks; /* audio blocks since a laptop was heard from */
} grit_module_t;

/* A model that cannot be played is no reason to stop: the module says so over the link. board and blob must stay. */
void grit_module_open(grit_module_t *module, const grit_board_t *board, const void *blob, size_t blob_bytes,
                      void *arena, size_t arena_bytes);

/* Plays another model (0 is the factory model, n the bank's slot n - 1), or a bend (grit_bend_kind_t) on it; gate: in
 * front, dB below full scale; 0: none. Decided later. From the main loop, not during a stream. */
void grit_module_select(grit_module_t *module, uint8_t model, uint8_t bend, uint8_t gate);

/* True once when what was selected is heard, or known to be impossible; grit_module_selected then says which. */
bool grit_module_decided(grit_module_t *module);
bool grit_module_selected(const grit_module_t *module);

/* Looks at which model plays, and keeps its size and hash. */
void grit_module_show(grit_module_t *module);

/* The settings have changed: what lives from them takes them over. */
void grit_module_use_settings(grit_module_t *module);

/* A laptop is there: what it began goes on. */
void grit_module_heard_from(grit_module_t *module);

/* The stream ends; the audio interrupt has the engine again. */
void grit_module_stop_stream(grit_module_t *module);

/* Gives up what a laptop that has gone began, changes models, writes to flash what is to be kept, a small piece at a
 * time. From the main loop. */
void grit_module_idle(grit_module_t *module);

/* A piece (GRIT_AUDIO_FRAMES) from each of the converter's inputs, left and right, one to each output: full scale ±1 in
 * Q15. out may be in. From the audio interrupt. Returns what it cost, in the board's unit of work; 0 for a silent one.
 */
uint32_t grit_module_audio(grit_module_t *module, const int16_t *const in[2], int16_t *const out[2]);

/* Whether the next piece is a block's first: once a millisecond, and then panel and switches are to be read. */
bool grit_module_block_begins(const grit_module_t *module);

/* What the panel's converter reads, before each block. A played dimension goes where its knob and voltage say whenever
 * they move; a position from the link holds until then. From the audio interrupt. */
void grit_module_panel(grit_module_t *module, const volatile uint16_t codes[GRIT_PANEL_ANALOG_COUNT]);

/* The gate and the button as they are, before each block: true is high, pressed. From the audio interrupt. */
void grit_module_switches(grit_module_t *module, bool gate, bool button);

/* What the LEDs are to show now. */
void grit_module_leds(const grit_module_t *module, grit_led_t leds[GRIT_LED_COUNT]);

/* How the module is. */
grit_module_status_t grit_module_status(const grit_module_t *module);

/* True if both the main loop (which calls this) and the audio interrupt have done something since the last time it was:
 * only then may a watchdog be kept quiet. */
bool grit_module_alive(grit_module_t *module);

/* The piece before took longer than a piece lasts. The rest of its block, or the next one, will be silence, so that the
 * main loop gets its turn and the module stays reachable even with a model that is too large for it. From the audio
 * interrupt. */
void grit_module_late(grit_module_t *module);

#endif
