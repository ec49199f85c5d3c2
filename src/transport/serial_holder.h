#pragma once
/** Who else has a file open. For the serial port's errors. */
#include <stddef.h>

/** "screen (process 4711)"; empty when nobody is found, or others' processes may not be seen. */
void serial_holder_name(const char *path, char *name, size_t capacity);
