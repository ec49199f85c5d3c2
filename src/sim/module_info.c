/*
 * Answers "which modules do you hold?" in the form of the running system: a describe text in the
 * beginning of Gen 2, then protobuf, old up to Device OS 5.5 and new from 5.6 on, which numbers
 * module types differently (cloud/describe.proto).
 *
 * Looks at flash through installed.c only. Invariant: the order is the family's list, and every
 * module of the new form carries a 32-byte hash.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sim/assets.h"
#include "sim/control_requests.h"
#include "sim/installed.h"
#include "sim/personality.h"
#include "wire/control.pb-c.h"

enum {
    OS_6_0_0 = 6000,
    INFO_MODULES_MAX = 8,
    INFO_NEEDS_MAX = 4,

    ALL_CHECKS = CHECK_INTEGRITY | CHECK_DEPENDENCIES | CHECK_RANGE | CHECK_PLATFORM
};

/** One module as both forms need it. */
typedef struct info_module {
    installed found;
    module_store store;
    uint32_t passed;
    size_t need_count;
    module_dependency needs[INFO_NEEDS_MAX];
    size_t asset_count;
    board_asset assets[BOARD_ASSETS_MAX];
} info_module;

typedef struct info_list {
    size_t count;
    info_module modules[INFO_MODULES_MAX];
} info_list;

static void add_need(info_module *entry, module_dependency need)
{
    if (need.slot.function != MODULE_NONE && entry->need_count < INFO_NEEDS_MAX)
        entry->needs[entry->need_count++] = need;
}

/** DEPENDENCY extension: function, index, version, and a target id that nobody reports. */
static void add_extended_need(info_module *entry, span data)
{
    if (data.size < 4)
        return;
    add_need(entry, (module_dependency){{data.data[0], data.data[1]},
                                        (uint16_t)(data.data[2] | data.data[3] << 8)});
}

static void add_extensions(const sim_board *board, info_module *entry)
{
    module parsed;
    if (entry->store != STORE_MAIN || !installed_parse(board, &entry->found, &parsed))
        return;
    for (size_t i = 0; i < parsed.extension_count; i++) {
        const module_extension *extension = &parsed.extensions[i];
        if (extension->type == EXTENSION_DEPENDENCY)
            add_extended_need(entry, extension->data);
    }
    entry->asset_count = assets_of(&parsed, entry->assets, BOARD_ASSETS_MAX);
}

static bool read_listed(const sim_board *board, module_slot listed, info_module *entry)
{
    *entry = (info_module){.store = STORE_MAIN};
    if (listed.function != MODULE_USER_PART)
        return installed_find(board, listed, &entry->found);
    if (listed.index == LISTED_FACTORY) {
        entry->store = STORE_FACTORY;
        return installed_factory(board, &entry->found);
    }
    return installed_user(board, &entry->found) && entry->found.intact;
}

static void collect(const sim_board *board, info_list *list)
{
    list->count = 0;
    for (size_t i = 0; i < board->family->listed_count && list->count < INFO_MODULES_MAX; i++) {
        info_module *entry = &list->modules[list->count];
        if (!read_listed(board, board->family->listed[i], entry))
            continue;
        entry->passed = installed_checks(board, &entry->found);
        add_need(entry, entry->found.needs[0]);
        add_need(entry, entry->found.needs[1]);
        add_extensions(board, entry);
        list->count++;
    }
}

/** Module types of the form up to 5.5. */
static uint32_t old_type(uint8_t function)
{
    static const uint8_t types[] = {
        [MODULE_BOOTLOADER] = 1,    [MODULE_SYSTEM_PART] = 2,  [MODULE_USER_PART] = 3,
        [MODULE_MONO_FIRMWARE] = 4, [MODULE_NCP_FIRMWARE] = 5, [MODULE_RADIO_STACK] = 6,
    };
    return function < sizeof types ? types[function] : 0;
}

static void append_old(const info_module *entry, buf *reply)
{
    Wire__OldDependency needs[INFO_NEEDS_MAX];
    Wire__OldDependency *need_list[INFO_NEEDS_MAX];
    Wire__OldModule module = WIRE__OLD_MODULE__INIT;
    Wire__OldModule *one = &module;
    Wire__GetModuleInfoReply message = WIRE__GET_MODULE_INFO_REPLY__INIT;
    for (size_t i = 0; i < entry->need_count; i++) {
        wire__old_dependency__init(&needs[i]);
        needs[i].type = old_type(entry->needs[i].slot.function);
        needs[i].index = entry->needs[i].slot.index;
        needs[i].version = entry->needs[i].version;
        need_list[i] = &needs[i];
    }
    module.type = old_type(entry->found.id.function);
    module.index = entry->found.id.index;
    module.version = entry->found.version;
    module.size = entry->found.size ? entry->found.size - MODULE_CRC_SIZE : 0;
    module.validity = ~entry->passed & (CHECK_INTEGRITY | CHECK_DEPENDENCIES);
    module.n_dependencies = entry->need_count;
    module.dependencies = need_list;
    message.n_modules_deprecated = 1;
    message.modules_deprecated = &one;
    uint8_t bytes[512];
    if (wire__get_module_info_reply__get_packed_size(&message) <= sizeof bytes)
        buf_append(reply, (span){bytes, wire__get_module_info_reply__pack(&message, bytes)});
}

/** The parts of one new-form module that its message points to. */
typedef struct new_parts {
    Wire__ModuleDependency needs[INFO_NEEDS_MAX];
    Wire__ModuleDependency *need_list[INFO_NEEDS_MAX];
    Wire__AssetDependency assets[BOARD_ASSETS_MAX];
    Wire__AssetDependency *asset_list[BOARD_ASSETS_MAX];
    Wire__ModuleSecurity security;
} new_parts;

static void fill_assets(board_asset *assets, size_t count, Wire__AssetDependency *messages,
                        Wire__AssetDependency **list)
{
    for (size_t i = 0; i < count; i++) {
        wire__asset_dependency__init(&messages[i]);
        messages[i].name = assets[i].name;
        messages[i].hash = (ProtobufCBinaryData){SHA256_SIZE, assets[i].hash};
        messages[i].size = assets[i].size;
        messages[i].storage_size = assets[i].storage_size;
        list[i] = &messages[i];
    }
}

static void fill_needs(info_module *entry, new_parts *parts, Wire__FirmwareModule *module)
{
    for (size_t i = 0; i < entry->need_count; i++) {
        wire__module_dependency__init(&parts->needs[i]);
        parts->needs[i].type = entry->needs[i].slot.function;
        parts->needs[i].index = entry->needs[i].slot.index;
        parts->needs[i].version = entry->needs[i].version;
        parts->need_list[i] = &parts->needs[i];
    }
    fill_assets(entry->assets, entry->asset_count, parts->assets, parts->asset_list);
    module->n_dependencies = entry->need_count;
    module->dependencies = parts->need_list;
    module->n_asset_dependencies = entry->asset_count;
    module->asset_dependencies = parts->asset_list;
}

static void fill_module(const sim_board *board, info_module *entry, new_parts *parts,
                        Wire__FirmwareModule *module)
{
    module->type = entry->found.id.function;
    module->index = entry->found.id.index;
    module->version = entry->found.version;
    module->store = entry->store;
    module->max_size = entry->found.max_size;
    module->checked_flags = ALL_CHECKS;
    module->passed_flags = entry->passed;
    module->hash = (ProtobufCBinaryData){SHA256_SIZE, entry->found.identity};
    module->size = entry->found.size;
    fill_needs(entry, parts, module);
    bool guards = entry->found.id.function == MODULE_BOOTLOADER && entry->found.id.index == 0 &&
                  board->running.guarded && board->running.system_version >= OS_6_0_0;
    if (!guards)
        return;
    wire__module_security__init(&parts->security);
    parts->security.mode = 1;
    module->security = &parts->security;
}

static void append_new(const sim_board *board, info_module *entry, buf *reply)
{
    new_parts parts;
    Wire__FirmwareModule module = WIRE__FIRMWARE_MODULE__INIT;
    Wire__FirmwareModule *one = &module;
    Wire__GetModuleInfoReply message = WIRE__GET_MODULE_INFO_REPLY__INIT;
    fill_module(board, entry, &parts, &module);
    message.n_modules = 1;
    message.modules = &one;
    size_t size = wire__get_module_info_reply__get_packed_size(&message);
    uint8_t *bytes = malloc(size);
    if (!bytes)
        return;
    buf_append(reply, (span){bytes, wire__get_module_info_reply__pack(&message, bytes)});
    free(bytes);
}

int32_t module_info_reply(const sim_board *board, buf *reply)
{
    const module_form form = personality_module_form(board);
    if (form == FORM_DESCRIBE) {
        buf_append_text(reply, "{");
        describe_append(board, CONTROL_REPLY_MAX, reply);
        buf_append_text(reply, "}");
        return reply->overflow ? SYSTEM_NO_MEMORY : SYSTEM_NONE;
    }
    info_list *list = malloc(sizeof *list);
    if (!list)
        return SYSTEM_NO_MEMORY;
    collect(board, list);
    for (size_t i = 0; i < list->count; i++) {
        info_module *entry = &list->modules[i];
        if (form == FORM_NEW)
            append_new(board, entry, reply);
        else if (entry->store == STORE_MAIN)
            append_old(entry, reply);
    }
    free(list);
    return reply->overflow ? SYSTEM_NO_MEMORY : SYSTEM_NONE;
}

int32_t asset_info_reply(const sim_board *board, buf *reply)
{
    board_asset available[BOARD_ASSETS_MAX], required[BOARD_ASSETS_MAX];
    Wire__AssetDependency messages[BOARD_ASSETS_MAX + BOARD_ASSETS_MAX];
    Wire__AssetDependency *list[BOARD_ASSETS_MAX + BOARD_ASSETS_MAX];
    Wire__GetAssetInfoReply message = WIRE__GET_ASSET_INFO_REPLY__INIT;
    memcpy(available, board->keeps.assets, sizeof available);
    message.n_available = board->keeps.asset_count;
    message.available = list;
    fill_assets(available, message.n_available, messages, list);
    message.n_required = assets_required(board, required, BOARD_ASSETS_MAX);
    message.required = list + BOARD_ASSETS_MAX;
    fill_assets(required, message.n_required, messages + BOARD_ASSETS_MAX, message.required);
    size_t size = wire__get_asset_info_reply__get_packed_size(&message);
    uint8_t *bytes = malloc(size ? size : 1);
    if (!bytes)
        return SYSTEM_NO_MEMORY;
    buf_append(reply, (span){bytes, wire__get_asset_info_reply__pack(&message, bytes)});
    free(bytes);
    return reply->overflow ? SYSTEM_NO_MEMORY : SYSTEM_NONE;
}
