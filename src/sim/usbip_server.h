#pragma once
/** The TCP side of USB/IP: listening, and what is said before a board is imported. In sim/ only. */
#include "base/buf.h"
#include "sim/sim.h"
#include "sim/usbip.h"

/** A client that has not imported a board (yet). */
typedef struct usbip_caller {
    int socket; /**< -1: nobody */
    uint64_t deadline_ms;
    buf in;
} usbip_caller;

/** What became of a caller. */
typedef enum usbip_wish {
    WISH_WAITS,  /**< has not said it all yet */
    WISH_OVER,   /**< was answered, or is gone: close it */
    WISH_IMPORTS /**< gets a board: its socket speaks commands from now on */
} usbip_wish;

/**
 * Opens a listening socket.
 * @param address receives what it listens on
 */
osb_status usbip_listen(const char *listen_on, int *listener, char address[USBIP_ADDRESS_SIZE],
                        osb_error *error) OSB_MUST_CHECK;

/** Accepts a connection; false when there was none. */
bool usbip_accept(int listener, usbip_caller *caller);

/** Whether a board is in the hands of a client already. */
typedef bool (*usbip_is_taken)(const void *context, const sim_board *board);

/**
 * Reads what a caller says and answers it.
 * @param board with WISH_IMPORTS, the board
 */
usbip_wish usbip_caller_hear(usbip_caller *caller, const sim_world *world, usbip_is_taken is_taken,
                             const void *context, sim_board **board);
void usbip_caller_close(usbip_caller *caller);
