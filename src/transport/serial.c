/*
 * The serial seam's thin front: a transport without serial ports has none, and that is no error.
 *
 * Knows no port itself. Invariant: no back end is asked for less than one byte, or for
 * more than SERIAL_TRANSFER_MAX.
 */
#include "transport/serial.h"

osb_status serial_list(transport *bus, serial_identity *ports, size_t capacity, size_t *count,
                       osb_error *error)
{
    *count = 0;
    return bus->serial ? bus->serial->list(bus, ports, capacity, count, error) : OSB_OK;
}

osb_status serial_open(transport *bus, const char *path, uint32_t baud_rate, serial_port **port,
                       osb_error *error)
{
    *port = NULL;
    if (!bus->serial)
        return osb_fail(error, OSB_ERR_NOT_FOUND, path, "run 'osbundle serial list'",
                        "there are no serial ports here");
    return bus->serial->open(bus, path, baud_rate, port, error);
}

void serial_close(serial_port *port)
{
    if (port)
        port->bus->serial->close(port);
}

osb_status serial_set_rate(serial_port *port, uint32_t baud_rate, osb_error *error)
{
    return port->bus->serial->set_rate(port, baud_rate, error);
}

osb_status serial_set_lines(serial_port *port, bool terminal_ready, bool request_to_send,
                            osb_error *error)
{
    return port->bus->serial->set_lines(port, terminal_ready, request_to_send, error);
}

osb_status serial_read(serial_port *port, uint8_t *data, size_t capacity, uint32_t timeout_ms,
                       size_t *received, osb_error *error)
{
    *received = 0;
    if (!capacity)
        return OSB_OK;
    if (capacity > SERIAL_TRANSFER_MAX)
        capacity = SERIAL_TRANSFER_MAX;
    return port->bus->serial->read(port, data, capacity, timeout_ms, received, error);
}

osb_status serial_write(serial_port *port, span bytes, uint32_t timeout_ms, osb_error *error)
{
    if (bytes.size > SERIAL_TRANSFER_MAX)
        return osb_fail(error, OSB_ERR_INTERNAL, NULL, NULL, "%zu bytes for a serial port at once",
                        bytes.size);
    return bytes.size ? port->bus->serial->write(port, bytes, timeout_ms, error) : OSB_OK;
}

osb_status serial_drain(serial_port *port, uint32_t timeout_ms, osb_error *error)
{
    return port->bus->serial->drain(port, timeout_ms, error);
}
