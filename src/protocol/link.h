#pragma once
/** An open USB device as the protocols use it: control transfers, and the name errors carry. */
#include <stdbool.h>

#include "base/error.h"
#include "transport/transport.h"

enum {
    LINK_TIMEOUT_MS = 5000 /**< of one transfer that does no work on the board */
};

typedef struct usb_link {
    usb_handle *handle;
    const char *subject;      /**< device id or port, for errors */
    bool data_stage_required; /**< RTL872x in normal mode: a vendor OUT without data hangs */
} usb_link;

/** One control transfer. The direction is bit 7 of `setup.request_type`. */
typedef struct link_transfer {
    usb_setup setup;
    uint8_t *data; /**< `setup.length` bytes to send, or room for as many */
    uint32_t timeout_ms;
    const char *purpose; /**< what it is for, in errors: "read the serial number" */
    size_t moved;        /**< out: bytes moved; a short IN answer is no error */
} link_transfer;

/**
 * Runs one transfer. Errors keep the transport's status and cure, but name the link's subject and
 * the purpose. A vendor OUT without data gets one zero byte where the board needs a data stage.
 */
osb_status link_run(const usb_link *link, link_transfer *transfer, osb_error *error) OSB_MUST_CHECK;

/** Claims an interface and selects one of its alternate settings, with errors as in link_run. */
osb_status link_claim(const usb_link *link, uint8_t interface_number,
                      osb_error *error) OSB_MUST_CHECK;
osb_status link_select(const usb_link *link, uint8_t interface_number, uint8_t alternate,
                       osb_error *error) OSB_MUST_CHECK;

/** Milliseconds of the link's clock. */
uint64_t link_now_ms(const usb_link *link);

/** Lets time pass on the link's clock. OSB_ERR_INTERRUPTED when the user asked to stop. */
osb_status link_wait(const usb_link *link, uint32_t duration_ms, osb_error *error) OSB_MUST_CHECK;

/** The next pause, in ms, of a poll that has gone on for so long and backs off: about a quarter of
 *  that, 1 to 50. So what ends is seen when at most a quarter more time has passed. */
uint32_t poll_pause(uint64_t waited_ms);
