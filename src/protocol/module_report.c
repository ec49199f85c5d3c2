/*
 * The board's module table from its protobuf reply, old form and new.
 *
 * Does not judge the modules: verdicts are the model's. Invariant: a number that does not fit the
 * width it has in a module header makes the whole reply invalid, so nothing is cut silently.
 */
#include "protocol/module_report.h"

#include <string.h>

#include "protocol/legacy.h"
#include "protocol/request_types.h"
#include "wire/control.pb-c.h"

enum {
    INFO_TIMEOUT_MS = 30000, /* the board checks the CRC of every module first */
    INFO_REPLY_MAX = 32768,
    CRC_SIZE = 4
};

static osb_status table_fail(const char *subject, osb_error *error)
{
    return osb_fail(error, OSB_ERR_PROTOCOL, subject, "restart the board and try again",
                    "the board's module table is no valid message");
}

static bool fits(uint32_t function, uint32_t index, uint32_t version)
{
    return function <= UINT8_MAX && index <= UINT8_MAX && version <= UINT16_MAX;
}

/* Header function of an old-form type (Device OS control/storage.proto); false: no such type. */
static bool function_from_old(uint32_t old_type, uint32_t *function)
{
    static const uint8_t functions[] = {0, 2, 4, 5, 3, 7, 8};
    if (old_type >= sizeof functions)
        return false;
    *function = functions[old_type];
    return true;
}

/* Adds a dependency; entries for no module are the header's empty slots. */
static bool dependency_add(module_report *module, uint32_t function, uint32_t index,
                           uint32_t version)
{
    if (!fits(function, index, version))
        return false;
    if (function == 0 || module->dependency_count == REPORT_DEPENDENCIES_MAX)
        return true;
    module->dependencies[module->dependency_count++] =
        (dependency_report){(uint8_t)function, (uint8_t)index, (uint16_t)version};
    return true;
}

static bool module_from_old(const Wire__OldModule *message, module_report *module)
{
    uint32_t function;
    if (!function_from_old(message->type, &function) ||
        !fits(function, message->index, message->version) || message->size > UINT32_MAX - CRC_SIZE)
        return false;
    /* The old form speaks of two checks only, and of those only what failed. */
    *module = (module_report){.function = (uint8_t)function,
                              .index = (uint8_t)message->index,
                              .version = (uint16_t)message->version,
                              .size = message->size ? message->size + CRC_SIZE : 0,
                              .checked = REPORT_INTEGRITY | REPORT_DEPENDENCIES};
    module->passed = module->checked & ~message->validity;
    for (size_t i = 0; i < message->n_dependencies; i++) {
        const Wire__OldDependency *need = message->dependencies[i];
        uint32_t needed;
        if (!function_from_old(need->type, &needed) ||
            !dependency_add(module, needed, need->index, need->version))
            return false;
    }
    return true;
}

static bool module_from_new(const Wire__FirmwareModule *message, module_report *module)
{
    if (!fits(message->type, message->index, message->version) || message->store > UINT8_MAX)
        return false;
    if (message->hash.len != 0 && message->hash.len != REPORT_HASH_SIZE)
        return false;
    *module = (module_report){.function = (uint8_t)message->type,
                              .index = (uint8_t)message->index,
                              .version = (uint16_t)message->version,
                              .store = (uint8_t)message->store,
                              .size = message->size,
                              .max_size = message->max_size,
                              .has_hash = message->hash.len == REPORT_HASH_SIZE,
                              .checked = message->checked_flags,
                              .passed = message->passed_flags};
    if (module->has_hash)
        memcpy(module->hash, message->hash.data, REPORT_HASH_SIZE);
    for (size_t i = 0; i < message->n_dependencies; i++) {
        const Wire__ModuleDependency *need = message->dependencies[i];
        if (!dependency_add(module, need->type, need->index, need->version))
            return false;
    }
    return true;
}

static bool table_from_message(const Wire__GetModuleInfoReply *message, module_table *table)
{
    /* 5.6 and newer fill only the new list, older ones only the old one. */
    size_t count = message->n_modules ? message->n_modules : message->n_modules_deprecated;
    if (count > REPORT_MODULES_MAX)
        return false;
    for (table->count = 0; table->count < count; table->count++) {
        module_report *module = &table->modules[table->count];
        bool valid = message->n_modules
                         ? module_from_new(message->modules[table->count], module)
                         : module_from_old(message->modules_deprecated[table->count], module);
        if (!valid)
            return false;
    }
    return true;
}

osb_status module_table_parse(span reply, const char *subject, module_table *table,
                              osb_error *error)
{
    *table = (module_table){0};
    if (reply.size > 0 && reply.data[0] == '{')
        return module_table_from_describe(reply, subject, table, error);
    Wire__GetModuleInfoReply *message =
        wire__get_module_info_reply__unpack(NULL, reply.size, reply.data);
    if (!message)
        return table_fail(subject, error);
    bool valid = table_from_message(message, table);
    wire__get_module_info_reply__free_unpacked(message, NULL);
    return valid ? OSB_OK : table_fail(subject, error);
}

osb_status request_module_info(const control_channel *channel, module_table *table,
                               osb_error *error)
{
    static const char purpose[] = "read the module table";
    const char *subject = channel->link->subject;
    BUF_OWNED reply = buf_make(INFO_REPLY_MAX);
    if (channel->legacy) {
        TRY(legacy_ask(channel->link, REQUEST_TYPE_MODULE_INFO, purpose, &reply, error));
        return module_table_from_legacy(buf_span(&reply), subject, table, error);
    }
    control_call call = {.type = REQUEST_TYPE_MODULE_INFO,
                         .purpose = purpose,
                         .timeout_ms = INFO_TIMEOUT_MS,
                         .reply = &reply};
    TRY(control_run(channel, &call, error));
    return module_table_parse(buf_span(&reply), subject, table, error);
}
