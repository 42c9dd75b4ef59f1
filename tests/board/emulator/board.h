/* An emulated Daisy: an STM32H750 with what a Seed or a Patch SM has around it, enough of it to run the firmware's
 * image as it is shipped, on the Cortex-M7 of Unicorn. Each part is a file; this says what they offer each other.
 *
 * Register names and numbers: STM32H750 reference manual (RM0433) and data sheet, ARMv7-M Architecture Reference
 * Manual. What a real board would not survive, or not as meant, is said by `fault`, and the emulation goes on. */
#ifndef GRITSPACE_EMULATED_BOARD_H
#define GRITSPACE_EMULATED_BOARD_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unicorn/unicorn.h>

#define NEVER UINT64_MAX

typedef enum { SEED_1_0, SEED_1_1, SEED_2_DFM, SEED_3, PATCH_SM } board_kind_t;

typedef struct {
  const char *image, *flash_file, *audio_in, *audio_out, *script;
  board_kind_t board;
  double stop_ms;
  double bytes_per_cycle; /* of code: how time goes by; an instruction has 2 or 4 bytes */
  unsigned idle_factor;   /* so many times slower is the main loop, in the module's time: spares ours */
  unsigned audio_percent; /* of the time the audio interrupt takes, at least: what the main loop does with the rest */
  unsigned cut_operation; /* the flash operation in which the power goes; 0: none */
  bool usb, cache, crystal, pace;
  int verbose;
} options_t;
extern options_t options;

/* board.c: time and the log. A picosecond is the unit of time. */
extern uc_engine *uc;
extern uint64_t now_ps, cycles; /* since power came; `cycles` are the processor's */
double now_ms(void);
void set_cycle_time(uint32_t hz);
uint64_t ps_of(double seconds);
__attribute__((format(printf, 1, 2))) void note(const char *format, ...);
__attribute__((format(printf, 1, 2))) void fault(const char *format, ...);
/* Said once for each key. */
__attribute__((format(printf, 2, 3))) void fault_once(uint32_t key, const char *format, ...);
extern unsigned faults;
void wait_until(uint64_t ps);   /* the core's access takes so long */
void interrupt_emulation(void); /* the processor stops at the next chance, so that events are looked at */
void request_reset(const char *why);
void request_end(void);
void print_report(void);

/* memories.c: what lies where. The core's view is Unicorn's; DMA sees what lies behind the cache. */
bool memories_open(void);
void memories_reset(void);
uint8_t *memory_at(uint32_t address, uint32_t bytes); /* NULL: there is none */
uint32_t core_read(uint32_t address);
bool memories_untouched(void); /* nobody has written to RAM since power came */
void memories_sdram_ready(void);
uint32_t image_bytes(void);

/* cache.c: the data cache and the MPU. */
void cache_open(void);
void cache_reset(void);
void cache_maintain(uint32_t register_address, uint32_t value);
bool cache_holds_dirty(uint32_t address);
void dma_copy_in(uint32_t address, const void *bytes, uint32_t count);
void dma_copy_out(uint32_t address, void *bytes, uint32_t count);
bool mpu_says_cached(uint32_t address);
extern uint64_t cache_fills, cache_write_backs;

/* registers.c: all peripherals' registers, whether they are clocked, and who answers. */
bool registers_open(void);
void registers_reset(bool power_on);
uint32_t reg(uint32_t address);
void reg_set(uint32_t address, uint32_t value);

/* core.c: exceptions, NVIC, SysTick, cycle counter, fault status. */
#define EPSR_THUMB (1u << 24) /* and no IT bits */
void core_reset(void);
uint32_t core_register(int name);
void core_set_register(int name, uint32_t value);
uint32_t core_pc(void);
uint32_t core_peripheral_read(uint32_t address);
void core_peripheral_write(uint32_t address, uint32_t value, uint32_t size);
void irq_level(unsigned irq, bool high);
bool core_wants_exception(void), core_can_take_exception(void);
bool core_take_exception(void); /* true if it entered one */
void core_return(void);
void core_raise_fault(unsigned exception, uint32_t cfsr, uint32_t address, bool address_valid);
unsigned core_depth(void);
bool core_may_jump(void); /* the main loop, where it may be interrupted */
uint64_t systick_at(void);
void systick_tick(void);
typedef struct {
  uint64_t count, longest, total;
  uint32_t lowest_stack;
} interrupt_cost_t;
extern interrupt_cost_t audio_interrupt;

/* clocks.c: RCC, PWR, flash wait states, watchdog, SDRAM controller. */
void clocks_reset(bool power_on);
bool clocks_read(uint32_t address, uint32_t *value);
bool clocks_write(uint32_t address, uint32_t value);
uint32_t sysclk(void), hclk(void), pll_out(unsigned pll, char output);
uint32_t usb_clock(const char **source);
double sdram_row_us(void); /* between two refreshes of rows; 0: none */
uint64_t watchdog_at(void);
void watchdog_bite(void);
extern uint64_t watchdog_kicks, watchdog_longest_ps;

/* gpio.c */
void gpio_reset(void);
void gpio_drive(char port, unsigned bit, bool high);
bool gpio_pin(char port, unsigned bit);
bool gpio_is_output(char port, unsigned bit);
bool gpio_read(uint32_t address, uint32_t *value);
bool gpio_write(uint32_t address, uint32_t value);
extern unsigned led_edges; /* of PC7, the Seed's own LED */

/* dma.c: DMA1, DMA2 and DMAMUX1. */
void dma_reset(void);
uint32_t dma_register_read(uint32_t address);
void dma_register_write(uint32_t address, uint32_t value);
bool dma_ready(unsigned request);
/* One item for whoever asks: from_peripheral is stored, or what is fetched is returned. */
uint32_t dma_item(unsigned request, uint32_t from_peripheral);

/* sai.c: SAI1 and the codec's two ways. */
void sai_reset(void);
uint32_t sai_read(uint32_t address);
void sai_write(uint32_t address, uint32_t value);
bool sai_open(void);
void sai_close(void);
uint64_t audio_at(void);
void audio_tick(void);
extern uint64_t audio_frames, audio_underruns;
extern double audio_started_ms, audio_hz;

/* adc.c */
void adc_reset(void);
uint32_t adc_read(uint32_t address);
void adc_write(uint32_t address, uint32_t value);
uint64_t adc_at(void);
void adc_tick(void);
bool adc_set_pin(const char *pin, uint16_t code);
extern uint64_t adc_rounds;
extern double adc_round_us, adc_first_round_ms;

/* flash_chip.c: the IS25LP064A behind QUADSPI; quadspi.c: the controller. */
bool flash_chip_open(void);
void flash_chip_close(void);
void flash_chip_command(uint8_t instruction, uint32_t address, uint32_t count);
uint8_t flash_chip_read(void);
void flash_chip_write(uint8_t byte);
void flash_chip_end(void); /* of a command's data */
extern unsigned flash_operations, flash_errors;
extern bool flash_power_gone;
void quadspi_reset(void);
uint32_t quadspi_read(uint32_t offset, uint32_t size);
void quadspi_write(uint32_t offset, uint32_t value, uint32_t size);

/* i2c.c: I2C2 and a codec. codec_report: what the codec makes of how it was set. */
void i2c_reset(void);
uint32_t i2c_read(uint32_t offset);
void i2c_write(uint32_t offset, uint32_t value);
const char *codec_name(void);
const char *codec_state(void);

/* usb_device.c: the OTG_FS core; usb_host.c: a laptop that takes a CDC device to a pseudo-terminal. */
void usb_device_reset(void);
uint32_t usb_read(uint32_t offset);
void usb_write(uint32_t offset, uint32_t value);
bool usb_pulled_up(void);
void usb_signal_reset(void), usb_signal_enumerated(void), usb_signal_suspend(bool asleep), usb_signal_frame(void);
void usb_setup_packet(const uint8_t setup[8]);
bool usb_in_packet(unsigned endpoint, uint8_t *bytes, unsigned *count); /* what the device has to send, if it has */
bool usb_out_ready(unsigned endpoint);
void usb_out_packet(unsigned endpoint, const uint8_t *bytes, unsigned count);
bool usb_stalled(unsigned endpoint, bool in);
unsigned usb_address(void);
bool usb_host_open(void); /* prints the port's name */
void usb_host_reset(void);
uint64_t usb_at(void);
void usb_tick(void);
void usb_plug(bool in);
extern uint64_t usb_to_module, usb_from_module;
extern bool usb_configured;

/* script.c: what happens from outside, from a file ("ms what ...") and from standard input ("what ..."). */
bool script_open(void);
uint64_t script_at(void);
void script_tick(void);
extern uint32_t script_jump; /* where the main loop is to go; 0: nowhere */
void script_jumped(uint32_t from);
#define SCRIPT_SPIN 0x3800FF00u /* where it hangs, until the next thing happens */

#endif
