#pragma once
/** What bytes are that are no Device OS module. Used by the parser's error only. */
#include "base/span.h"

typedef struct foreign_kind {
    const char *what; /**< "this is a web page or XML text" */
    const char *hint; /**< what to do about it */
} foreign_kind;

/** Names what the bytes look like. There is always an answer, if only that nothing was found. */
foreign_kind foreign_recognise(span file);
