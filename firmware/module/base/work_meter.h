/* Counts what a piece of the program costs, in the board's unit. */
#ifndef GRITSPACE_WORK_METER_H
#define GRITSPACE_WORK_METER_H

#include <stdint.h>

typedef struct {
  void (*begin)(void);
  uint32_t (*end)(void);
} grit_work_meter_t;

#endif
