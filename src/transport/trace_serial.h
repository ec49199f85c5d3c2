#pragma once
/** Serial ports of a trace and of a replay. For trace.c and replay.c only. */
#include "transport/serial.h"

extern const serial_operations trace_serial_operations;
extern const serial_operations replay_serial_operations;
