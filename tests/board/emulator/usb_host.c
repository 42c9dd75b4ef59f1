/* A laptop's end of the USB: it enumerates a CDC device as Linux does, opens its port, and carries bytes between it and
 * a pseudo-terminal. */
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "board.h"

uint64_t usb_to_module, usb_from_module;
bool usb_configured;
static int terminal = -1;
static bool plugged;
static uint64_t next_ps = NEVER, frame_ps;
static enum { DETACHED, RESETTING, ENUMERATING, OPEN, REFUSED } state;
static enum { DATA_IN, DATA_OUT, STATUS_IN, STATUS_OUT, DONE, STALLED } stage;
static uint64_t wait_ps;
static unsigned step, got, out_count, in_endpoint, out_endpoint;
static uint8_t setup[8], descriptor[1024], out_bytes[64], sent_bytes[64];
static unsigned sent_count;

typedef struct {
  uint8_t type, request;
  uint16_t value, index, length;
} request_t;
static const uint8_t line_coding[7] = {0x00, 0xC2, 0x01, 0, 0, 0, 8}; /* 115200 baud, 8 bits: of no effect */
static const request_t requests[] = {
    {0x80, 6, 0x100, 0, 64},  /* device descriptor, as much as fits */
    {0x00, 5, 7, 0, 0},       /* address 7 */
    {0x80, 6, 0x100, 0, 18},  /* device descriptor */
    {0x80, 6, 0x200, 0, 9},   /* configuration, its length */
    {0x80, 6, 0x200, 0, 255}, /* configuration */
    {0x80, 6, 0x302, 0x409, 255} /* product */,
    {0x80, 6, 0x301, 0x409, 255} /* maker */,
    {0x80, 6, 0x303, 0x409, 255} /* serial number */,
    {0x00, 9, 1, 0, 0},    /* configuration 1 */
    {0x21, 0x20, 0, 0, 7}, /* line coding */
    {0x21, 0x22, 3, 0, 0}, /* DTR and RTS: somebody has opened the port */
};
enum { REQUESTS = sizeof requests / sizeof requests[0] };

static uint64_t us(uint64_t count) {
  return count * 1000000u;
}

static void send_request(const request_t *r) {
  const uint8_t bytes[8] = {r->type,
                            r->request,
                            (uint8_t)r->value,
                            (uint8_t)(r->value >> 8),
                            (uint8_t)r->index,
                            (uint8_t)(r->index >> 8),
                            (uint8_t)r->length,
                            (uint8_t)(r->length >> 8)};
  memcpy(setup, bytes, sizeof setup);
  got = 0;
  sent_count = 0;
  if ((r->type & 0x80u) == 0 && r->length > 0) {
    memcpy(sent_bytes, line_coding, sizeof line_coding);
    sent_count = sizeof line_coding;
  }
  stage = (r->type & 0x80u) != 0 ? DATA_IN : sent_count > 0 ? DATA_OUT : STATUS_IN;
  usb_setup_packet(setup);
}

static void go_on_with_request(void) {
  uint8_t bytes[64];
  unsigned count;
  const bool reading = stage == DATA_IN || stage == STATUS_IN;
  if (reading && got == 0 && usb_stalled(0, true)) stage = STALLED;
  if (stage == DATA_OUT && usb_stalled(0, false)) stage = STALLED;
  switch (stage) {
    case DATA_IN:
      while (stage == DATA_IN && usb_in_packet(0, bytes, &count)) {
        if (got + count <= sizeof descriptor) memcpy(descriptor + got, bytes, count);
        got += count;
        if (count < 64u || got >= (setup[6] | (unsigned)setup[7] << 8)) stage = STATUS_OUT;
      }
      return;
    case DATA_OUT:
      if (!usb_out_ready(0)) return;
      usb_out_packet(0, sent_bytes, sent_count);
      stage = STATUS_IN;
      return;
    case STATUS_IN:
      if (usb_in_packet(0, bytes, &count)) stage = DONE;
      return;
    case STATUS_OUT:
      if (!usb_out_ready(0)) return;
      usb_out_packet(0, NULL, 0);
      stage = DONE;
      return;
    default:
      return;
  }
}

/* The bulk endpoints of a configuration descriptor. */
static void find_endpoints(void) {
  for (unsigned i = 0; i + 4u < got && descriptor[i] > 0; i += descriptor[i]) {
    if (descriptor[i + 1u] != 5u || descriptor[i + 3u] != 2u) continue;
    if ((descriptor[i + 2u] & 0x80u) != 0) in_endpoint = descriptor[i + 2u] & 15u;
    if ((descriptor[i + 2u] & 0x80u) == 0) out_endpoint = descriptor[i + 2u] & 15u;
  }
}

static void digest(const request_t *r) {
  if (r->request == 6 && r->value == 0x200) find_endpoints();
  if (r->request == 5 && usb_address() != 7u) fault("USB: the device took address %u", usb_address());
  if (r->request != 6 || r->value >> 8 != 3u) return;
  char text[128] = "";
  for (unsigned i = 2; i < got && i / 2u < sizeof text; i += 2) text[i / 2u - 1u] = (char)descriptor[i];
  note("USB: string %u is \"%s\"", r->value & 255u, text);
}

static void enumerate(void) {
  if (step > 0) go_on_with_request();
  if (step > 0 && stage != DONE && stage != STALLED) {
    if (now_ps < wait_ps + us(2000000)) return;
    fault("USB: request %02x %02x does not end", setup[0], setup[1]);
    state = REFUSED;
    return;
  }
  if (step > 0 && stage == STALLED && requests[step - 1u].value >> 8 != 3u)
    fault("USB: request %u is refused", step - 1u);
  if (step > 0 && stage == DONE) digest(&requests[step - 1u]);
  wait_ps = now_ps;
  if (step < REQUESTS) {
    send_request(&requests[step++]);
    return;
  }
  state = OPEN;
  usb_configured = true;
  note("USB: configured and open, bulk endpoints in %u and out %u", in_endpoint, out_endpoint);
}

static void carry(void) {
  uint8_t bytes[64];
  unsigned count;
  while (usb_in_packet(in_endpoint, bytes, &count)) {
    usb_from_module += count;
    for (unsigned done = 0; done < count;) {
      const ssize_t written = write(terminal, bytes + done, count - done);
      if (written < 0 && errno != EAGAIN) break;
      if (written > 0) done += (unsigned)written;
    }
  }
  if (out_count == 0) {
    const ssize_t waiting = read(terminal, out_bytes, sizeof out_bytes);
    if (waiting > 0) out_count = (unsigned)waiting;
  }
  if (out_count == 0 || !usb_out_ready(out_endpoint)) return;
  usb_out_packet(out_endpoint, out_bytes, out_count);
  usb_to_module += out_count;
  out_count = 0;
}

uint64_t usb_at(void) {
  return terminal >= 0 ? next_ps : NEVER;
}

void usb_tick(void) {
  next_ps = now_ps + us(20);
  if (!plugged || !usb_pulled_up()) return;
  if (state == OPEN && now_ps >= frame_ps) {
    frame_ps = now_ps + us(1000);
    usb_signal_frame();
  }
  switch (state) {
    case DETACHED:
      usb_signal_reset();
      state = RESETTING;
      wait_ps = now_ps + us(10000);
      return;
    case RESETTING:
      if (now_ps < wait_ps) return;
      usb_signal_enumerated();
      state = ENUMERATING;
      step = 0;
      return;
    case ENUMERATING:
      enumerate();
      return;
    case OPEN:
      carry();
      return;
    case REFUSED:
      return;
  }
}

void usb_plug(bool in) {
  plugged = in;
  state = DETACHED;
  usb_configured = false;
  out_count = 0;
  usb_signal_suspend(!in);
}

void usb_host_reset(void) {
  state = DETACHED;
  usb_configured = false;
  out_count = 0;
  next_ps = now_ps;
}

bool usb_host_open(void) {
  int ours, theirs;
  char name[128];
  struct termios settings;
  if (openpty(&ours, &theirs, name, NULL, NULL) != 0) {
    perror("openpty");
    return false;
  }
  tcgetattr(theirs, &settings); /* kept open, it outlives programs that come and go */
  cfmakeraw(&settings);
  tcsetattr(theirs, TCSANOW, &settings);
  fcntl(ours, F_SETFL, O_NONBLOCK);
  terminal = ours;
  plugged = true;
  printf("{\"port\": \"%s\"}\n", name);
  fflush(stdout);
  return true;
}
