/* The Cortex-M7's kernels for small networks: the same bits as kernels.c's. */
#include "kernels.h"

#ifdef GRIT_KERNELS_M7

#include "kernels_m7_small.h"

GRIT_FAST_CODE void grit_kernel_gather(const grit_slots_t *slots, uint32_t shift, int16_t *out, size_t channels,
                                       size_t frames) {
  const uint32_t frame_bytes = (uint32_t)channels * (uint32_t)sizeof(int16_t);
  grit_m7_gather_t call = {.factor = 1 << (32u - shift), .frame_bytes = frame_bytes};
  call.slot_bytes = GRIT_SLOT_FRAMES * frame_bytes;
  const size_t whole = (frames + GRIT_M7_GATHER_FRAMES - 1u) / GRIT_M7_GATHER_FRAMES * GRIT_M7_GATHER_FRAMES;
  const int16_t *weights = slots->weights;
  for (size_t c = 0; c < channels; c += 2u) {
    call.z = slots->z + c;
    call.end = call.z + whole * channels;
    call.out = out + c;
    call.weights = weights;
    weights += 2u * slots->count;
    call.last = weights;
    grit_m7_gather(&call);
  }
}

#endif
