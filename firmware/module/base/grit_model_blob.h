/* The model that is linked into the firmware: a generated C file defines it. */
#ifndef GRITSPACE_GRIT_MODEL_BLOB_H
#define GRITSPACE_GRIT_MODEL_BLOB_H

extern const unsigned char grit_model_blob[]; /* a .grit file, on a 4-byte boundary */
extern const unsigned int grit_model_blob_bytes;
/* Its first presets, memory/first_presets.h, and what names it in them. Weak, so NULL where an array was exported
 * before there were any: it still links. */
extern const unsigned char grit_model_sha256[32] __attribute__((weak));
extern const short grit_model_presets[][17] __attribute__((weak));

#endif
