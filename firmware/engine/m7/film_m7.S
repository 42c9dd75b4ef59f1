/* Written by hand: FiLM's dense rows on the Cortex-M7, in an order in which hardly a word is waited for. Four rows at a
 * time: a word of inputs is loaded once for four products. No loop over the inputs: the way in is where as many columns
 * are left as there are, so that no branch can surprise. */
#if defined(__ARM_FEATURE_DSP) && defined(__thumb2__)
  .syntax unified
  .thumb

/* sum = sum >> the lowest byte of shifts, rounded: the last bit shifted out is the carry; if none is, it stays clear.
 * Then the next byte. */
.macro SHIFT_ROUND sum, shifts
  adds \sum, \sum, #0
  asrs \sum, \sum, \shifts
  adc \sum, \sum, #0
  lsr \shifts, \shifts, #8
.endm

/* Two columns of four rows. x: their inputs; r10, r11: rows 3's and 2's weights, and, if this is not the last word,
 * the next word's afterwards. */
.macro TWO_COLUMNS x, last
  smlad r7, r10, \x, r7
  ldr r10, [r0, r2]
  smlad r6, r11, \x, r6
  ldr r11, [r0], #4
  smlad r5, r10, \x, r5
  .ifeq \last
  ldr r10, [r0, r3]
  .endif
  smlad r4, r11, \x, r4
  .ifeq \last
  ldr r11, [r0, r2, lsl #1]
  .endif
.endm

/* Eight columns of four rows. at: their place in the inputs, in bytes; r8, r9: their first two words. */
.macro EIGHT_COLUMNS at, last
  TWO_COLUMNS r8, 0
  ldr r12, [r1, #\at + 8]
  ldr lr, [r1, #\at + 12]
  TWO_COLUMNS r9, 0
  .ifeq \last
  ldr r8, [r1, #\at + 16]
  ldr r9, [r1, #\at + 20]
  .endif
  TWO_COLUMNS r12, 0
  TWO_COLUMNS lr, \last
.endm

.equ MOST_BYTES, 128 /* of a row: 64 inputs */

/* void grit_film_m7_rows(const grit_film_m7_rows_t *rows, const int16_t *x): see film_m7.h, which gives the offsets.
 * r0: the first row's weights, r2 and r3: how far the second's and the fourth's stand behind; r1: where x would begin if
 * it were as long as can be; r4 to r7: the sums. On the stack: rows, the row, x, the way in. */
  .section .text.grit_fast_film, "ax", %progbits
  .balign 8
  .global grit_film_m7_rows
  .type grit_film_m7_rows, %function
grit_film_m7_rows:
  push {r4, r5, r6, r7, r8, r9, r10, r11, lr}
  mov r12, r0
  mov r8, #0
  ldr r2, [r0, #4]
  ldr r0, [r0, #0]
  adr r9, grit_film_m7_last_columns + 1
  lsr r10, r2, #4
  mov r11, #(grit_film_m7_last_columns - grit_film_m7_columns) / (MOST_BYTES / 16 - 1)
  sub r10, r10, #1
  mls r9, r10, r11, r9
  push {r8, r9}
  push {r1, r12}
  add r1, r1, r2
  sub r1, r1, #MOST_BYTES
  add r3, r2, r2, lsl #1
1:
  ldr lr, [sp]
  ldr r4, [r12, #8]
  ldr r10, [r0, r3]
  add r4, r4, r8, lsl #2
  ldr r12, [sp, #12]
  ldr r11, [r0, r2, lsl #1]
  ldr r8, [lr]
  ldr r9, [lr, #4]
  ldm r4, {r4, r5, r6, r7}
  bx r12
grit_film_m7_columns:
  .set at, 0
  .rept MOST_BYTES / 16 - 1
  EIGHT_COLUMNS at, 0
  .set at, at + 16
  .endr
grit_film_m7_last_columns:
  EIGHT_COLUMNS at, 1
  ldr r12, [sp, #4]
  ldr r8, [sp, #8]
  add r0, r0, r3
  ldr r9, [r12, #12]
  ldr r10, [r12, #16]
  ldr r11, [r9, r8]
  add r10, r10, r8, lsl #2
  ldr lr, [r12, #20]
  add r8, r8, #4
  SHIFT_ROUND r4, r11
  SHIFT_ROUND r5, r11
  SHIFT_ROUND r6, r11
  SHIFT_ROUND r7, r11
  str r8, [sp, #8]
  cmp r8, lr
  stm r10, {r4, r5, r6, r7}
  bne 1b
  add sp, sp, #16
  pop {r4, r5, r6, r7, r8, r9, r10, r11, pc}
  .size grit_film_m7_rows, . - grit_film_m7_rows
#endif
