/* Memory for what a page brings: it only grows, as a module's does not, but a page opens few models. */
#include "exports.h"

#define PAGE_BYTES 65536u
#define ALIGNMENT 16u

extern uint8_t __heap_base; /* from the linker: behind everything static */

static uintptr_t next;

WEB_EXPORT(void *, take)(size_t bytes) {
  if (next == 0) next = ((uintptr_t)&__heap_base + ALIGNMENT - 1u) & ~(uintptr_t)(ALIGNMENT - 1u);
  const uintptr_t at = next;
  const size_t size = __builtin_wasm_memory_size(0) * PAGE_BYTES;
  if (bytes > UINT32_MAX - ALIGNMENT - at) return NULL;
  const uintptr_t end = (at + bytes + ALIGNMENT - 1u) & ~(uintptr_t)(ALIGNMENT - 1u);
  if (end > size && __builtin_wasm_memory_grow(0, (end - size + PAGE_BYTES - 1u) / PAGE_BYTES) == SIZE_MAX) return NULL;
  next = end;
  return (void *)at;  // NOLINT: that is what memory is here
}
