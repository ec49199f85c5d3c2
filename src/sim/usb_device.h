#pragma once
/** Endpoint 0 of a simulated board: standard, class and vendor requests. Inside sim/ only. */
#include "sim/sim.h"

typedef enum usb_answer {
    USB_DONE,
    USB_STALLED,
    USB_HANGS, /**< the transfer never ends; the host times out */
    USB_GONE   /**< the board left the bus inside the transfer */
} usb_answer;

/** Standard requests, by number. */
enum usb_standard_request {
    STANDARD_GET_STATUS = 0,
    STANDARD_CLEAR_FEATURE = 1,
    STANDARD_SET_FEATURE = 3,
    STANDARD_GET_DESCRIPTOR = 6,
    STANDARD_GET_CONFIGURATION = 8,
    STANDARD_SET_CONFIGURATION = 9,
    STANDARD_GET_INTERFACE = 10,
    STANDARD_SET_INTERFACE = 11
};

/**
 * One control transfer.
 * @param data what came with an OUT request, or room for `setup->length` bytes of answer
 * @param moved bytes moved
 */
usb_answer usb_device_control(sim_board *board, const usb_setup *setup, uint8_t *data,
                              size_t *moved);

/** The host has set the configuration: everything on the bus begins anew. */
void usb_device_configured(sim_board *board);

/** Copies an answer, cut to what the host asked for. */
usb_answer usb_reply(span answer, const usb_setup *setup, uint8_t *data, size_t *moved);
