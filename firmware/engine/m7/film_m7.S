/* Written by hand: FiLM's dense rows on the Cortex-M7, in an order in which hardly a word is waited for. What a compiler
 * makes of the same in C takes a third as long again. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
  .syntax unified
  .thumb

/* sum = sum >> shift, rounded: the last bit shifted out is the carry; if none is, it stays clear. */
.macro SHIFT_ROUND sum, shift
  adds \sum, \sum, #0
  asrs \sum, \sum, \shift
  adc \sum, \sum, #0
.endm

/* void grit_film_m7_rows(const grit_film_m7_rows_t *rows, const int16_t *x): see film_m7.h, which gives the offsets.
 * r0, r3: two rows' weights; r1: their inputs, up to r12; r4: bytes of a row; r7, r8: the sums; lr: the first row. */
  .section .text.grit_fast_film, "ax", %progbits
  .balign 8
  .global grit_film_m7_rows
  .type grit_film_m7_rows, %function
grit_film_m7_rows:
  push {r0, r4, r5, r6, r7, r8, r9, r10, r11, lr}
  ldrd r3, r4, [r0, #0]
  add r12, r1, r4
  mov lr, #0
1:
  ldr r2, [sp]
  ldr r5, [r2, #8]
  mov r0, r3
  add r5, r5, lr, lsl #2
  add r3, r3, r4
  ldrd r7, r8, [r5]
2:
  ldr r9, [r1], #16
  ldr r10, [r3]
  ldr r11, [r0], #16
  ldr r2, [r1, #-12]
  ldr r5, [r3, #4]
  ldr r6, [r0, #-12]
  smlad r8, r10, r9, r8
  ldr r10, [r3, #8]
  smlad r7, r11, r9, r7
  ldr r9, [r1, #-8]
  smlad r8, r5, r2, r8
  ldr r11, [r0, #-8]
  smlad r7, r6, r2, r7
  ldr r5, [r3, #12]
  smlad r8, r10, r9, r8
  ldr r2, [r1, #-4]
  smlad r7, r11, r9, r7
  ldr r6, [r0, #-4]
  add r3, r3, #16
  smlad r8, r5, r2, r8
  cmp r1, r12
  smlad r7, r6, r2, r7
  bne 2b
  ldr r2, [sp]
  sub r1, r1, r4
  ldrd r5, r6, [r2, #12]
  add r5, r5, lr
  ldr r11, [r2, #20]
  ldrb r9, [r5]
  ldrb r10, [r5, #1]
  add r6, r6, lr, lsl #2
  SHIFT_ROUND r7, r9
  SHIFT_ROUND r8, r10
  add lr, lr, #2
  strd r7, r8, [r6]
  cmp lr, r11
  bne 1b
  pop {r0, r4, r5, r6, r7, r8, r9, r10, r11, pc}
  .size grit_film_m7_rows, . - grit_film_m7_rows
#endif
