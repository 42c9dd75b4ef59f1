/* A model blob (.grit), opened: checked completely, then pointed into. Generated names are in grit_format.h. */
#ifndef GRITSPACE_MODEL_H
#define GRITSPACE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model_types.h"
#include "placement.h"

typedef enum {
  GRIT_OK = 0,
  GRIT_ERROR_ALIGNMENT = 1,   /* the blob does not start on a 4-byte boundary */
  GRIT_ERROR_TOO_SHORT = 2,   /* fewer bytes than its header says */
  GRIT_ERROR_MAGIC = 3,       /* not a .grit */
  GRIT_ERROR_VERSION = 4,     /* a .grit of another format version */
  GRIT_ERROR_CRC = 5,         /* altered */
  GRIT_ERROR_LAYOUT = 6,      /* an offset or size points outside, or is misaligned */
  GRIT_ERROR_UNSUPPORTED = 7, /* an activation, width or count this engine does not have */
  GRIT_ERROR_OVERFLOW = 8     /* weights with which an int32 accumulator could overflow */
} grit_status_t;

/* Opens a blob in place. On any status but GRIT_OK the model is unusable. bytes may be more than the blob needs. */
grit_status_t grit_model_open(grit_model_t *model, const void *blob, size_t bytes);

/* Products a frame, from the shapes alone: what the model costs at least, before anything of it is run. */
uint64_t grit_model_products(const grit_model_t *model);

/* Whether it is one array of leaky layers, padded from three channels to four: nothing reads the fourth. */
bool grit_model_reads_three(const grit_model_t *model);

/* A short English sentence for a status; never NULL. */
const char *grit_status_text(grit_status_t status);

#endif
