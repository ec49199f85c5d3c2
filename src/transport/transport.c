/*
 * The seam's thin front: checks arguments once, so that no back end has to.
 *
 * Knows no protocol. Invariant: no transfer larger than USB_CONTROL_MAX reaches a back end.
 */
#include "transport/transport.h"

osb_status transport_list(transport *bus, usb_identity *devices, size_t capacity, size_t *count,
                          osb_error *error)
{
    *count = 0;
    return bus->operations->list(bus, devices, capacity, count, error);
}

osb_status transport_open(transport *bus, const usb_identity *device, usb_handle **handle,
                          osb_error *error)
{
    *handle = NULL;
    return bus->operations->open(bus, device, handle, error);
}

void transport_close(usb_handle *handle)
{
    if (handle)
        handle->bus->operations->close(handle);
}

osb_status transport_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                             uint32_t timeout_ms, size_t *transferred, osb_error *error)
{
    size_t ignored;
    if (!transferred)
        transferred = &ignored;
    *transferred = 0;
    if (setup->length > USB_CONTROL_MAX)
        return osb_fail(error, OSB_ERR_INTERNAL, NULL, NULL,
                        "control transfer of %u bytes, more than %d", setup->length,
                        USB_CONTROL_MAX);
    return handle->bus->operations->control(handle, setup, data, timeout_ms, transferred, error);
}

osb_status transport_claim(usb_handle *handle, uint8_t interface_number, osb_error *error)
{
    return handle->bus->operations->claim(handle, interface_number, error);
}

osb_status transport_set_alternate(usb_handle *handle, uint8_t interface_number, uint8_t alternate,
                                   osb_error *error)
{
    return handle->bus->operations->set_alternate(handle, interface_number, alternate, error);
}

uint64_t transport_now_ms(transport *bus)
{
    return bus->operations->now_ms(bus);
}

osb_status transport_wait(transport *bus, uint32_t duration_ms, osb_error *error)
{
    return bus->operations->wait(bus, duration_ms, error);
}

osb_status transport_wait_change(transport *bus, uint32_t timeout_ms, osb_error *error)
{
    return bus->operations->wait_change(bus, timeout_ms, error);
}

osb_status transport_share(transport *bus, transport **own, osb_error *error)
{
    *own = NULL;
    if (!bus->operations->share)
        return osb_fail(error, OSB_ERR_REFUSED, NULL, "work on one board at a time (-j 1)",
                        "this connection to boards serves one at a time only");
    return bus->operations->share(bus, own, error);
}

void transport_destroy(transport *bus)
{
    if (bus)
        bus->operations->destroy(bus);
}
