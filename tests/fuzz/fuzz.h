#pragma once
/** What fuzz targets share: the entry that libFuzzer and the replay call, and a way to complain. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/span.h"

/** One input. Whatever it is, this returns 0, or ends the program where a promise was broken. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Ends the program when a promise of the code under test does not hold. */
#define PROMISE(condition)                                                                         \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #condition);        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/** Whether `part` lies wholly inside `whole`. */
static inline bool fuzz_inside(span part, span whole)
{
    return !part.size || (part.data >= whole.data && part.size <= whole.size &&
                          part.data + part.size <= whole.data + whole.size);
}
