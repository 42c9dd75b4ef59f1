#include "packets.h"

#include <string.h>

#include "registers.h"
#include "ring.h"

/* Source: SMSC's LAN9220 data sheet. */
typedef struct {
  volatile uint32_t rx_data[8];
  volatile uint32_t tx_data[8];
  volatile uint32_t rx_status, rx_status_peek, tx_status, tx_status_peek;
  volatile uint32_t id_rev, irq_cfg, int_sts, int_en, reserved0, byte_test, fifo_int, rx_cfg, tx_cfg, hw_cfg;
  volatile uint32_t rx_dp_ctrl, rx_fifo_inf, tx_fifo_inf, pmt_ctrl, gpio_cfg, gpt_cfg, gpt_cnt, reserved1;
  volatile uint32_t word_swap, free_run, rx_drop, mac_csr_cmd, mac_csr_data;
} lan9220_t;
_Static_assert(offsetof(lan9220_t, fifo_int) == 0x68 && offsetof(lan9220_t, mac_csr_data) == 0xA8, "register map");

#define LAN9220 ((lan9220_t *)0xA0000000u)
#define IRQ_ON (1u << 8 | 1u << 4 | 1u << 0)  /* enabled, active high, push-pull */
#define INT_RX_STATUS_LEVEL (1u << 3)         /* more packets than FIFO_INT's level, 0 */
#define TX_ON (1u << 1 | 1u << 2)             /* on; nobody reads its status, let it run over */
#define MAC_CONTROL 1u                        /* the MAC's control register */
#define MAC_ON (1u << 2 | 1u << 3 | 1u << 18) /* receive, transmit, whatever the address */
#define TX_WHOLE_PACKET (1u << 13 | 1u << 12) /* first and last segment */

#define ETHERNET_HEADER_BYTES 14u
#define HEADER_BYTES (ETHERNET_HEADER_BYTES + 2u)
#define PACKET_BYTES 1536u
/* To everybody, from a local address, with the EtherType that IEEE keeps for experiments. */
static const uint8_t ethernet_header[ETHERNET_HEADER_BYTES] = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02,
                                                               'g',  'r',  'i',  't',  0,    0x88, 0xB5};

static ring_t receiving;

void sim_packets_start(void) {
  LAN9220->mac_csr_data = MAC_ON;
  LAN9220->mac_csr_cmd = 1u << 31 | MAC_CONTROL;
  LAN9220->tx_cfg = TX_ON;
  LAN9220->fifo_int = 0;
  LAN9220->int_sts = UINT32_MAX;
  LAN9220->int_en = INT_RX_STATUS_LEVEL;
  LAN9220->irq_cfg = IRQ_ON;
  SIM_NVIC_ENABLE = 1u << SIM_IRQ_ETHERNET;
}

static void receive_packet(void) {
  uint32_t packet[PACKET_BYTES / 4] = {0};
  uint32_t words = ((LAN9220->rx_status >> 16 & 0x3FFFu) + 3u) / 4u; /* the CRC counts */
  for (uint32_t i = 0; i < words; i++) {
    uint32_t word = LAN9220->rx_data[0];
    if (i < PACKET_BYTES / 4) packet[i] = word;
  }
  uint8_t bytes[PACKET_BYTES];
  memcpy(bytes, packet, sizeof bytes);
  if (words * 4u < HEADER_BYTES || words > PACKET_BYTES / 4) return;
  if (bytes[12] != ethernet_header[12] || bytes[13] != ethernet_header[13]) return;
  uint32_t length = bytes[14] | (uint32_t)bytes[15] << 8;
  if (length > words * 4u - HEADER_BYTES || length > ring_room(&receiving)) return;
  for (uint32_t i = 0; i < length; i++) ring_put(&receiving, bytes[HEADER_BYTES + i]);
}

void sim_packets_interrupt(void) {
  LAN9220->int_sts = INT_RX_STATUS_LEVEL;
  while ((LAN9220->rx_fifo_inf >> 16 & 0xFFu) > 0) receive_packet();
}

const uint8_t *sim_packets_received(size_t *count) {
  return ring_waiting(&receiving, count);
}

void sim_packets_take(size_t count) {
  ring_take(&receiving, count);
}

void sim_packets_send(const uint8_t *bytes, size_t count) {
  uint32_t packet[PACKET_BYTES / 4] = {0};
  uint8_t header[HEADER_BYTES];
  memcpy(header, ethernet_header, sizeof ethernet_header);
  header[14] = (uint8_t)count;
  header[15] = (uint8_t)(count >> 8);
  memcpy(packet, header, sizeof header);
  memcpy((uint8_t *)packet + sizeof header, bytes, count);
  uint32_t length = HEADER_BYTES + (uint32_t)count;
  LAN9220->tx_data[0] = TX_WHOLE_PACKET | length;
  LAN9220->tx_data[0] = length;
  for (uint32_t i = 0; i < (length + 3u) / 4u; i++) LAN9220->tx_data[0] = packet[i];
}
