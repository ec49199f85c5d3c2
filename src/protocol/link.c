/*
 * One control transfer on behalf of a protocol: adds who and what for to the transport's error.
 *
 * Knows no request. Invariant: every error that leaves here names the link's subject.
 */
#include "protocol/link.h"

#include "base/text.h"

enum {
    POLL_PAUSE_SHARE = 4,
    POLL_PAUSE_MAX_MS = 50
};

static osb_status link_name_error(const usb_link *link, const char *purpose, osb_status status,
                                  osb_error *error)
{
    if (status == OSB_OK || !error)
        return status;
    char cause[sizeof error->message];
    text_copy(cause, sizeof cause, error->message);
    text_copy(error->subject, sizeof error->subject, link->subject);
    text_format(error->message, sizeof error->message, "cannot %s: %s", purpose, cause);
    return status;
}

osb_status link_run(const usb_link *link, link_transfer *transfer, osb_error *error)
{
    uint8_t filler = 0;
    usb_setup setup = transfer->setup;
    uint8_t *data = transfer->data;
    /* Device constants, quirk controlOutTransfersRequireDataStage (P2, M-SoM, Tracker M). */
    if (link->data_stage_required && setup.request_type == USB_VENDOR_OUT && setup.length == 0) {
        setup.length = 1;
        data = &filler;
    }
    osb_status status = transport_control(link->handle, &setup, data, transfer->timeout_ms,
                                          &transfer->moved, error);
    return link_name_error(link, transfer->purpose, status, error);
}

osb_status link_claim(const usb_link *link, uint8_t interface_number, osb_error *error)
{
    osb_status status = transport_claim(link->handle, interface_number, error);
    return link_name_error(link, "claim the DFU interface", status, error);
}

osb_status link_select(const usb_link *link, uint8_t interface_number, uint8_t alternate,
                       osb_error *error)
{
    osb_status status = transport_set_alternate(link->handle, interface_number, alternate, error);
    return link_name_error(link, "select the DFU alternate setting", status, error);
}

uint64_t link_now_ms(const usb_link *link)
{
    return transport_now_ms(link->handle->bus);
}

osb_status link_wait(const usb_link *link, uint32_t duration_ms, osb_error *error)
{
    osb_status status = transport_wait(link->handle->bus, duration_ms, error);
    return link_name_error(link, "go on", status, error);
}

uint32_t poll_pause(uint64_t waited_ms)
{
    const uint64_t pause_ms = waited_ms / POLL_PAUSE_SHARE + 1;
    return pause_ms < POLL_PAUSE_MAX_MS ? (uint32_t)pause_ms : POLL_PAUSE_MAX_MS;
}
