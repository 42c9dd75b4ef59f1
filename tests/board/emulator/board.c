/* The board's main loop: the processor runs until something is due, what is due happens, exceptions are taken. Time
 * goes by with the code that runs, by its bytes: an estimate, not a Cortex-M7's pipeline. */
#include "board.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* The engine's inner loops: 575 cycles for a thousand instructions at the pessimistic price (quantize/cycles), of 3.96
 * bytes each. By this the firmware's own guard admits here what it admits on a Seed. */
#define ITCM_BYTES_PER_CYCLE 6.9

options_t options = {.stop_ms = 1e12, .bytes_per_cycle = 5, .idle_factor = 1, .cache = true, .crystal = true};
uc_engine *uc;
uint64_t now_ps, cycles;
unsigned faults;
static double ps_per_cycle = 1e12 / 64e6, cycle_rest, ps_rest;
static uint64_t due_ps;
static bool look, ended, in_bootloader;
static const char *reset_why;
static unsigned resets;
static struct {
  bool hit, write, fetch;
  uint32_t address;
} bad_access;
static uint32_t returned_from;

double now_ms(void) {
  return (double)now_ps * 1e-9;
}

uint64_t ps_of(double seconds) {
  return (uint64_t)(seconds * 1e12);
}

void set_cycle_time(uint32_t hz) {
  ps_per_cycle = 1e12 / hz;
}

static void say(const char *mark, const char *format, va_list values) {
  fprintf(stderr, "[%10.3f ms] %s", now_ms(), mark);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
}

void note(const char *format, ...) {
  va_list values;
  va_start(values, format);
  say("", format, values);
  va_end(values);
}

void fault(const char *format, ...) {
  va_list values;
  va_start(values, format);
  say("FAULT: ", format, values);
  va_end(values);
  faults++;
}

void fault_once(uint32_t key, const char *format, ...) {
  static struct {
    uint32_t key;
    const char *format;
  } said[1024];
  static unsigned count;
  for (unsigned i = 0; i < count; i++) {
    if (said[i].key == key && said[i].format == format) return;
  }
  if (count == sizeof said / sizeof said[0]) return;
  said[count].key = key;
  said[count++].format = format;
  va_list values;
  va_start(values, format);
  say("FAULT: ", format, values);
  va_end(values);
  faults++;
}

void wait_until(uint64_t ps) {
  if (ps <= now_ps) return;
  cycles += (uint64_t)((double)(ps - now_ps) / ps_per_cycle);
  now_ps = ps;
}

void interrupt_emulation(void) {
  look = true;
}

void request_reset(const char *why) {
  reset_why = why;
  look = true;
}

void request_end(void) {
  ended = true;
  look = true;
}

/* ---- what is due, and when */

typedef struct {
  uint64_t (*at)(void);
  void (*tick)(void);
} event_t;
static const event_t events[] = {{systick_at, systick_tick}, {audio_at, audio_tick},   {adc_at, adc_tick},
                                 {usb_at, usb_tick},         {script_at, script_tick}, {watchdog_at, watchdog_bite}};

static void happen(void) {
  due_ps = ps_of(options.stop_ms * 1e-3);
  for (unsigned i = 0; i < sizeof events / sizeof events[0]; i++) {
    while (now_ps >= events[i].at()) events[i].tick();
    if (events[i].at() < due_ps) due_ps = events[i].at();
  }
  if (now_ms() >= options.stop_ms) ended = true;
}

static void on_block(uc_engine *engine, uint64_t address, uint32_t size, void *data) {
  (void)data;
  const bool in_itcm =
      address < 0x10000u; /* in ITCM: what it costs is measured by the firmware, in the main loop too */
  const bool idle = core_depth() == 0 && !in_itcm && audio_at() != NEVER; /* it plays, and waits */
  cycle_rest += size / (in_itcm ? ITCM_BYTES_PER_CYCLE : options.bytes_per_cycle) * (idle ? options.idle_factor : 1);
  const uint64_t whole = (uint64_t)cycle_rest;
  cycles += whole;
  cycle_rest -= (double)whole;
  ps_rest += (double)whole * ps_per_cycle;
  now_ps += (uint64_t)ps_rest;
  ps_rest -= (double)(uint64_t)ps_rest;
  if (address - 0x1FF00000u < 0x20000u) {
    in_bootloader = true;
    uc_emu_stop(engine);
    return;
  }
  if (address - 0x24000000u < 0x80000u && cache_holds_dirty((uint32_t)address)) {
    fault_once((uint32_t)address, "code at %08x is still in the data cache when it is run", (uint32_t)address);
  }
  if (address == SCRIPT_SPIN) wait_until(due_ps); /* a jump to itself, many millions of times */
  if (now_ps < due_ps && !look) return;
  look = false;
  happen();
  /* A block at whose beginning the processor stops has not run: only what is then done at once may stop it. */
  const bool jumps = script_jump != 0 && core_may_jump();
  const bool must = ended || reset_why != NULL || jumps;
  if (must) uc_emu_stop(engine);
  look = script_jump != 0 || core_wants_exception(); /* again, until it can be done */
  if (!must && core_can_take_exception()) uc_emu_stop(engine);
}

static void on_interrupt(uc_engine *engine, uint32_t number, void *data) {
  (void)data;
  if (number == 8u) { /* an exception returns */
    returned_from = 1;
  } else {
    fault("the core cannot go on (%u), pc %08x", number, core_pc());
    bad_access.hit = true;
    bad_access.fetch = bad_access.write = false;
    bad_access.address = 0;
  }
  uc_emu_stop(engine);
}

static bool on_bad_access(uc_engine *engine, uc_mem_type type, uint64_t address, int size, int64_t value, void *data) {
  (void)engine, (void)size, (void)value, (void)data;
  if ((address & 0xFFFFFF00u) == 0xFFFFFF00u) return false; /* an exception returns */
  bad_access.hit = true;
  bad_access.fetch = type == UC_MEM_FETCH_UNMAPPED || type == UC_MEM_FETCH_PROT;
  bad_access.write = type == UC_MEM_WRITE_UNMAPPED || type == UC_MEM_WRITE_PROT;
  bad_access.address = (uint32_t)address;
  note("the core %s %08x, where nothing is; pc %08x", bad_access.write ? "writes" : "reads", (uint32_t)address,
       core_pc());
  return false;
}

/* ---- the board */

static void reset(bool power_on) {
  registers_reset(power_on);
  clocks_reset(power_on);
  gpio_reset();
  dma_reset();
  sai_reset();
  adc_reset();
  quadspi_reset();
  i2c_reset();
  usb_device_reset();
  usb_host_reset();
  cache_reset();
  memories_reset();
  core_reset();
}

static bool build(void) {
  static uc_hook hooks[3];
  if (uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &uc) != UC_ERR_OK) return false;
  uc_ctl_set_cpu_model(uc, UC_CPU_ARM_CORTEX_M7);
  if (!memories_open() || !registers_open() || !flash_chip_open() || !sai_open() || !script_open()) return false;
  uc_hook_add(uc, &hooks[0], UC_HOOK_BLOCK, (void *)on_block, NULL, 1, 0);
  uc_hook_add(uc, &hooks[1], UC_HOOK_INTR, (void *)on_interrupt, NULL, 1, 0);
  uc_hook_add(uc, &hooks[2], UC_HOOK_MEM_INVALID, (void *)on_bad_access, NULL, 1, 0);
  cache_open();
  gpio_drive('D', 3, options.board != SEED_1_1);
  gpio_drive('D', 4, options.board != SEED_2_DFM);
  return !options.usb || usb_host_open();
}

static void fault_of_access(void) {
  if (bad_access.fetch) {
    core_raise_fault(5, 1u << 8, 0, false);
  } else if (bad_access.address == 0) {
    core_raise_fault(6, 1u << 16, 0, false);
  } else {
    core_raise_fault(5, bad_access.write ? 1u << 10 : 0x8200u, bad_access.address, !bad_access.write);
  }
}

/* Not faster than time itself, where somebody plays with it. */
static void keep_pace(const struct timespec *begun) {
  struct timespec now;
  static uint64_t slept_at;
  if (!options.pace || now_ps - slept_at < 2000000000u) return;
  slept_at = now_ps;
  clock_gettime(CLOCK_MONOTONIC, &now);
  const double ahead =
      now_ms() - (double)(now.tv_sec - begun->tv_sec) * 1e3 - (double)(now.tv_nsec - begun->tv_nsec) * 1e-6;
  if (ahead > 1) usleep((useconds_t)(ahead * 1e3));
}

static void run(void) {
  struct timespec begun;
  clock_gettime(CLOCK_MONOTONIC, &begun);
  while (!ended && !in_bootloader) {
    happen();
    if (ended) break;
    if (reset_why != NULL) {
      note("reset %u: %s", ++resets, reset_why);
      reset_why = NULL;
      reg_set(0x580244D0u, reg(0x580244D0u) | 1u << 24);
      reset(false);
      if (resets > 20) break;
    }
    keep_pace(&begun);
    core_take_exception();
    if (script_jump != 0 && core_may_jump()) {
      const uint32_t from = core_pc();
      core_set_register(UC_ARM_REG_PC, script_jump | 1u);
      script_jumped(from);
    }
    look = bad_access.hit = false;
    returned_from = 0;
    const uc_err error = uc_emu_start(uc, core_pc() | 1u, 0xFFFFFFFEu, 0, 0);
    if (returned_from != 0 || (core_pc() & 0xFFFFFF00u) == 0xFFFFFF00u) {
      core_return();
    } else if (bad_access.hit) {
      fault_of_access();
    } else if (error != UC_ERR_OK) {
      fault("Unicorn: %s, pc %08x", uc_strerror(error), core_pc());
      ended = true;
    }
  }
  if (in_bootloader) note("in the chip's own bootloader, vectors at %08x", reg(0xE000ED08u));
}

void print_report(void) {
  const char *usb = "";
  const uint32_t usb_hz = usb_clock(&usb);
  const interrupt_cost_t *audio = &audio_interrupt;
  printf("{\"ms\": %.3f, \"cycles\": %llu, \"pc\": %u, \"resets\": %u, \"faults\": %u, \"in_bootloader\": %s, ",
         now_ms(), (unsigned long long)cycles, core_pc(), resets, faults, in_bootloader ? "true" : "false");
  printf(
      "\"image_bytes\": %u, \"sysclk_hz\": %u, \"hclk_hz\": %u, \"vos\": %u, \"overdrive\": %u, \"wait_states\": %u, ",
      image_bytes(), sysclk(), hclk(), reg(0x58024818u) >> 14 & 3u, reg(0x5800042Cu) & 1u, reg(0x52002000u) & 15u);
  printf("\"usb_clock\": \"%s\", \"usb_hz\": %u, \"usb_configured\": %s, \"usb_in\": %llu, \"usb_out\": %llu, ", usb,
         usb_hz, usb_configured ? "true" : "false", (unsigned long long)usb_to_module,
         (unsigned long long)usb_from_module);
  printf("\"audio_hz\": %.3f, \"audio_started_ms\": %.3f, \"frames\": %llu, \"underruns\": %llu, ", audio_hz,
         audio_started_ms, (unsigned long long)audio_frames, (unsigned long long)audio_underruns);
  printf("\"interrupts\": %llu, \"interrupt_longest\": %llu, \"interrupt_mean\": %.0f, \"stack_low\": %u, ",
         (unsigned long long)audio->count, (unsigned long long)audio->longest,
         audio->count > 0 ? (double)audio->total / (double)audio->count : 0, audio->lowest_stack);
  printf("\"adc_round_us\": %.2f, \"adc_first_round_ms\": %.3f, \"adc_rounds\": %llu, \"sdram_row_us\": %.3f, ",
         adc_round_us, adc_first_round_ms, (unsigned long long)adc_rounds, sdram_row_us());
  printf(
      "\"codec\": \"%s\", \"codec_state\": \"%s\", \"led_edges\": %u, \"flash_operations\": %u, \"flash_errors\": %u, ",
      codec_name(), codec_state(), led_edges, flash_operations, flash_errors);
  printf(
      "\"watchdog_kicks\": %llu, \"watchdog_longest_ms\": %.3f, \"cache_fills\": %llu, \"cache_write_backs\": %llu}\n",
      (unsigned long long)watchdog_kicks, (double)watchdog_longest_ps * 1e-9, (unsigned long long)cache_fills,
      (unsigned long long)cache_write_backs);
  fflush(stdout);
}

static void usage(void) {
  fprintf(stderr,
          "emulator IMAGE [-B seed_1_0|seed_1_1|seed_2_dfm|seed_3|patch_sm] [-f FLASH.bin] [-i IN.s16] [-o OUT.s32]\n"
          "  [-s SCRIPT] [-t MS] [-c N: power goes in flash operation N] [-u: USB] [-p: not faster than time]\n"
          "  [-x: no crystal] [-m: no cache] [-b BYTES of code a cycle] [-q the main loop so many times slower]\n"
          "  [-w PERCENT of the time that the audio interrupt takes at least] [-v]\n");
  exit(2);
}

static board_kind_t kind_of(const char *name) {
  static const char *const names[] = {"seed_1_0", "seed_1_1", "seed_2_dfm", "seed_3", "patch_sm"};
  for (unsigned i = 0; i < 5; i++) {
    if (strcmp(name, names[i]) == 0) return (board_kind_t)i;
  }
  usage();
  return SEED_1_0;
}

int main(int count, char **words) {
  int letter;
  while ((letter = getopt(count, words, "B:f:i:o:s:t:c:b:q:w:upxmv")) != -1) {
    switch (letter) {
      case 'B':
        options.board = kind_of(optarg);
        break;
      case 'f':
        options.flash_file = optarg;
        break;
      case 'i':
        options.audio_in = optarg;
        break;
      case 'o':
        options.audio_out = optarg;
        break;
      case 's':
        options.script = optarg;
        break;
      case 't':
        options.stop_ms = atof(optarg);
        break;
      case 'c':
        options.cut_operation = (unsigned)atoi(optarg);
        break;
      case 'b':
        options.bytes_per_cycle = atof(optarg);
        break;
      case 'q':
        options.idle_factor = (unsigned)atoi(optarg);
        break;
      case 'w':
        options.audio_percent = (unsigned)atoi(optarg);
        break;
      case 'u':
        options.usb = true;
        break;
      case 'p':
        options.pace = true;
        break;
      case 'x':
        options.crystal = false;
        break;
      case 'm':
        options.cache = false;
        break;
      case 'v':
        options.verbose++;
        break;
      default:
        usage();
    }
  }
  if (optind + 1 != count || options.bytes_per_cycle <= 0 || options.idle_factor == 0) usage();
  options.image = words[optind];
  if (!build()) {
    fprintf(stderr, "the emulated board cannot be built\n");
    return 2;
  }
  reset(true);
  run();
  print_report();
  flash_chip_close();
  sai_close();
  return 0;
}
