#pragma once
/** An "osbundle-application-bundle" for people. */
#include "base/json.h"

/** The lines of its block, below the heading. */
void show_bundle_lines(const json_t *parsed);
