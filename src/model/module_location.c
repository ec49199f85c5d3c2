/*
 * Checks and moves the addresses of an image.
 *
 * Does not know a board's regions (platform_accepts.c). Invariant: moving a start changes no byte
 * of the body and no address in it: what grows is the prefix, towards lower addresses.
 */
#include "model/module_location.h"

#include "model/module_extension.h"
#include "model/module_layout.h"
#include "model/module_parts.h"

enum {
    START_ALIGNMENT = 8 /**< binary-version-reader lib/moduleEncoding.js */
};

location_finding module_check_location(const module *parsed)
{
    dynamic_location location;
    const module_extension *extension = module_find_extension(parsed, EXTENSION_DYNAMIC_LOCATION);
    if (!extension)
        return LOCATION_ABSENT;
    if (!extension_read_location(extension, &location))
        return LOCATION_BROKEN;
    if (location.module_start != parsed->start)
        return LOCATION_START;
    bool inside = location.dynalib_load >= parsed->start && location.dynalib_load < parsed->end;
    return inside || !location.dynalib_load ? LOCATION_AGREES : LOCATION_DYNALIB;
}

const char *location_finding_name(location_finding finding)
{
    switch (finding) {
    case LOCATION_ABSENT:
        return "absent";
    case LOCATION_AGREES:
        return "agrees";
    case LOCATION_BROKEN:
        return "broken";
    case LOCATION_START:
        return "start_differs";
    case LOCATION_DYNALIB:
        return "dynalib_outside";
    }
    return "absent";
}

bool module_grows_left(const module *parsed)
{
    return parsed->slot.function == MODULE_USER_PART &&
           module_find_extension(parsed, EXTENSION_DYNAMIC_LOCATION);
}

/** Closes the list and pads it so that the start comes to lie where 8 divides it. */
static osb_status close_list(const module *parsed, size_t rest, buf *list, osb_error *error)
{
    size_t size = rest + list->size + EXTENSION_HEADER;
    uint32_t end = parsed->end + MODULE_CRC_SIZE;
    if (size + START_ALIGNMENT > end)
        return osb_fail(error, OSB_ERR_REFUSED, "application", "put less into it",
                        "there is no room to the left of it");
    extension_append_end(list, (uint16_t)((end - (uint32_t)size) % START_ALIGNMENT));
    return buf_check(list, "prefix extensions", error);
}

/** Appends the suffix's extensions. Returns where in `suffix` the start is to be written; or 0. */
static size_t append_suffix(const module *parsed, uint16_t moved, buf *suffix)
{
    size_t place = 0;
    dynamic_location location;
    for (size_t i = 0; i < parsed->extension_count; i++) {
        const module_extension *extension = &parsed->extensions[i];
        if (extension->in_prefix || extension->type == moved)
            continue;
        if (!place && extension_read_location(extension, &location) &&
            extension->type == EXTENSION_DYNAMIC_LOCATION)
            place = suffix->size + EXTENSION_HEADER;
        extension_append(suffix, extension->type, extension->data);
    }
    return place;
}

osb_status module_write_grown(const module *parsed, buf *list, uint16_t moved, buf *file,
                              osb_error *error)
{
    module_parts parts;
    BUF_OWNED suffix = buf_make(UINT16_MAX);
    TRY(module_take_apart(parsed, "application", &parts, error));
    size_t place = append_suffix(parsed, moved, &suffix);
    if (parsed->prefix_offset || !place)
        return osb_fail(error, OSB_ERR_REFUSED, "application", "build it again",
                        "its start cannot move: no location in its suffix, or a header that does "
                        "not stand at its beginning");
    size_t rest = parsed->image.size - parts.prefix_extensions.size - parts.suffix_extensions.size +
                  suffix.size;
    if (list->size)
        TRY(close_list(parsed, rest, list, error));
    parts.prefix_extensions = buf_span(list);
    parts.flags &= (uint8_t)~MODULE_PREFIX_EXTENSIONS;
    parts.flags |= list->size ? MODULE_PREFIX_EXTENSIONS : 0;
    parts.start = parsed->end + MODULE_CRC_SIZE - (uint32_t)(rest + list->size);
    buf_patch_u32le(&suffix, place, parts.start);
    TRY(buf_check(&suffix, "suffix extensions", error));
    parts.suffix_extensions = buf_span(&suffix);
    return module_assemble(&parts, file, error);
}
