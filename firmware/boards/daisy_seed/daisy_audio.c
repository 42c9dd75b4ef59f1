/* STM32H750 reference manual (RM0433), "SAI", "DMA", "DMAMUX". The clocks are block A's; B follows it. 24 bits
 * left-justified in slots of 32, two slots a frame, 48 kHz by PLL3. */
#include "daisy_audio.h"

#include "base/audio_piece.h"
#include "daisy_pins.h"
#include "daisy_samples.h"
#include "placement.h"

#define EXCEPTION_CYCLES                                                                       \
  60u /* in and out of it, with the floating-point registers, before and after what is counted \
       */
#define PIECE_WORDS (2u * GRIT_AUDIO_FRAMES)

/* Two pieces each: while DMA is in one, the interrupt works on the other. In the part of RAM_D2 that is not cached. */
__attribute__((section(".sram1_bss"), aligned(32))) static uint32_t heard[2][PIECE_WORDS];
__attribute__((section(".sram1_bss"), aligned(32))) static int32_t played[2][PIECE_WORDS];
static int16_t samples[2][GRIT_AUDIO_FRAMES];
static int16_t *const channels[2] = {samples[0], samples[1]};
static uint32_t gain_in, gain_out;
static daisy_audio_t work;

#define COMMON (SAI_xCR1_DS_2 | SAI_xCR1_DS_1 | SAI_xCR1_CKSTR) /* 24 bits, sampled at the clock's falling edge */
#define MASTER (1u << SAI_xCR1_MCKDIV_Pos)
#define FOLLOWS_A (SAI_xCR1_SYNCEN_0 | SAI_xCR1_MODE_1)
#define HEARS SAI_xCR1_MODE_0
#define FRAME \
  (63u | 31u << SAI_xFRCR_FSALL_Pos | SAI_xFRCR_FSDEF | SAI_xFRCR_FSPOL) /* 64 clocks, high in the first half */
#define SLOTS (0xFFFFu << SAI_xSLOTR_SLOTEN_Pos | 1u << SAI_xSLOTR_NBSLOT_Pos | SAI_xSLOTR_SLOTSZ_1)

static void set_block(SAI_Block_TypeDef *block, uint32_t settings) {
  block->CR1 = COMMON | settings;
  block->CR2 = SAI_xCR2_FFLUSH; /* threshold: empty */
  block->FRCR = FRAME;
  block->SLOTR = SLOTS;
}

#define STREAM \
  (DMA_SxCR_PL_1 | DMA_SxCR_MSIZE_1 | DMA_SxCR_PSIZE_1 | DMA_SxCR_MINC | DMA_SxCR_CIRC) /* words, round and round */

static void set_stream(DMA_Stream_TypeDef *stream, volatile uint32_t *port, void *words, uint32_t settings) {
  stream->NDTR = 2u * PIECE_WORDS;
  stream->PAR = (uint32_t)(uintptr_t)port;
  stream->M0AR = (uint32_t)(uintptr_t)words;
  stream->CR = STREAM | settings;
  stream->CR |= DMA_SxCR_EN;
}

static GRIT_FAST_CODE void do_piece(unsigned half) {
  daisy_samples_in(heard[half], gain_in, samples[0], samples[1], GRIT_AUDIO_FRAMES);
  work.piece(channels);
  daisy_samples_out(played[half], gain_out, samples[0], samples[1], GRIT_AUDIO_FRAMES);
}

/* The name of the vector table: what has been heard is there, a half of the buffer at a time. */
void DMA1_Stream1_IRQHandler(void);
GRIT_FAST_CODE void DMA1_Stream1_IRQHandler(void) {
  const uint32_t began = DWT->CYCCNT, raised = DMA1->LISR;
  DMA1->LIFCR = DMA_LIFCR_CTCIF1 | DMA_LIFCR_CHTIF1 | DMA_LIFCR_CTEIF1 | DMA_LIFCR_CDMEIF1 | DMA_LIFCR_CFEIF1;
  do_piece((raised & DMA_LISR_TCIF1) != 0 ? 1u : 0u);
  work.done(DWT->CYCCNT - began + EXCEPTION_CYCLES);
}

void daisy_audio_start(const daisy_revision_t *revision, const daisy_audio_t *audio) {
  gain_in = revision->gain_in;
  gain_out = revision->gain_out;
  work = *audio;
  daisy_pins_set('E', 0x7C, GPIO_MODE_AF_PP, GPIO_PULLUP, GPIO_SPEED_FREQ_MEDIUM, GPIO_AF6_SAI1);
  __HAL_RCC_SAI1_CLK_ENABLE();
  __HAL_RCC_DMA1_CLK_ENABLE();
  const bool a_hears = revision->first_block_hears;
  set_block(SAI1_Block_A, MASTER | (a_hears ? HEARS : 0u));
  set_block(SAI1_Block_B, FOLLOWS_A | (a_hears ? 0u : HEARS));
  SAI_Block_TypeDef *hears = a_hears ? SAI1_Block_A : SAI1_Block_B;
  SAI_Block_TypeDef *plays = a_hears ? SAI1_Block_B : SAI1_Block_A;
  DMAMUX1_Channel0->CCR = a_hears ? DMA_REQUEST_SAI1_B : DMA_REQUEST_SAI1_A;
  DMAMUX1_Channel1->CCR = a_hears ? DMA_REQUEST_SAI1_A : DMA_REQUEST_SAI1_B;
  set_stream(DMA1_Stream0, &plays->DR, played, DMA_SxCR_DIR_0);
  set_stream(DMA1_Stream1, &hears->DR, heard, DMA_SxCR_TCIE | DMA_SxCR_HTIE);
  NVIC_SetPriority(DMA1_Stream1_IRQn, 0);
  NVIC_EnableIRQ(DMA1_Stream1_IRQn);
  plays->CR1 |= SAI_xCR1_DMAEN; /* its FIFO fills */
  hears->CR1 |= SAI_xCR1_DMAEN;
  SAI1_Block_B->CR1 |= SAI_xCR1_SAIEN; /* waits for A's clocks */
  SAI1_Block_A->CR1 |= SAI_xCR1_SAIEN;
}
