/* How deep the stack has ever been: painted at start-up, looked at later. */
#ifndef GRITSPACE_STACK_WATCH_H
#define GRITSPACE_STACK_WATCH_H

#include <stddef.h>
#include <stdint.h>

#define GRIT_STACK_PAINT 0x5AA5C33Cu

/* The words from low up to, not including, high: below everything that is on the stack. */
static inline void grit_stack_paint(uint32_t *low, const uint32_t *high) {
  for (volatile uint32_t *at = low; at < high; at++) *at = GRIT_STACK_PAINT;
}

/* Bytes below top that were ever used. */
static inline size_t grit_stack_used(const uint32_t *low, const uint32_t *top) {
  const volatile uint32_t *at = low;
  while (at < top && *at == GRIT_STACK_PAINT) at++;
  return (size_t)((const uint8_t *)top - (const volatile uint8_t *)at);
}

#endif
