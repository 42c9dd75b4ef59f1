/* Generated from host_tools/link/link.toml by `python -m gritspace.host_tools.link.schema`; do not edit.
 *
 * The link's messages. Little-endian; every field is aligned to its size; payloads go into structs. */
/* clang-format off */
#ifndef GRITSPACE_LINK_MESSAGES_H
#define GRITSPACE_LINK_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#define GRIT_LINK_VERSION 2u
#define GRIT_LINK_BLOCK_FRAMES 48u /* audio frames the module works on at a time: 1 ms at 48 kHz */
#define GRIT_LINK_MESSAGE_BLOCKS 4u /* most audio blocks one stream_block carries */
#define GRIT_LINK_POSITION_COUNT 16u /* most numbers a position has */
#define GRIT_LINK_CREDITS 8u /* stream_blocks a laptop may have under way; the module keeps as many answers */
#define GRIT_LINK_GLIDE_BLOCKS 20u /* audio blocks that a dimension of the position takes over its full range, as fast as it glides */
#define GRIT_LINK_PAYLOAD_BYTES 528u /* longest payload */
#define GRIT_LINK_STREAM_TIMEOUT_BLOCKS 10000u /* audio blocks (ms) without a message after which a stream is given up */

/* why the module did not do what it was asked */
enum {
  GRIT_LINK_ERROR_VERSION = 1, /* the frame is of another version of the link; detail: the module's version */
  GRIT_LINK_ERROR_MESSAGE = 2, /* no such message, or one that only a module sends */
  GRIT_LINK_ERROR_LENGTH = 3, /* the payload's length does not fit the message */
  GRIT_LINK_ERROR_MODEL = 4, /* there is no playable model; detail: grit_status_t, or 0 if it needs more memory than there is */
  GRIT_LINK_ERROR_POSITION = 5, /* a position has the wrong number of numbers; detail: the right one */
  GRIT_LINK_ERROR_STREAM = 6, /* no such stream is running; detail: the running one's number, or 0 */
  GRIT_LINK_ERROR_STREAM_NUMBER = 7, /* a stream's number must be one more than the last; detail: the last one */
  GRIT_LINK_ERROR_SAMPLES = 8, /* not a whole number of blocks, or too many */
  GRIT_LINK_ERROR_WAIT = 9, /* the flash is at work, or another model on its way: ask again */
  GRIT_LINK_ERROR_PLACE = 10, /* there is no such preset, CV input or slot, or no flash; detail: how many there are */
  GRIT_LINK_ERROR_IN_USE = 11, /* the model is being played: select another one first; or the converter is in a loop */
  GRIT_LINK_ERROR_VALUE = 12, /* a value that the module cannot work with */
  GRIT_LINK_ERROR_BOARD = 13, /* this board cannot do that */
};

/* what is in a slot of the model bank */
enum {
  GRIT_LINK_SLOT_STATE_EMPTY = 0, /* nothing */
  GRIT_LINK_SLOT_STATE_RECEIVING = 1, /* a part of a model; the rest may follow, also after a loss of power */
  GRIT_LINK_SLOT_STATE_CHECKING = 2, /* all has come, or was there at power-up; the module reads it */
  GRIT_LINK_SLOT_STATE_GOOD = 3, /* a model that can be selected */
  GRIT_LINK_SLOT_STATE_REFUSED = 4, /* no good, see refusal; thrown away, unless it has rotted: then an upload writes it anew */
};

/* why a model was refused */
enum {
  GRIT_LINK_REFUSAL_NONE = 0, /* it was not */
  GRIT_LINK_REFUSAL_MODEL = 1, /* the engine cannot run it; status is its grit_status_t */
  GRIT_LINK_REFUSAL_SHA256 = 2, /* it is not what was announced */
  GRIT_LINK_REFUSAL_MEMORY = 3, /* it needs more memory than the module has */
  GRIT_LINK_REFUSAL_FLASH = 4, /* the flash does not hold it */
};

/* what a module starts as */
enum {
  GRIT_LINK_REBOOT_MODULE = 0, /* as itself */
  GRIT_LINK_REBOOT_DFU = 1, /* as the chip's bootloader, to be flashed */
};

/* bits of health.flags */
enum {
  GRIT_LINK_HEALTH_FLAG_STEREO = 1, /* an engine for each channel; else the mean of both inputs is played */
  GRIT_LINK_HEALTH_FLAG_FALLBACK = 2, /* the wanted model does not play, the factory model does; see why */
  GRIT_LINK_HEALTH_FLAG_BYPASS = 4, /* no model plays: the dry sound is heard */
  GRIT_LINK_HEALTH_FLAG_CHANGING = 8, /* another model is on its way */
  GRIT_LINK_HEALTH_FLAG_STREAMING = 16, /* a laptop has the engine */
  GRIT_LINK_HEALTH_FLAG_SAVED = 32, /* a preset was just saved */
  GRIT_LINK_HEALTH_FLAG_PRESET = 64, /* a preset was just chosen */
  GRIT_LINK_HEALTH_FLAG_FAULT = 128, /* the module has crashed since power-up: see get_fault */
};

/* why the wanted model does not play */
enum {
  GRIT_LINK_WHY_NOTHING = 0, /* it does */
  GRIT_LINK_WHY_BAD_MODEL = 1, /* the engine refuses it */
  GRIT_LINK_WHY_TOO_LARGE = 2, /* no memory for its state */
  GRIT_LINK_WHY_TOO_SLOW = 3, /* not in real time, as tried before it was heard */
  GRIT_LINK_WHY_MISSING = 4, /* the bank's slot is empty */
  GRIT_LINK_WHY_LATE = 5, /* it was heard, and blocks came late */
  GRIT_LINK_WHY_OTHER_MODEL = 7, /* the preset was made for a model that the module does not have any more */
  GRIT_LINK_WHY_CRASHED = 6, /* the module has crashed three times since power-up: it started with the factory model */
};

/* what crashed */
enum {
  GRIT_LINK_FAULT_NONE = 0, /* nothing */
  GRIT_LINK_FAULT_HARD = 3, /* HardFault */
  GRIT_LINK_FAULT_MEMORY = 4, /* MemManage */
  GRIT_LINK_FAULT_BUS = 5, /* BusFault */
  GRIT_LINK_FAULT_USAGE = 6, /* UsageFault */
  GRIT_LINK_FAULT_WATCHDOG = 64, /* nothing moved: the watchdog started the module anew */
  GRIT_LINK_FAULT_OTHER = 65, /* an interrupt that nobody awaits; psr has its number */
};

/* what leaves the region where amplifiers sound; its four knobs: docs/knobs.md */
enum {
  GRIT_LINK_BEND_NONE = 0, /* the model as it is */
  GRIT_LINK_BEND_SLOPE = 1, /* of its activations */
  GRIT_LINK_BEND_HOLD = 2, /* a layer's output stands still */
  GRIT_LINK_BEND_FEEDBACK = 3, /* its output goes into it again */
  GRIT_LINK_BEND_RATE = 4, /* it runs at a part of the rate */
};

/* what `work` counts */
enum {
  GRIT_LINK_WORK_UNIT_NONE = 0, /* the board cannot count */
  GRIT_LINK_WORK_UNIT_CYCLES = 1, /* processor cycles, counted by the processor */
  GRIT_LINK_WORK_UNIT_INSTRUCTIONS = 2, /* executed instructions, counted by an emulator's clock */
};

enum {
  GRIT_LINK_HELLO = 0x01, /* from the laptop. Who are you? Starts every conversation. */
  GRIT_LINK_INFO = 0x81, /* from the module. Answers hello. */
  GRIT_LINK_GET_STATUS = 0x02, /* from the laptop. How are you doing? */
  GRIT_LINK_STATUS = 0x82, /* from the module. Answers get_status. */
  GRIT_LINK_SET_POSITION = 0x03, /* from the laptop. Heads for a position, at the glide's speed. A sequence not after the last one's is ignored, until the next hello. */
  GRIT_LINK_POSITION = 0x83, /* from the module. Answers set_position: where the module is heading. */
  GRIT_LINK_STREAM_START = 0x04, /* from the laptop. Takes the engine away from the audio converter and starts it from silence at a position. What comes out depends on the stream's blocks alone, never on when they come. Sent again with the running stream's number it changes nothing. */
  GRIT_LINK_LIVE_START = 0x18, /* from the laptop. As stream_start, but through the whole path: gain, dry sound, model, level, limiter, as the left channel would hear it, with the model's own trim. Every position of the stream has three numbers more. Answered by stream_ready. */
  GRIT_LINK_STREAM_READY = 0x84, /* from the module. Answers stream_start, live_start, and any stream_block that is not the next one nor a remembered one. */
  GRIT_LINK_STREAM_BLOCK = 0x05, /* from the laptop. One to message_blocks blocks of audio. The one the module waits for is processed, once; an earlier one is answered from memory. */
  GRIT_LINK_STREAM_REPLY = 0x85, /* from the module. Answers stream_block. */
  GRIT_LINK_STREAM_STOP = 0x06, /* from the laptop. Gives the engine back to the audio converter. Stopping a stopped stream is no error. */
  GRIT_LINK_STREAM_STOPPED = 0x86, /* from the module. Answers stream_stop. */
  GRIT_LINK_GET_CONTROLS = 0x07, /* from the laptop. Where do the knobs stand, what is at the jacks? */
  GRIT_LINK_CONTROLS = 0x87, /* from the module. Answers get_controls and turn. The panel's order is that of firmware/module/panel/generated/panel.h. */
  GRIT_LINK_TURN = 0x08, /* from the laptop. Turns a simulated panel's knobs and patches its jacks. A real panel refuses it. */
  GRIT_LINK_GET_PRESET = 0x09, /* from the laptop. What is in a preset? */
  GRIT_LINK_PRESET = 0x89, /* from the module. Answers get_preset and put_preset. */
  GRIT_LINK_PUT_PRESET = 0x0A, /* from the laptop. Puts a preset. It counts at once and is in flash when settings.saved says so. */
  GRIT_LINK_GET_SETTINGS = 0x0B, /* from the laptop. What holds for all presets? */
  GRIT_LINK_SETTINGS = 0x8B, /* from the module. Answers get_settings, put_settings and put_calibration. */
  GRIT_LINK_PUT_SETTINGS = 0x0C, /* from the laptop. Sets what holds for all presets. */
  GRIT_LINK_PUT_CALIBRATION = 0x0D, /* from the laptop. Calibrates a CV input. What no such circuit can have is refused. */
  GRIT_LINK_GET_SLOT = 0x0E, /* from the laptop. What is in a slot of the model bank? */
  GRIT_LINK_SLOT = 0x8E, /* from the module. Answers get_slot, upload_start, upload_chunk and delete_model. A slot beyond the last one is empty, and says how many there are. */
  GRIT_LINK_UPLOAD_START = 0x0F, /* from the laptop. Announces a model for a slot. What the slot held is given up, unless it is this very model or a part of it: then `received` says where to go on. */
  GRIT_LINK_UPLOAD_CHUNK = 0x10, /* from the laptop. The next bytes of a model, which may not go beyond a multiple of 4096. The answer's `received` says whether they were taken: not while the flash is at work, and not out of turn. When the last have come the module checks the whole model. */
  GRIT_LINK_DELETE_MODEL = 0x11, /* from the laptop. Empties a slot. */
  GRIT_LINK_SELECT_MODEL = 0x12, /* from the laptop. Plays another model, now and after the next power-up. Answered by info. Not during a stream or a loop. */
  GRIT_LINK_SELECT_BEND = 0x1C, /* from the laptop. Plays the model under a bend, which lies where the model is played now and has the four knobs from then on: a position has four numbers. 0: the model as it is. And behind a gate, or none. Answered by info. Not during a stream or a loop. */
  GRIT_LINK_REBOOT = 0x13, /* from the laptop. Starts the module anew, 100 ms after the answer. */
  GRIT_LINK_REBOOTING = 0x93, /* from the module. Answers reboot. */
  GRIT_LINK_HOLD = 0x14, /* from the laptop. Holds some of the panel's inputs in the converter's stead, as a script of knob movements does; the others stay with the panel. Answered by controls. Given up when the laptop has not spoken for stream_timeout_blocks. */
  GRIT_LINK_GET_HEALTH = 0x15, /* from the laptop. How is the instrument? */
  GRIT_LINK_HEALTH = 0x95, /* from the module. Answers get_health. */
  GRIT_LINK_GET_FAULT = 0x16, /* from the laptop. Has the module crashed? */
  GRIT_LINK_FAULT = 0x96, /* from the module. Answers get_fault: what is left of the crash before this start, if there was one since power-up. */
  GRIT_LINK_LOOP_BLOCK = 0x17, /* from the laptop. Plays audio through the converter instead of the instrument and brings what the converter hears meanwhile: with a cable from out to in, the analog path. Begins to sound when 32 blocks wait. With running 0 it stops, and begins anew at index 0. */
  GRIT_LINK_LOOP = 0x97, /* from the module. Answers loop_block. Block n was heard while block n was played. */
  GRIT_LINK_GET_KNOB_ENDS = 0x19, /* from the laptop. What do the knobs read at the ends of their turns? */
  GRIT_LINK_KNOB_ENDS = 0x99, /* from the module. Answers get_knob_ends and put_knob_ends. */
  GRIT_LINK_PUT_KNOB_ENDS = 0x1A, /* from the laptop. Calibrates a knob. What no such knob can have (15 % of the track from the nominal ends) is refused. */
  GRIT_LINK_READ_MODEL = 0x1B, /* from the laptop. What are a model's bytes? For a backup. */
  GRIT_LINK_MODEL_PART = 0x9B, /* from the module. Answers read_model. */
  GRIT_LINK_ERROR = 0xFF, /* from the module. Answers what could not be done. */
};

/* X(message, its name, bytes of its fixed fields, 1 if a tail follows): all that a laptop sends. */
#define GRIT_LINK_FROM_LAPTOP(X) \
  X(HELLO, hello, 0u, 0) \
  X(GET_STATUS, get_status, 0u, 0) \
  X(SET_POSITION, set_position, 0u, 1) \
  X(STREAM_START, stream_start, 4u, 1) \
  X(LIVE_START, live_start, 4u, 1) \
  X(STREAM_BLOCK, stream_block, 10u, 1) \
  X(STREAM_STOP, stream_stop, 4u, 0) \
  X(GET_CONTROLS, get_controls, 0u, 0) \
  X(TURN, turn, 22u, 0) \
  X(GET_PRESET, get_preset, 1u, 0) \
  X(PUT_PRESET, put_preset, 55u, 0) \
  X(GET_SETTINGS, get_settings, 0u, 0) \
  X(PUT_SETTINGS, put_settings, 2u, 0) \
  X(PUT_CALIBRATION, put_calibration, 10u, 0) \
  X(GET_SLOT, get_slot, 1u, 0) \
  X(UPLOAD_START, upload_start, 37u, 0) \
  X(UPLOAD_CHUNK, upload_chunk, 5u, 1) \
  X(DELETE_MODEL, delete_model, 1u, 0) \
  X(SELECT_MODEL, select_model, 1u, 0) \
  X(SELECT_BEND, select_bend, 2u, 0) \
  X(REBOOT, reboot, 1u, 0) \
  X(HOLD, hold, 24u, 0) \
  X(GET_HEALTH, get_health, 0u, 0) \
  X(GET_FAULT, get_fault, 0u, 0) \
  X(LOOP_BLOCK, loop_block, 10u, 1) \
  X(GET_KNOB_ENDS, get_knob_ends, 0u, 0) \
  X(PUT_KNOB_ENDS, put_knob_ends, 6u, 0) \
  X(READ_MODEL, read_model, 5u, 0)

typedef struct {
  uint8_t message; /* which message */
  uint8_t version; /* the link's version, this table's */
  uint16_t sequence; /* the laptop's count of its frames; an answer carries that of what it answers */
} grit_link_header_t;
#define GRIT_LINK_HEADER_BYTES 4u
_Static_assert(offsetof(grit_link_header_t, sequence) + sizeof(((grit_link_header_t *)0)->sequence) == 4, "grit_link_header_t");

typedef struct {
  uint32_t last_stream; /* number of the last stream started since power-up */
  uint32_t model_bytes; /* bytes; size of the model */
  uint32_t state_bytes; /* bytes; memory the engine takes for it */
  uint32_t state_limit; /* bytes; memory the board has for that */
  uint32_t sample_rate; /* Hz; of the audio */
  uint32_t work_per_second; /* work units; what the processor can do; 0: unknown */
  uint16_t model_status; /* grit_status_t; 0: the model is good */
  uint16_t position_count; /* numbers in a position; a snapshot has its four knobs: drive, tone, symmetry, dynamics */
  int16_t output_shift; /* full scale of the output is 2^output_shift */
  uint16_t block_frames; /* frames; frames in a block */
  uint16_t glide_blocks; /* blocks; blocks a played dimension takes over its full range */
  uint16_t credits; /* stream_blocks that may be under way */
  uint16_t message_blocks; /* blocks; most blocks in a stream_block */
  uint16_t work_unit; /* what work counts, see work_unit */
  uint8_t model_sha256[32]; /* of the model's bytes as they are in the module */
  char model_name[48]; /* UTF-8, zeros behind */
  char firmware_version[32]; /* UTF-8, zeros behind */
  char board[16]; /* UTF-8, zeros behind */
} grit_link_info_t;
#define GRIT_LINK_INFO_BYTES 168u
_Static_assert(offsetof(grit_link_info_t, board) + sizeof(((grit_link_info_t *)0)->board) == 168, "grit_link_info_t");

typedef struct {
  uint32_t blocks; /* blocks; processed since power-up, streamed ones included */
  uint32_t xruns; /* blocks; audio blocks that came before the last one was done */
  uint32_t work_p50; /* work units; median over the last 256 blocks */
  uint32_t work_p99; /* work units; 99th percentile over the last 256 blocks */
  uint32_t work_max; /* work units; since power-up */
  uint32_t frames_good; /* frames received intact */
  uint32_t crc_errors; /* frames whose CRC was wrong */
  uint32_t frame_errors; /* frames that were not COBS, too long or too short */
  uint32_t repeats; /* stream_blocks answered a second time from memory */
  uint32_t streaming; /* number of the running stream, or 0 */
} grit_link_status_t;
#define GRIT_LINK_STATUS_BYTES 40u
_Static_assert(offsetof(grit_link_status_t, streaming) + sizeof(((grit_link_status_t *)0)->streaming) == 40, "grit_link_status_t");

typedef struct {
  uint32_t stream; /* one more than last_stream */
} grit_link_stream_start_t;
#define GRIT_LINK_STREAM_START_BYTES 4u
_Static_assert(offsetof(grit_link_stream_start_t, stream) + sizeof(((grit_link_stream_start_t *)0)->stream) == 4, "grit_link_stream_start_t");

typedef struct {
  uint32_t stream; /* one more than last_stream */
} grit_link_live_start_t;
#define GRIT_LINK_LIVE_START_BYTES 4u
_Static_assert(offsetof(grit_link_live_start_t, stream) + sizeof(((grit_link_live_start_t *)0)->stream) == 4, "grit_link_live_start_t");

typedef struct {
  uint32_t stream; /* the running stream */
  uint32_t next; /* index of the stream_block that the module waits for */
  uint16_t credits; /* stream_blocks from `next` on that may be under way */
} grit_link_stream_ready_t;
#define GRIT_LINK_STREAM_READY_BYTES 10u
_Static_assert(offsetof(grit_link_stream_ready_t, credits) + sizeof(((grit_link_stream_ready_t *)0)->credits) == 10, "grit_link_stream_ready_t");

typedef struct {
  uint32_t stream; /* the stream */
  uint32_t index; /* counts the stream's messages from 0 */
  uint8_t blocks; /* how many */
  uint8_t moves; /* bit b: the b-th block comes with a new position to head for */
} grit_link_stream_block_t;
#define GRIT_LINK_STREAM_BLOCK_BYTES 10u
_Static_assert(offsetof(grit_link_stream_block_t, moves) + sizeof(((grit_link_stream_block_t *)0)->moves) == 10, "grit_link_stream_block_t");

typedef struct {
  uint32_t stream; /* the stream */
  uint32_t index; /* the stream_block it answers */
  uint32_t work[4]; /* work units; for each block */
  uint16_t credits; /* stream_blocks from index + 1 on that may be under way */
} grit_link_stream_reply_t;
#define GRIT_LINK_STREAM_REPLY_BYTES 26u
_Static_assert(offsetof(grit_link_stream_reply_t, credits) + sizeof(((grit_link_stream_reply_t *)0)->credits) == 26, "grit_link_stream_reply_t");

typedef struct {
  uint32_t stream; /* the stream */
} grit_link_stream_stop_t;
#define GRIT_LINK_STREAM_STOP_BYTES 4u
_Static_assert(offsetof(grit_link_stream_stop_t, stream) + sizeof(((grit_link_stream_stop_t *)0)->stream) == 4, "grit_link_stream_stop_t");

typedef struct {
  uint32_t stream; /* the stream */
  uint32_t messages; /* stream_blocks processed in the last stream */
} grit_link_stream_stopped_t;
#define GRIT_LINK_STREAM_STOPPED_BYTES 8u
_Static_assert(offsetof(grit_link_stream_stopped_t, messages) + sizeof(((grit_link_stream_stopped_t *)0)->messages) == 8, "grit_link_stream_stopped_t");

typedef struct {
  int32_t cv_microvolts[4]; /* µV; at each CV jack, as calibrated, clamped to its range */
  uint16_t codes[11]; /* what the converter reads: the knobs, then the CVs */
  uint16_t knobs[7]; /* 0 to 65535 is the whole turn */
  int16_t played[4]; /* each played dimension in Q15: its knob and its CV summed */
} grit_link_controls_t;
#define GRIT_LINK_CONTROLS_BYTES 60u
_Static_assert(offsetof(grit_link_controls_t, played) + sizeof(((grit_link_controls_t *)0)->played) == 60, "grit_link_controls_t");

typedef struct {
  uint16_t codes[11]; /* what the converter is to read from now on */
} grit_link_turn_t;
#define GRIT_LINK_TURN_BYTES 22u
_Static_assert(offsetof(grit_link_turn_t, codes) + sizeof(((grit_link_turn_t *)0)->codes) == 22, "grit_link_turn_t");

typedef struct {
  uint8_t index; /* from 0 */
} grit_link_get_preset_t;
#define GRIT_LINK_GET_PRESET_BYTES 1u
_Static_assert(offsetof(grit_link_get_preset_t, index) + sizeof(((grit_link_get_preset_t *)0)->index) == 1, "grit_link_get_preset_t");

typedef struct {
  int16_t played[4]; /* Q15, the model's first dimensions */
  int16_t stored[12]; /* Q15, those behind them; 0 where the model has none */
  int16_t turns[4]; /* Q15, the bend's knobs; it lies on the position */
  int16_t level_q12; /* behind the model: 4096 is 1 */
  uint8_t model; /* 0: the factory model; n: the bank's slot n - 1 */
  uint8_t used; /* 0: the preset is empty */
  uint8_t index; /* from 0 */
  uint8_t bend; /* see bend */
  uint8_t gate; /* dB; below full scale, where a gate in front opens, up to 96; 0: none */
  uint8_t model_id[8]; /* the beginning of its SHA-256: it plays wherever that model is, and else not; zeros: not known */
} grit_link_preset_t;
#define GRIT_LINK_PRESET_BYTES 55u
_Static_assert(offsetof(grit_link_preset_t, model_id) + sizeof(((grit_link_preset_t *)0)->model_id) == 55, "grit_link_preset_t");

typedef struct {
  int16_t played[4]; /* as in preset */
  int16_t stored[12]; /* as in preset */
  int16_t turns[4]; /* as in preset */
  int16_t level_q12; /* 0 to 32767 */
  uint8_t model; /* as in preset */
  uint8_t used; /* 0 or 1 */
  uint8_t index; /* from 0 */
  uint8_t bend; /* as in preset */
  uint8_t gate; /* dB; as in preset */
  uint8_t model_id[8]; /* as in preset; zeros: of what is in the slot now */
} grit_link_put_preset_t;
#define GRIT_LINK_PUT_PRESET_BYTES 55u
_Static_assert(offsetof(grit_link_put_preset_t, model_id) + sizeof(((grit_link_put_preset_t *)0)->model_id) == 55, "grit_link_put_preset_t");

typedef struct {
  int32_t offset_uv[4]; /* µV; each CV input: at the pin with 0 V at the jack */
  int32_t gain_ppm[4]; /* ppm; each CV input: volts at the pin for a volt at the jack */
  uint32_t records; /* records the store has ever written */
  uint32_t failed; /* records that did not read back as written, since power-up */
  uint32_t full_scale_uv; /* µV; at a pin, for the code 65535 */
  uint16_t morph_ms; /* ms; from preset to preset */
  uint8_t preset; /* the one played last */
  uint8_t presets; /* how many there are */
  uint8_t model; /* what plays, as in preset */
  uint8_t calibrated; /* bit i: CV input i was measured */
  uint8_t saved; /* 1: all of it is in flash; 0: not yet */
  uint8_t kept; /* 1: there is a flash; 0: nothing outlasts the power */
  uint8_t knobs; /* how many of the panel's inputs are knobs; they come first */
  uint8_t cvs; /* how many are CV inputs */
} grit_link_settings_t;
#define GRIT_LINK_SETTINGS_BYTES 54u
_Static_assert(offsetof(grit_link_settings_t, cvs) + sizeof(((grit_link_settings_t *)0)->cvs) == 54, "grit_link_settings_t");

typedef struct {
  uint16_t morph_ms; /* ms; at most 30000 */
} grit_link_put_settings_t;
#define GRIT_LINK_PUT_SETTINGS_BYTES 2u
_Static_assert(offsetof(grit_link_put_settings_t, morph_ms) + sizeof(((grit_link_put_settings_t *)0)->morph_ms) == 2, "grit_link_put_settings_t");

typedef struct {
  int32_t offset_uv; /* µV; at the pin with 0 V at the jack */
  int32_t gain_ppm; /* ppm; volts at the pin for a volt at the jack */
  uint8_t input; /* from 0 */
  uint8_t measured; /* 1: measured; 0: back to the nominal one, whatever the numbers */
} grit_link_put_calibration_t;
#define GRIT_LINK_PUT_CALIBRATION_BYTES 10u
_Static_assert(offsetof(grit_link_put_calibration_t, measured) + sizeof(((grit_link_put_calibration_t *)0)->measured) == 10, "grit_link_put_calibration_t");

typedef struct {
  uint8_t slot; /* from 0 */
} grit_link_get_slot_t;
#define GRIT_LINK_GET_SLOT_BYTES 1u
_Static_assert(offsetof(grit_link_get_slot_t, slot) + sizeof(((grit_link_get_slot_t *)0)->slot) == 1, "grit_link_get_slot_t");

typedef struct {
  uint32_t bytes; /* bytes; of the model, whole; 0: none */
  uint32_t received; /* bytes; of them; the next upload_chunk's offset */
  uint32_t most_bytes; /* bytes; largest model a slot holds */
  uint8_t slot; /* from 0 */
  uint8_t slots; /* how many there are; 0: the board has no flash for models */
  uint8_t state; /* see slot_state */
  uint8_t refusal; /* see refusal */
  uint8_t status; /* grit_status_t */
  uint8_t playing; /* 1: the module plays it */
  uint8_t sha256[32]; /* of the model's bytes */
  char name[32]; /* UTF-8, zeros behind; of a good model */
} grit_link_slot_t;
#define GRIT_LINK_SLOT_BYTES 82u
_Static_assert(offsetof(grit_link_slot_t, name) + sizeof(((grit_link_slot_t *)0)->name) == 82, "grit_link_slot_t");

typedef struct {
  uint32_t bytes; /* bytes; of the model */
  uint8_t sha256[32]; /* of the model's bytes */
  uint8_t slot; /* from 0 */
} grit_link_upload_start_t;
#define GRIT_LINK_UPLOAD_START_BYTES 37u
_Static_assert(offsetof(grit_link_upload_start_t, slot) + sizeof(((grit_link_upload_start_t *)0)->slot) == 37, "grit_link_upload_start_t");

typedef struct {
  uint32_t offset; /* bytes; of the chunk in the model */
  uint8_t slot; /* from 0 */
} grit_link_upload_chunk_t;
#define GRIT_LINK_UPLOAD_CHUNK_BYTES 5u
_Static_assert(offsetof(grit_link_upload_chunk_t, slot) + sizeof(((grit_link_upload_chunk_t *)0)->slot) == 5, "grit_link_upload_chunk_t");

typedef struct {
  uint8_t slot; /* from 0 */
} grit_link_delete_model_t;
#define GRIT_LINK_DELETE_MODEL_BYTES 1u
_Static_assert(offsetof(grit_link_delete_model_t, slot) + sizeof(((grit_link_delete_model_t *)0)->slot) == 1, "grit_link_delete_model_t");

typedef struct {
  uint8_t model; /* 0: the factory model; n: the bank's slot n - 1 */
} grit_link_select_model_t;
#define GRIT_LINK_SELECT_MODEL_BYTES 1u
_Static_assert(offsetof(grit_link_select_model_t, model) + sizeof(((grit_link_select_model_t *)0)->model) == 1, "grit_link_select_model_t");

typedef struct {
  uint8_t bend; /* see bend */
  uint8_t gate; /* dB; as in preset */
} grit_link_select_bend_t;
#define GRIT_LINK_SELECT_BEND_BYTES 2u
_Static_assert(offsetof(grit_link_select_bend_t, gate) + sizeof(((grit_link_select_bend_t *)0)->gate) == 2, "grit_link_select_bend_t");

typedef struct {
  uint8_t into; /* see reboot */
} grit_link_reboot_t;
#define GRIT_LINK_REBOOT_BYTES 1u
_Static_assert(offsetof(grit_link_reboot_t, into) + sizeof(((grit_link_reboot_t *)0)->into) == 1, "grit_link_reboot_t");

typedef struct {
  uint8_t into; /* see reboot */
} grit_link_rebooting_t;
#define GRIT_LINK_REBOOTING_BYTES 1u
_Static_assert(offsetof(grit_link_rebooting_t, into) + sizeof(((grit_link_rebooting_t *)0)->into) == 1, "grit_link_rebooting_t");

typedef struct {
  uint16_t inputs; /* bit i: input i, in the panel's order; 0 lets go of all */
  uint16_t codes[11]; /* what the converter is to read there */
} grit_link_hold_t;
#define GRIT_LINK_HOLD_BYTES 24u
_Static_assert(offsetof(grit_link_hold_t, codes) + sizeof(((grit_link_hold_t *)0)->codes) == 24, "grit_link_hold_t");

typedef struct {
  uint32_t flags; /* bits, see health_flag */
  uint32_t work; /* work units; of a block of all engines, as tried when the model was opened; 0: unknown */
  uint32_t stack_used; /* bytes; most so far; 0: unknown */
  uint32_t stack_bytes; /* bytes; that there are */
  uint16_t peak_in; /* loudest of late, falling by 24 dB a second; 32768 is full scale */
  uint16_t peak_out; /* as peak_in */
  uint16_t limited; /* blocks; that the limiter bent, since power-up; stays at its most */
  uint8_t model; /* what plays: 0 the factory model, n the bank's slot n - 1 */
  uint8_t wanted; /* what was asked for */
  uint8_t why; /* why they differ, see why */
  uint8_t preset; /* the one chosen last */
  uint8_t delay; /* frames; of the model, and so of the dry sound */
  uint8_t bend; /* that lies on the model, see bend */
  uint8_t gate; /* dB; that stands in front of it, as in preset */
} grit_link_health_t;
#define GRIT_LINK_HEALTH_BYTES 29u
_Static_assert(offsetof(grit_link_health_t, gate) + sizeof(((grit_link_health_t *)0)->gate) == 29, "grit_link_health_t");

typedef struct {
  uint32_t kind; /* see fault */
  uint32_t count; /* crashes since power-up */
  uint32_t pc; /* where it happened */
  uint32_t lr; /* from where it was called */
  uint32_t psr; /* program status */
  uint32_t sp; /* stack */
  uint32_t cfsr; /* the processor's configurable fault status */
  uint32_t hfsr; /* its hard fault status */
  uint32_t address; /* that it concerns, if cfsr says so */
  uint32_t main_blocks; /* blocks; heard when the main loop was last alive */
  uint32_t audio_blocks; /* blocks; heard when the audio interrupt was last alive */
} grit_link_fault_t;
#define GRIT_LINK_FAULT_BYTES 44u
_Static_assert(offsetof(grit_link_fault_t, audio_blocks) + sizeof(((grit_link_fault_t *)0)->audio_blocks) == 44, "grit_link_fault_t");

typedef struct {
  uint32_t index; /* blocks; of the first block of samples; any but loop.next are not taken */
  uint32_t want; /* blocks; the first block heard that the answer is to bring */
  uint8_t running; /* 1: go on; 0: give the converter back to the instrument */
  uint8_t blocks; /* blocks; how many, up to message_blocks */
} grit_link_loop_block_t;
#define GRIT_LINK_LOOP_BLOCK_BYTES 10u
_Static_assert(offsetof(grit_link_loop_block_t, blocks) + sizeof(((grit_link_loop_block_t *)0)->blocks) == 10, "grit_link_loop_block_t");

typedef struct {
  uint32_t next; /* blocks; taken so far */
  uint32_t played; /* blocks; of them */
  uint32_t late; /* blocks; of silence, because nothing waited to be played */
  uint32_t first; /* blocks; the first that follows */
  uint16_t blocks; /* blocks; how many follow; the last 60 can be asked for */
} grit_link_loop_t;
#define GRIT_LINK_LOOP_BYTES 18u
_Static_assert(offsetof(grit_link_loop_t, blocks) + sizeof(((grit_link_loop_t *)0)->blocks) == 18, "grit_link_loop_t");

typedef struct {
  uint16_t left[7]; /* each knob's code, turned fully left; 0 where the panel has fewer */
  uint16_t right[7]; /* turned fully right */
  uint16_t nominal_left; /* the code there by the panel's circuit */
  uint16_t nominal_right; /* the same on the right */
  uint16_t calibrated; /* bit i: knob i was measured */
} grit_link_knob_ends_t;
#define GRIT_LINK_KNOB_ENDS_BYTES 34u
_Static_assert(offsetof(grit_link_knob_ends_t, calibrated) + sizeof(((grit_link_knob_ends_t *)0)->calibrated) == 34, "grit_link_knob_ends_t");

typedef struct {
  uint16_t left; /* its code, turned fully left */
  uint16_t right; /* turned fully right */
  uint8_t knob; /* from 0 */
  uint8_t measured; /* 1: measured; 0: back to the nominal ends, whatever the numbers */
} grit_link_put_knob_ends_t;
#define GRIT_LINK_PUT_KNOB_ENDS_BYTES 6u
_Static_assert(offsetof(grit_link_put_knob_ends_t, measured) + sizeof(((grit_link_put_knob_ends_t *)0)->measured) == 6, "grit_link_put_knob_ends_t");

typedef struct {
  uint32_t offset; /* bytes; of the part wanted in the model */
  uint8_t model; /* 0: the factory model; n: the bank's slot n - 1 */
} grit_link_read_model_t;
#define GRIT_LINK_READ_MODEL_BYTES 5u
_Static_assert(offsetof(grit_link_read_model_t, model) + sizeof(((grit_link_read_model_t *)0)->model) == 5, "grit_link_read_model_t");

typedef struct {
  uint32_t offset; /* bytes; of the part in the model */
  uint32_t bytes; /* bytes; of the whole model */
  uint8_t model; /* as asked */
} grit_link_model_part_t;
#define GRIT_LINK_MODEL_PART_BYTES 9u
_Static_assert(offsetof(grit_link_model_part_t, model) + sizeof(((grit_link_model_part_t *)0)->model) == 9, "grit_link_model_part_t");

typedef struct {
  uint16_t code; /* why, see error */
  uint16_t request; /* id of the message it answers */
  int32_t detail; /* see error */
  char text[80]; /* a sentence, UTF-8, zeros behind */
} grit_link_error_t;
#define GRIT_LINK_ERROR_BYTES 88u
_Static_assert(offsetof(grit_link_error_t, text) + sizeof(((grit_link_error_t *)0)->text) == 88, "grit_link_error_t");

#endif
