#pragma once
/** A board in the hands of a USB/IP client: its URBs, answered or waiting. Inside sim/ only. */
#include "base/buf.h"
#include "sim/sim.h"
#include "sim/usbip_wire.h"

enum {
    LINK_URBS_MAX = 256
};

/** A transfer that the host has asked for and not got back. */
typedef struct usbip_urb {
    usbip_command command;
    uint8_t *data; /**< what goes to the board */
    uint32_t done; /**< bytes of `data` that a console took */
    bool hangs;    /**< the board will never answer */
} usbip_urb;

typedef struct usbip_link {
    int socket;
    sim_board *board;
    uint32_t arrival; /**< of the board when it was imported: it ends with that */
    buf in;           /**< bytes that are no whole command yet */
    buf out;          /**< bytes that the socket has not taken yet */
    size_t urb_count;
    usbip_urb urbs[LINK_URBS_MAX]; /**< in the order they came */
} usbip_link;

/** Takes over `socket`, which is closed at once when memory runs out (then NULL). */
usbip_link *usbip_link_make(int socket, sim_board *board);
/** Pulls the cable. NULL is fine. */
void usbip_link_free(usbip_link *link);

/** Takes what the socket has. False: the connection is over, or speaks nonsense. */
bool usbip_link_receive(usbip_link *link);
/** Answers whatever the board can answer now. False: the board left the bus. */
bool usbip_link_answer(usbip_link *link);
/** Hands waiting bytes to the socket. False: the connection is over. */
bool usbip_link_send(usbip_link *link);
