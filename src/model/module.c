/*
 * What a module is called, and the small questions that a parsed module answers by itself.
 *
 * Reads no bytes: parsing is module_parse.c. Invariant: a number without a name is never an error
 * here, it is shown as the number it is.
 */
#include "model/module.h"

#include <string.h>

#include "base/text.h"

static const char *const function_names[] = {
    [MODULE_NONE] = "none",
    [MODULE_RESOURCE] = "resource",
    [MODULE_BOOTLOADER] = "bootloader",
    [MODULE_MONO_FIRMWARE] = "mono_firmware",
    [MODULE_SYSTEM_PART] = "system_part",
    [MODULE_USER_PART] = "user_part",
    [MODULE_SETTINGS] = "settings",
    [MODULE_NCP_FIRMWARE] = "ncp_firmware",
    [MODULE_RADIO_STACK] = "radio_stack",
    [MODULE_ASSET] = "asset",
};

enum {
    FUNCTION_COUNT = sizeof function_names / sizeof *function_names
};

const char *module_function_name(uint8_t function)
{
    return function < FUNCTION_COUNT ? function_names[function] : NULL;
}

void slot_text(module_slot slot, char target[MODULE_SLOT_TEXT])
{
    const char *name = module_function_name(slot.function);
    if (name)
        text_format(target, MODULE_SLOT_TEXT, "%s/%u", name, slot.index);
    else
        text_format(target, MODULE_SLOT_TEXT, "function%u/%u", slot.function, slot.index);
}

static bool function_from_text(const char *name, uint8_t *function)
{
    for (uint8_t i = 0; i < FUNCTION_COUNT; i++) {
        if (text_equal(name, function_names[i])) {
            *function = i;
            return true;
        }
    }
    uint64_t number;
    const char *prefix = "function";
    if (!text_starts_with(name, prefix) ||
        !text_to_number(name + strlen(prefix), UINT8_MAX, &number) || number < FUNCTION_COUNT)
        return false;
    *function = (uint8_t)number;
    return true;
}

bool slot_from_text(const char *text, module_slot *slot)
{
    char name[MODULE_SLOT_TEXT];
    uint64_t index;
    const char *slash = strchr(text, '/');
    if (!slash || (size_t)(slash - text) >= sizeof name)
        return false;
    text_copy(name, (size_t)(slash - text) + 1, text);
    if (!text_to_number(slash + 1, UINT8_MAX, &index))
        return false;
    slot->index = (uint8_t)index;
    return function_from_text(name, &slot->function);
}

span module_payload(const module *parsed)
{
    if (!(parsed->flags & MODULE_DROP_INFO))
        return parsed->image;
    return span_slice(parsed->image, parsed->prefix_offset + MODULE_PREFIX_SIZE,
                      parsed->image.size);
}

const module_extension *module_find_extension(const module *parsed, uint16_t type)
{
    for (size_t i = 0; i < parsed->extension_count; i++) {
        if (parsed->extensions[i].type == type)
            return &parsed->extensions[i];
    }
    return NULL;
}
