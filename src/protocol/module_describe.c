/*
 * The board's module table from the JSON describe text of Device OS before 1.1 (Gen 2).
 *
 * Reads only the modules; platform and modem facts beside them are left alone. Unlike the
 * protobuf forms it has no sizes. Invariant as there: what does not fit makes the text invalid.
 */
#include "protocol/module_report.h"

#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"

static osb_status describe_fail(const char *subject, osb_error *error)
{
    return osb_fail(error, OSB_ERR_PROTOCOL, subject, "restart the board and try again",
                    "the board's describe text does not list modules as it should");
}

/* The header function behind a describe letter (Device OS system_info.cpp). */
static bool function_from_letter(const char *letter, uint8_t *function)
{
    static const char letters[] = "nrbmsu_cat";
    const char *found = letter && strlen(letter) == 1 ? strchr(letters, letter[0]) : NULL;
    if (!found)
        return false;
    *function = (uint8_t)(found - letters);
    return true;
}

static bool store_from_letter(const char *letter, uint8_t *store)
{
    static const char letters[] = "mfbt";
    const char *found = letter && strlen(letter) == 1 ? strchr(letters, letter[0]) : NULL;
    *store = found ? (uint8_t)(found - letters) : UINT8_MAX;
    return found || (letter && text_equal(letter, "_"));
}

/* "n" is a string of digits: {"f":"s","n":"1","v":207}. */
static bool identity_read(const json_t *entry, dependency_report *identity)
{
    uint64_t index;
    int64_t version = json_number(entry, "v", -1);
    if (!function_from_letter(json_text(entry, "f", NULL), &identity->function) ||
        !text_to_number(json_text(entry, "n", ""), UINT8_MAX, &index) || version < 0 ||
        version > UINT16_MAX)
        return false;
    identity->index = (uint8_t)index;
    identity->version = (uint16_t)version;
    return true;
}

static bool dependencies_read(const json_t *entry, module_report *module)
{
    const json_t *needs = json_object_get(entry, "d");
    for (size_t i = 0; i < json_array_size(needs); i++) {
        dependency_report need;
        if (!identity_read(json_array_get(needs, i), &need))
            return false;
        if (need.function != 0 && module->dependency_count < REPORT_DEPENDENCIES_MAX)
            module->dependencies[module->dependency_count++] = need;
    }
    return true;
}

static bool module_read(const json_t *entry, module_report *module)
{
    dependency_report identity;
    int64_t max_size = json_number(entry, "s", 0);
    int64_t checked = json_number(entry, "vc", 0), passed = json_number(entry, "vv", 0);
    if (!identity_read(entry, &identity) || max_size < 0 || max_size > UINT32_MAX || checked < 0 ||
        checked > UINT32_MAX || passed < 0 || passed > UINT32_MAX)
        return false;
    *module = (module_report){.function = identity.function,
                              .index = identity.index,
                              .version = identity.version,
                              .max_size = (uint32_t)max_size,
                              .checked = (uint32_t)checked,
                              .passed = (uint32_t)passed};
    const char *hash = json_text(entry, "u", NULL);
    module->has_hash = hash && text_unhex(module->hash, REPORT_HASH_SIZE, hash);
    return store_from_letter(json_text(entry, "l", "m"), &module->store) &&
           dependencies_read(entry, module);
}

osb_status module_table_from_describe(span text, const char *subject, module_table *table,
                                      osb_error *error)
{
    JSON_OWNED *document = NULL;
    *table = (module_table){0};
    if (json_parse(text, subject, &document, error) != OSB_OK)
        return describe_fail(subject, error);
    const json_t *modules = json_object_get(document, "m");
    size_t count = json_array_size(modules);
    if (!json_is_array(modules) || count > REPORT_MODULES_MAX)
        return describe_fail(subject, error);
    for (size_t i = 0; i < count; i++) {
        const json_t *entry = json_array_get(modules, i);
        /* An empty place is told by its size, without saying what it is for. */
        if (json_object_get(entry, "s") && !json_object_get(entry, "f"))
            continue;
        if (!module_read(entry, &table->modules[table->count++]))
            return describe_fail(subject, error);
    }
    return OSB_OK;
}

/* Reads the first `size` bytes with `end` behind them, between braces. */
static osb_status read_braced(span text, size_t size, const char *end, const char *subject,
                              module_table *table, osb_error *error)
{
    BUF_OWNED whole = buf_make(text.size + 8);
    buf_append_u8(&whole, '{');
    buf_append(&whole, span_slice(text, 0, size));
    buf_append_text(&whole, end);
    return module_table_from_describe(buf_span(&whole), subject, table, error);
}

/* The system goes on writing behind a piece that found no room, so a cut text makes no sense at its
 * end; but a module that ends with "]}" before the cut is whole. */
osb_status module_table_from_legacy(span text, const char *subject, module_table *table,
                                    osb_error *error)
{
    if (read_braced(text, text.size, "}", subject, table, NULL) == OSB_OK)
        return OSB_OK;
    for (size_t size = text.size; size >= 2; size--) {
        if (text.data[size - 2] != ']' || text.data[size - 1] != '}' ||
            read_braced(text, size, "]}", subject, table, NULL) != OSB_OK)
            continue;
        table->cut = true;
        return OSB_OK;
    }
    return describe_fail(subject, error);
}
