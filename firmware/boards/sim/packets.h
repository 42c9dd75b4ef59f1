/* The link in packets, through the board's Ethernet controller (a LAN9220), by interrupt: what USB is to a real module.
 * A packet's payload is a length (two bytes, little-endian) and that many bytes of the link. A packet that finds no
 * room is lost; the link asks again. */
#ifndef GRITSPACE_SIM_PACKETS_H
#define GRITSPACE_SIM_PACKETS_H

#include <stddef.h>
#include <stdint.h>

void sim_packets_start(void);

/* Bytes received and not yet taken; *count of them. */
const uint8_t *sim_packets_received(size_t *count);
void sim_packets_take(size_t count);

/* One packet of at most 1400 bytes; goes at once. */
void sim_packets_send(const uint8_t *bytes, size_t count);

void sim_packets_interrupt(void);

#endif
