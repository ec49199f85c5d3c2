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

static void append_suffix(const module *parsed, uint32_t start, buf *suffix)
{
    for (size_t i = 0; i < parsed->extension_count; i++) {
        const module_extension *extension = &parsed->extensions[i];
        dynamic_location location;
        if (extension->in_prefix)
            continue;
        size_t at = suffix->size;
        extension_append(suffix, extension->type, extension->data);
        if (extension->type == EXTENSION_DYNAMIC_LOCATION &&
            extension_read_location(extension, &location))
            buf_patch_u32le(suffix, at + EXTENSION_HEADER, start);
    }
}

osb_status module_write_grown(const module *parsed, buf *list, buf *file, osb_error *error)
{
    module_parts parts;
    BUF_OWNED suffix = buf_make(UINT16_MAX);
    TRY(module_take_apart(parsed, "application", &parts, error));
    if (parsed->prefix_offset)
        return osb_fail(error, OSB_ERR_REFUSED, "application", "use its suffix instead",
                        "its header does not stand at its beginning, so it cannot grow");
    size_t rest = parsed->image.size - parts.prefix_extensions.size;
    if (list->size)
        TRY(close_list(parsed, rest, list, error));
    parts.prefix_extensions = buf_span(list);
    parts.flags &= (uint8_t)~MODULE_PREFIX_EXTENSIONS;
    parts.flags |= list->size ? MODULE_PREFIX_EXTENSIONS : 0;
    parts.start = parsed->end + MODULE_CRC_SIZE - (uint32_t)(rest + list->size);
    append_suffix(parsed, parts.start, &suffix);
    TRY(buf_check(&suffix, "suffix extensions", error));
    parts.suffix_extensions = buf_span(&suffix);
    return module_assemble(&parts, file, error);
}
