/* What the fuzzers of the sound draw, from a seed in `state`. */
#ifndef GRITSPACE_TESTS_ANY_H
#define GRITSPACE_TESTS_ANY_H

#include <stdint.h>

static uint64_t state;

static uint32_t any(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 32);
}

static int16_t any_sample(uint32_t kind) {
  switch (kind % 4u) {
    case 0:
      return (int16_t)any();
    case 1:
      return any() & 1u ? INT16_MAX : INT16_MIN;
    case 2:
      return 0;
    default:
      return (int16_t)((int32_t)(any() % 2001u) - 1000);
  }
}

static int16_t any_turn(void) {
  static const int16_t places[] = {INT16_MIN, -656, -655, 0, 655, 656, INT16_MAX};
  return any() % 3u == 0 ? (int16_t)any() : places[any() % 7u];
}

#endif
