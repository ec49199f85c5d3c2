#pragma once
/** The real serial ports of this machine, by libserialport; usb_libusb_make's transport has them.
 */
#include "transport/serial.h"

extern const serial_operations serial_lsp_operations;
