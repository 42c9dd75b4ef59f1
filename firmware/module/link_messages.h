/* Generated from host_tools/link.toml by `python -m gritspace.host_tools.link_schema`; do not edit.
 *
 * The link's messages. Little-endian; every field is aligned to its size; payloads go into structs. */
/* clang-format off */
#ifndef GRITSPACE_LINK_MESSAGES_H
#define GRITSPACE_LINK_MESSAGES_H

#include <stddef.h>
#include <stdint.h>

#define GRIT_LINK_VERSION 1u
#define GRIT_LINK_BLOCK_FRAMES 48u /* audio frames the module works on at a time: 1 ms at 48 kHz */
#define GRIT_LINK_MESSAGE_BLOCKS 4u /* most audio blocks one stream_block carries */
#define GRIT_LINK_POSITION_COUNT 16u /* most numbers a position has */
#define GRIT_LINK_CREDITS 8u /* stream_blocks a laptop may have under way; the module keeps as many answers */
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
  GRIT_LINK_STREAM_READY = 0x84, /* from the module. Answers stream_start, and any stream_block that is not the next one nor a remembered one. */
  GRIT_LINK_STREAM_BLOCK = 0x05, /* from the laptop. One to message_blocks blocks of audio. The one the module waits for is processed, once; an earlier one is answered from memory. */
  GRIT_LINK_STREAM_REPLY = 0x85, /* from the module. Answers stream_block. */
  GRIT_LINK_STREAM_STOP = 0x06, /* from the laptop. Gives the engine back to the audio converter. Stopping a stopped stream is no error. */
  GRIT_LINK_STREAM_STOPPED = 0x86, /* from the module. Answers stream_stop. */
  GRIT_LINK_GET_CONTROLS = 0x07, /* from the laptop. Where do the knobs stand, what is at the jacks? */
  GRIT_LINK_CONTROLS = 0x87, /* from the module. Answers get_controls and turn. The panel's order is that of firmware/module/panel.h. */
  GRIT_LINK_TURN = 0x08, /* from the laptop. Turns a simulated panel's knobs and patches its jacks. A real panel refuses it. */
  GRIT_LINK_ERROR = 0xFF, /* from the module. Answers what could not be done. */
};

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
  uint16_t position_count; /* numbers in a position; 0: a snapshot */
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
  uint16_t code; /* why, see error */
  uint16_t request; /* id of the message it answers */
  int32_t detail; /* see error */
  char text[80]; /* a sentence, UTF-8, zeros behind */
} grit_link_error_t;
#define GRIT_LINK_ERROR_BYTES 88u
_Static_assert(offsetof(grit_link_error_t, text) + sizeof(((grit_link_error_t *)0)->text) == 88, "grit_link_error_t");

#endif
