/* All that the engine and the module want of a C library; WebAssembly has none. */
#ifndef GRITSPACE_WEB_STRING_H
#define GRITSPACE_WEB_STRING_H

#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t count);
void *memmove(void *to, const void *from, size_t count);
void *memset(void *to, int byte, size_t count);
int memcmp(const void *left, const void *right, size_t count);

#endif
