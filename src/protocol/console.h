#pragma once
/**
 * The serial console of a board in listening mode: letters out, lines of text back.
 *
 * It answers in listening mode only, and not on protected boards; elsewhere an application may hear
 * what is said here. Facts: Device OS system/src/system_setup.cpp.
 */
#include <stdbool.h>

#include "base/error.h"
#include "transport/serial.h"

enum {
    CONSOLE_RATE = 9600, /**< means nothing to a board */
    CONSOLE_WORD_SIZE = 40
};

/** What a board tells of itself. Empty where it does not. */
typedef struct console_identity {
    char device_id[CONSOLE_WORD_SIZE]; /**< 24 lower-case hexadecimal digits */
    char os_version[CONSOLE_WORD_SIZE];
    char imei[CONSOLE_WORD_SIZE];  /**< cellular boards: of the modem */
    char iccid[CONSOLE_WORD_SIZE]; /**< cellular boards: of the SIM card */
} console_identity;

/**
 * Brings a board into listening mode by 28800 baud (Device OS 0.5.0 to 5.9.0) and waits until its
 * console answers; fine when it does already.
 * @param began whether it was not there before
 * @return OSB_ERR_TIMEOUT when it does not answer within some seconds
 */
osb_status console_begin(serial_port *port, const char *subject, bool *began,
                         osb_error *error) OSB_MUST_CHECK;

/** Leaves listening mode again. */
osb_status console_end(serial_port *port, osb_error *error) OSB_MUST_CHECK;

/**
 * Asks for version and identity; a cellular board may take 20 s.
 * @return OSB_ERR_TIMEOUT when nobody answers: it is not in listening mode, protected, or hangs
 */
osb_status console_identify(serial_port *port, const char *subject, console_identity *told,
                            osb_error *error) OSB_MUST_CHECK;
