/* What a page sees of the module: names of exported functions, and the functions it gives. */
#ifndef GRITSPACE_WEB_EXPORTS_H
#define GRITSPACE_WEB_EXPORTS_H

#include <stddef.h>
#include <stdint.h>

#define WEB_EXPORT(type, name) __attribute__((export_name(#name))) type web_##name
#define WEB_IMPORT(name) __attribute__((import_module("page"), import_name(name)))

/* Bytes of the link, module to page; copies. */
WEB_IMPORT("send") void web_send(const uint8_t *bytes, size_t count);

/* The module wants to start anew; into: GRIT_LINK_REBOOT_... */
WEB_IMPORT("reboot") void web_reboot(uint32_t into);

/* A clock in nanoseconds, modulo 2^32. */
WEB_IMPORT("clock") uint32_t web_clock(void);

/* `bytes` of memory for good, 16-byte aligned; NULL: the browser has no more. */
WEB_EXPORT(void *, take)(size_t bytes);

#endif
