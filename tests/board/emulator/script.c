/* What happens to the board from outside: "adc PA6 65535", "pin PB12 0", "usb 0", "jump 60000000", "hang", "busy 100",
 * "power", "report", "peek ADDRESS WORDS". A line of the script begins with its time in milliseconds; a line on
 * standard input happens at once. The end of standard input is the end of everything, so that nobody is left over. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board.h"

#define LINE 128u
#define LINES 512u
#define LISTEN_PS 500000000u /* half a millisecond */

uint32_t script_jump;
static uint64_t busy_ps, busy_until = NEVER; /* how long it is to be, and since it is: to when */
static uint32_t busy_pc;
static struct {
  uint64_t at;
  char what[LINE];
} lines[LINES];
static unsigned count, done;
static char typed[LINE];
static unsigned typed_bytes;
static uint64_t listen_at;
static bool listening;

static void peek(const char *words) {
  unsigned address = 0, number = 0;
  if (sscanf(words, "%x %u", &address, &number) != 2) return;
  printf("{\"peek\": [");
  for (unsigned i = 0; i < number; i++) {
    uint32_t value = 0;
    uc_mem_read(uc, address + 4u * i, &value, 4);
    printf("%s%u", i > 0 ? ", " : "", value);
  }
  printf("]}\n");
  fflush(stdout);
}

/* The main loop goes into a loop that does nothing: a jump to itself, in memory that nobody uses. */
static void hang(void) {
  const uint16_t spin = 0xE7FE;
  uc_mem_write(uc, SCRIPT_SPIN, &spin, sizeof spin);
  script_jump = SCRIPT_SPIN;
}

/* The same for some time: then it goes on where it was. */
static void be_busy(double ms) {
  busy_ps = ps_of(ms * 1e-3);
  hang();
}

void script_jumped(uint32_t from) {
  if (script_jump == SCRIPT_SPIN && busy_ps > 0) {
    busy_pc = from;
    busy_until = now_ps + busy_ps;
    busy_ps = 0;
  }
  script_jump = 0;
}

static void obey(const char *line) {
  char word[16] = "", argument[16] = "";
  long value = 0;
  const int found = sscanf(line, "%15s %15s %li", word, argument, &value);
  if (found < 1) return;
  if (strcmp(word, "report") != 0 && strcmp(word, "peek") != 0) note("outside: %s", line);
  if (strcmp(word, "adc") == 0 && !adc_set_pin(argument, (uint16_t)value))
    note("there is no converter pin %s", argument);
  if (strcmp(word, "pin") == 0) gpio_drive(argument[1], (unsigned)atoi(argument + 2), value != 0);
  if (strcmp(word, "usb") == 0) usb_plug(atoi(argument) != 0);
  if (strcmp(word, "jump") == 0) script_jump = (uint32_t)strtoul(argument, NULL, 16);
  if (strcmp(word, "hang") == 0) hang();
  if (strcmp(word, "busy") == 0) be_busy(atof(argument));
  if (strcmp(word, "power") == 0) request_end();
  if (strcmp(word, "report") == 0) print_report();
  if (strcmp(word, "peek") == 0) peek(line + 5);
  interrupt_emulation();
}

static void listen(void) {
  char byte;
  ssize_t got;
  while ((got = read(STDIN_FILENO, &byte, 1)) == 1) {
    if (byte != '\n') {
      if (typed_bytes + 1u < LINE) typed[typed_bytes++] = byte;
      continue;
    }
    typed[typed_bytes] = '\0';
    typed_bytes = 0;
    obey(typed);
  }
  if (got == 0) request_end();
}

uint64_t script_at(void) {
  uint64_t next = done < count ? lines[done].at : NEVER;
  if (busy_until < next) next = busy_until;
  return listening && listen_at < next ? listen_at : next;
}

void script_tick(void) {
  if (busy_until <= now_ps) {
    busy_until = NEVER;
    script_jump = busy_pc;
    interrupt_emulation();
  }
  while (done < count && lines[done].at <= now_ps) obey(lines[done++].what);
  if (!listening || listen_at > now_ps) return;
  listen_at = now_ps + LISTEN_PS;
  listen();
}

static bool read_script(void) {
  char line[LINE];
  FILE *file = fopen(options.script, "r");
  if (file == NULL) {
    perror(options.script);
    return false;
  }
  while (fgets(line, sizeof line, file) != NULL && count < LINES) {
    double ms;
    int words = 0;
    if (sscanf(line, "%lf %n", &ms, &words) != 1) continue;
    line[strcspn(line, "\n")] = '\0';
    lines[count].at = ps_of(ms * 1e-3);
    strcpy(lines[count++].what, line + words);
  }
  fclose(file);
  return true;
}

bool script_open(void) {
  if (options.script != NULL) return read_script();
  listening = true;
  return fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK) == 0;
}
