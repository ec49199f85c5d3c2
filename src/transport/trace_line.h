#pragma once
/**
 * The form that operations have in a trace (osbundle-trace(5)), for who writes and who reads one.
 * Shape of a line: what was asked, what was answered, how it ended.
 */
#include "base/json.h"
#include "transport/serial.h"
#include "transport/transport.h"

/* What is asked. The caller owns the object. `port` is that of the open device. */
json_t *line_of_list(void);
json_t *line_of_open(const usb_identity *device);
json_t *line_of_close(const char *port);
/** `data` is written down where it goes to the board. */
json_t *line_of_control(const char *port, const usb_setup *setup, const uint8_t *data,
                        uint32_t timeout_ms);
json_t *line_of_claim(const char *port, uint8_t interface_number);
json_t *line_of_set_alternate(const char *port, uint8_t interface_number, uint8_t alternate);
json_t *line_of_wait(uint32_t duration_ms);
json_t *line_of_wait_change(uint32_t timeout_ms);
json_t *line_of_share(void);

/* The same for serial ports; `path` is that of the open port. */
json_t *line_of_serial_list(void);
json_t *line_of_serial_open(const char *path, uint32_t baud_rate);
/** An operation that asks for nothing else: "serial_close". */
json_t *line_of_serial(const char *operation, const char *path);
json_t *line_of_serial_rate(const char *path, uint32_t baud_rate);
json_t *line_of_serial_lines(const char *path, bool terminal_ready, bool request_to_send);
json_t *line_of_serial_read(const char *path, size_t capacity, uint32_t timeout_ms);
json_t *line_of_serial_write(const char *path, span bytes, uint32_t timeout_ms);
json_t *line_of_serial_drain(const char *path, uint32_t timeout_ms);

/* What is answered: written, and read again. Readers give false where a line is not so. */
void line_add_devices(json_t *line, const usb_identity *devices, size_t count);
bool line_devices(const json_t *line, usb_identity *devices, size_t capacity, size_t *count);
/** Bytes that came from the board, or how many it took. */
void line_add_moved(json_t *line, const usb_setup *setup, const uint8_t *data, size_t moved);
bool line_moved(const json_t *line, const usb_setup *setup, uint8_t *data, size_t *moved);

void line_add_ports(json_t *line, const serial_identity *ports, size_t count);
bool line_ports(const json_t *line, serial_identity *ports, size_t capacity, size_t *count);
/** Bytes that came from a serial port. */
void line_add_bytes(json_t *line, span bytes);
bool line_bytes(const json_t *line, uint8_t *data, size_t capacity, size_t *count);
/** Which lines are those of the new transport; 0 where that is not told. */
void line_add_worker(json_t *line, uint32_t worker);
uint32_t line_worker(const json_t *line);

/* How it ended. The error's texts come back without control bytes. */
void line_add_end(json_t *line, osb_status status, const osb_error *error);
bool line_end(const json_t *line, osb_status *status, osb_error *error);
