/* The model that is linked into the firmware: a generated C file defines it. */
#ifndef GRITSPACE_GRIT_MODEL_BLOB_H
#define GRITSPACE_GRIT_MODEL_BLOB_H

extern const unsigned char grit_model_blob[]; /* a .grit file, on a 4-byte boundary */
extern const unsigned int grit_model_blob_bytes;
extern const unsigned char grit_model_sha256[32];
/* Its first presets: memory/first_presets.h. Weak, so NULL: an array exported before there were any still links. */
extern const short grit_model_presets[][17] __attribute__((weak));

#endif
