/*
 * The raw requests of old systems, host side.
 *
 * Does not know what a reply means. Invariant: nothing is fetched that was not asked for before, so
 * a reply that somebody else left on the board is thrown away by the system itself.
 */
#include "protocol/legacy.h"

enum {
    LEGACY_REQUEST = 0x50,
    REPLY_WITHIN_MS = 2000
};

osb_status legacy_order(const usb_link *link, uint16_t type, const char *purpose, osb_error *error)
{
    link_transfer order = {.setup = {USB_VENDOR_OUT, LEGACY_REQUEST, 0, type, 0},
                           .timeout_ms = LINK_TIMEOUT_MS,
                           .purpose = purpose};
    return link_run(link, &order, error);
}

/* The board refuses to answer until the system thread is through with the request. */
static osb_status fetch(const usb_link *link, uint16_t type, const char *purpose, buf *reply,
                        osb_error *error)
{
    uint8_t bytes[LEGACY_REPLY_MAX];
    link_transfer answer = {.setup = {USB_VENDOR_IN, LEGACY_REQUEST, 0, type, sizeof bytes},
                            .data = bytes,
                            .timeout_ms = LINK_TIMEOUT_MS,
                            .purpose = purpose};
    TRY(link_run(link, &answer, error));
    buf_append(reply, (span){bytes, answer.moved});
    return buf_check(reply, link->subject, error);
}

osb_status legacy_ask(const usb_link *link, uint16_t type, const char *purpose, buf *reply,
                      osb_error *error)
{
    TRY(legacy_order(link, type, purpose, error));
    const uint64_t began_ms = link_now_ms(link);
    for (;;) {
        osb_status status = fetch(link, type, purpose, reply, error);
        if (status != OSB_ERR_STALL)
            return status;
        const uint64_t waited_ms = link_now_ms(link) - began_ms;
        if (waited_ms >= REPLY_WITHIN_MS)
            return osb_fail(
                error, OSB_ERR_TIMEOUT, link->subject, "restart the board and try again",
                "cannot %s: the board did not finish within %d s", purpose, REPLY_WITHIN_MS / 1000);
        TRY(link_wait(link, poll_pause(waited_ms), error));
    }
}
