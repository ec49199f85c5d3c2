#pragma once
/** The descriptors and strings that a simulated board shows in each mode. */
#include "base/buf.h"
#include "sim/family.h"
#include "sim/sim.h"

enum usb_descriptor_type {
    DESCRIPTOR_DEVICE = 1,
    DESCRIPTOR_CONFIGURATION = 2,
    DESCRIPTOR_STRING = 3,
    DESCRIPTOR_DFU_FUNCTIONAL = 0x21
};

enum {
    USB_DESCRIPTOR_MAX = 512,
    STRING_PRODUCT = 2,
    STRING_SERIAL = 3,
    STRING_SECURITY = 0xfa,
    STRING_MICROSOFT = 0xee
};

/** Appends the whole descriptor; false when the board has none of that type and index. */
bool usb_descriptor(const sim_board *board, uint8_t type, uint8_t index, buf *descriptor);

/** How many alternate settings an interface has; 0 when there is no such interface. */
uint8_t usb_alternates(const sim_board *board, uint8_t interface_number);

/** The USB product id the board shows now. */
uint16_t usb_product_id(const sim_board *board);

/* Building blocks of normal-mode configurations. */
void usb_append_cdc(buf *descriptor, const usb_manners *usb);
void usb_append_vendor(buf *descriptor, uint8_t interface_number);
