/*
 * The JSON members that tell of a module's special form.
 *
 * Decides nothing. Invariant: a member is there when the form is, also where it is broken; then its
 * value says so (null, or a finding's name) and nothing is made up.
 */
#include "model/module_notes.h"

#include "model/module_compressed.h"
#include "model/module_legacy.h"
#include "model/module_location.h"
#include "model/module_protect.h"

static void add_compression(json_t *object, const module *parsed)
{
    module_compression read;
    if (!(parsed->flags & MODULE_COMPRESSED))
        return;
    bool sound = module_read_compression(parsed, "module", &read, NULL) == OSB_OK;
    json_object_set_new(object, "compression",
                        sound ? json_pack("{s:i, s:i, s:I}", "method", read.method, "window_bits",
                                          read.window_bits ? read.window_bits : 15, "original_size",
                                          (json_int_t)read.original_size)
                              : json_null());
}

static void add_legacy(json_t *object, const module *parsed)
{
    module legacy;
    if (!module_find_legacy(parsed, &legacy))
        return;
    json_object_set_new(object, "legacy_prefix",
                        json_pack("{s:i, s:I, s:I, s:b}", "offset", LEGACY_PREFIX_OFFSET, "start",
                                  (json_int_t)legacy.start, "end", (json_int_t)legacy.end,
                                  "crc32_ok", legacy.crc_stored == legacy.crc_computed));
}

static void add_location(json_t *object, const module *parsed)
{
    location_finding finding = module_check_location(parsed);
    if (finding != LOCATION_ABSENT && finding != LOCATION_AGREES)
        json_object_set_new(object, "location", json_string(location_finding_name(finding)));
}

void module_add_notes(json_t *object, const module *parsed)
{
    security_mode security;
    add_compression(object, parsed);
    add_legacy(object, parsed);
    add_location(object, parsed);
    if (module_read_security(parsed, &security))
        json_object_set_new(object, "protected", json_boolean(module_is_protected(parsed)));
}
