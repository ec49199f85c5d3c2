#pragma once
/** Serial ports of the boards of a fake bus: what a host sets on them, and what comes of it. */
#include "unit/device/fake_bus.h"

#include "transport/serial.h"

enum {
    FAKE_PORTS = 2
};

typedef struct fake_serial_port {
    serial_identity identity; /* an empty path: it is not there */
    fake_board *board;        /* what 14400 baud restarts; NULL: nobody cares */
    osb_status open_status;
    uint64_t opens_from_ms; /* `open_status` counts until then */
    unsigned opens;
    uint32_t rate;
} fake_serial_port;

typedef struct fake_serial_handle {
    serial_port base;
    fake_serial_port *port;
} fake_serial_handle;

/* One test, one set of ports: operations get no context of their own. */
static fake_serial_port fake_ports[FAKE_PORTS];

static inline osb_status fake_serial_list(transport *bus, serial_identity *ports, size_t capacity,
                                          size_t *count, osb_error *error)
{
    (void)bus;
    (void)error;
    for (size_t i = 0; i < FAKE_PORTS && *count < capacity; i++)
        if (fake_ports[i].identity.path[0])
            ports[(*count)++] = fake_ports[i].identity;
    return OSB_OK;
}

static inline osb_status fake_serial_open(transport *bus, const char *path, uint32_t rate,
                                          serial_port **opened, osb_error *error)
{
    for (size_t i = 0; i < FAKE_PORTS; i++) {
        fake_serial_port *port = &fake_ports[i];
        if (!text_equal(port->identity.path, path))
            continue;
        port->opens++;
        if (port->open_status != OSB_OK && transport_now_ms(bus) < port->opens_from_ms)
            return osb_fail(error, port->open_status, path, "the port's cure", "cannot open it");
        fake_serial_handle *handle = calloc(1, sizeof *handle);
        *handle = (fake_serial_handle){{bus}, port};
        port->rate = rate;
        *opened = &handle->base;
        return OSB_OK;
    }
    return osb_fail(error, OSB_ERR_NOT_FOUND, path, NULL, "no such port");
}

static inline void fake_serial_close(serial_port *base)
{
    free(base);
}

static inline osb_status fake_serial_set_rate(serial_port *base, uint32_t rate, osb_error *error)
{
    fake_serial_port *port = ((fake_serial_handle *)base)->port;
    assert_int_not_equal(port->rate, rate); /* the kernel would not tell the board */
    port->rate = rate;
    if (rate != 14400 || !port->board)
        return OSB_OK;
    fake_reset((fake_bus *)base->bus);
    return osb_fail(error, OSB_ERR_DISCONNECTED, port->identity.path, NULL, "it left at once");
}

static inline void fake_add_port(fake_bus *bus, size_t index, const char *path,
                                 const fake_board *board, const char *usb_port)
{
    static const serial_operations operations = {.list = fake_serial_list,
                                                 .open = fake_serial_open,
                                                 .close = fake_serial_close,
                                                 .set_rate = fake_serial_set_rate};
    fake_serial_port *port = &fake_ports[index];
    bus->base.serial = &operations;
    *port = (fake_serial_port){
        .identity = {.vendor_id = board->usb.vendor_id, .product_id = board->usb.product_id}};
    text_copy(port->identity.path, SERIAL_PATH_SIZE, path);
    text_copy(port->identity.serial_number, SERIAL_TEXT_SIZE, board->serial);
    text_copy(port->identity.usb_port, USB_PORT_SIZE, usb_port);
}
