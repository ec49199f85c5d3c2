#pragma once
/** What a module is beyond its header: members of the JSON object that only some modules have. */
#include "base/json.h"
#include "model/module.h"

/** Adds "compression", "legacy_prefix", "location" and "protected", each where it applies. */
void module_add_notes(json_t *object, const module *parsed);
