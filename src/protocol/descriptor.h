#pragma once
/** Standard descriptors: strings and what the device descriptor says. All reads are bounded. */
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "protocol/link.h"

enum {
    STRING_TEXT_SIZE = 127 /**< the longest string descriptor as text, with NUL */
};

/** What the device descriptor tells that enumeration does not. */
typedef struct device_descriptor {
    uint16_t vendor_id;
    uint16_t product_id;
    uint16_t release; /**< bcdDevice */
    uint8_t product_string;
    uint8_t serial_string; /**< index of the serial number's string; 0: there is none */
} device_descriptor;

/** Reads the 18-byte device descriptor. */
osb_status descriptor_read_device(const usb_link *link, device_descriptor *descriptor,
                                  osb_error *error) OSB_MUST_CHECK;

/**
 * Reads a string descriptor as printable ASCII ('?' for anything else), in two steps: its length,
 * then as many bytes. Ends at the first NUL character.
 * @param text STRING_TEXT_SIZE bytes
 * @return OSB_ERR_STALL when the board has no such string
 */
osb_status descriptor_read_string(const usb_link *link, uint8_t index, char *text,
                                  osb_error *error) OSB_MUST_CHECK;
