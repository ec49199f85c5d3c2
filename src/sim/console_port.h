#pragma once
/** The consoles of a world's boards as serial ports of its transport. Inside sim/ only. */
#include "transport/serial.h"

extern const serial_operations console_port_operations;
