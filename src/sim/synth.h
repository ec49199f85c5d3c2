#pragma once
/** Synthetic modules, dressed so that a simulated board takes them for the real thing. */
#include "base/buf.h"
#include "model/platform.h"

/** What one module is; `size` 0 takes a plausible one, `start` 0 where its kind stands. */
typedef struct synth_request {
    const platform *board;
    const platform_slot *slot;
    uint16_t version;
    module_dependency dependencies[2];
    uint32_t start;
    uint32_t size; /**< of the whole file */
} synth_request;

/** Appends the module. The same request gives the same bytes. */
osb_status synth_module(const synth_request *request, buf *file, osb_error *error) OSB_MUST_CHECK;
