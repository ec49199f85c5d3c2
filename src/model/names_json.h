#pragma once
/** The small JSON pieces that modules, releases and snapshots have in common. */
#include "base/json.h"
#include "model/module.h"

/** {"id": 2, "name": "bootloader"}; "unknown" for a number without a name. */
json_t *json_function(uint8_t function);

/** [{"function": ..., "index": 0, "version": 2101}]; empty needs are left out. */
json_t *json_dependencies(const module_dependency *needs, size_t count);

/** Lower-case hexadecimal of up to 4 KiB; more is cut. */
json_t *json_hex(span bytes);

/** Text of unknown origin: as it is when it is UTF-8, else with what is not ASCII replaced. */
json_t *json_foreign_text(span text);
/** As json_foreign_text, of a C string; null for NULL. */
json_t *json_foreign_name(const char *text);
