/* How the module is, for its LEDs and for the link. */
#ifndef GRITSPACE_MODULE_STATUS_H
#define GRITSPACE_MODULE_STATUS_H

#include <stdint.h>

/* Bits of grit_module_status_t.flags. */
#define GRIT_STATUS_STEREO                                                                   \
  (1u << 0) /* an engine for each channel; else the mean of both inputs, if there is a model \
             */
#define GRIT_STATUS_FALLBACK (1u << 1)  /* the wanted model does not play, the factory model does; see why */
#define GRIT_STATUS_BYPASS (1u << 2)    /* no model plays: the dry sound is heard */
#define GRIT_STATUS_CHANGING (1u << 3)  /* another model is on its way */
#define GRIT_STATUS_STREAMING (1u << 4) /* a laptop has the engine */
#define GRIT_STATUS_SAVED (1u << 5)     /* a preset was just saved */
#define GRIT_STATUS_PRESET (1u << 6)    /* a preset was just chosen */
#define GRIT_STATUS_FAULT (1u << 7)     /* the module has crashed since power-up: there is a record */

/* Why the wanted model does not play. */
typedef enum {
  GRIT_WHY_NOTHING = 0,
  GRIT_WHY_BAD_MODEL = 1,   /* the engine refuses it */
  GRIT_WHY_TOO_LARGE = 2,   /* no memory for its state */
  GRIT_WHY_TOO_SLOW = 3,    /* not in real time, as tried before it was heard */
  GRIT_WHY_MISSING = 4,     /* the bank's slot is empty */
  GRIT_WHY_LATE = 5,        /* it was heard, and blocks came late */
  GRIT_WHY_OTHER_MODEL = 7, /* the preset was made for a model that is not there any more */
  GRIT_WHY_CRASHED = 6      /* the module has crashed three times since power-up, and started with the factory model */
} grit_why_t;

typedef struct {
  uint32_t flags;
  uint32_t work;       /* of a block, as tried when the model was opened: all its engines; 0: unknown */
  uint32_t stack_used; /* most so far, in bytes; 0: unknown */
  uint32_t stack_bytes;
  uint16_t peak_in; /* loudest of the last blocks, falling back by 34 dB a second; 32768 is full scale */
  uint16_t peak_out;
  uint16_t limited;      /* blocks that the limiter bent, since power-up; stays at its most */
  uint8_t model, wanted; /* what plays, and what was asked for, as in a preset */
  uint8_t why;           /* grit_why_t */
  uint8_t preset;        /* the one chosen last */
  uint8_t delay;         /* of the model, and so of the dry sound, in frames */
  uint8_t bend;          /* that lies on it: grit_bend_kind_t */
  uint8_t gate;          /* in front of it, dB below full scale; 0: none */
} grit_module_status_t;

#endif
