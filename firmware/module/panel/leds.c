#include "panel/leds.h"

#define QUIET 33    /* -60 dBFS */
#define LOUD 16384  /* -6 dBFS */
#define LIMIT 24576 /* the limiter's knee */

#define DARK \
  { 0, 0 }
#define GREEN \
  { 0, 255 }
#define YELLOW \
  { 160, 160 }
#define RED \
  { 255, 0 }

typedef struct {
  uint32_t flags;       /* any of these */
  grit_led_t on, off;   /* the blink's two colours */
  uint16_t period, lit; /* blocks */
} row_t;

/* The right LED: the first row that fits. */
static const row_t rows[] = {
    {GRIT_STATUS_STREAMING, YELLOW, DARK, 500, 250},
    {GRIT_STATUS_SAVED, GREEN, DARK, 100, 50},
    {GRIT_STATUS_CHANGING, YELLOW, DARK, 60, 30},
    {GRIT_STATUS_PRESET, DARK, DARK, 1, 1},
    {GRIT_STATUS_BYPASS, RED, RED, 1, 1},
    {GRIT_STATUS_FALLBACK, RED, GREEN, 1000, 100},
    {GRIT_STATUS_STEREO, GREEN, GREEN, 1, 1},
    {0, YELLOW, YELLOW, 1, 1},
};

static grit_led_t sound_of(const grit_module_status_t *status) {
  static const grit_led_t dark = DARK, green = GREEN, yellow = YELLOW, red = RED;
  if (status->peak_out > LIMIT) return red;
  if (status->peak_out > LOUD) return yellow;
  return status->peak_out > QUIET ? green : dark;
}

void grit_leds_show(const grit_module_status_t *status, uint32_t block, grit_led_t leds[GRIT_LED_COUNT]) {
  const row_t *row = rows;
  while (row->flags != 0 && (row->flags & status->flags) == 0) row++;
  leds[1] = block % row->period < row->lit ? row->on : row->off;
  if ((status->flags & GRIT_STATUS_STREAMING) != 0) {
    leds[0] = block % row->period < row->lit ? row->off : row->on;
  } else {
    leds[0] = sound_of(status);
  }
}
