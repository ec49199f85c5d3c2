#pragma once
/** The serial console (CDC-ACM) of a simulated board: line settings, and what is said on it. */
#include "base/buf.h"
#include "sim/sim.h"

enum {
    CONSOLE_LINE_SIZE = 7,     /**< of a CDC line coding */
    CONSOLE_RECEIVE_SIZE = 256 /**< what the board takes before anybody reads it */
};

typedef struct console_device {
    uint8_t line[CONSOLE_LINE_SIZE]; /**< rate (32 bits), stop bits, parity, data bits */
    uint8_t received[CONSOLE_RECEIVE_SIZE];
    size_t received_count;
    uint64_t head_since_us; /**< when the first of them came to be the first */
    buf said;               /**< what the host has not fetched yet */
    bool will_listen;       /**< listening mode begins at `listen_due_us` */
    uint64_t listen_due_us;
    uint32_t opened_at; /**< the arrival at which this process opened it; 0: it did not */
} console_device;

/** Everything is lost, as in a reset: 9600 baud, and nothing heard or said. */
void console_forget(console_device *console);

/** SET_LINE_CODING: some rates are signals. */
void console_set_line(sim_board *board, const uint8_t line[CONSOLE_LINE_SIZE]);

/** Takes as many bytes as there is room for; returns their number. */
size_t console_receive(sim_board *board, span bytes);
/** Hands out up to `capacity` bytes of what the board said; returns their number. */
size_t console_fetch(sim_board *board, uint8_t *data, size_t capacity);

uint64_t console_next_due(const sim_board *board);
void console_fire(sim_board *board);
