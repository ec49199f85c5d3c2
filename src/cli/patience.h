#pragma once
/** How long servers are waited for: --retry, --retry-delay, --stall-timeout, --max-wait. */
#include "cli/cli.h"

/** Reads the options into the library's. OSB_ERR_USAGE for what is no number, or out of bounds. */
osb_status patience_apply(const options *words, osb_options *library,
                          osb_error *error) OSB_MUST_CHECK;
