/*
 * Modules for people: numbers with their meaning beside them.
 *
 * Shows the JSON document and nothing else, so that text and JSON agree.
 */
#include "cli/show_module.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "cli/show_bundle.h"

enum {
    LABEL_WIDTH = 10,
    LINE_MAX_SIZE = 512
};

void show_line(const char *label, const char *format, ...)
{
    char text[LINE_MAX_SIZE], safe[LINE_MAX_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    output_safe(safe, sizeof safe, text);
    printf("  %-*s%s\n", LABEL_WIDTH, label, safe);
}

static unsigned long long number(const json_t *object, const char *member)
{
    return (unsigned long long)json_number(object, member, 0);
}

/** "bootloader/2"; "function129/2" for a function without a name. */
static void slot_words(char *target, size_t capacity, const json_t *object)
{
    const json_t *function = json_object_get(object, "function");
    const char *name = json_text(function, "name", "unknown");
    if (text_equal(name, "unknown"))
        text_format(target, capacity, "function%llu/%llu", number(function, "id"),
                    number(object, "index"));
    else
        text_format(target, capacity, "%s/%llu", name, number(object, "index"));
}

/** "5.6.0", "4.0.0 to 4.0.2", or "-". */
static void release_words(char *target, size_t capacity, const json_t *parsed)
{
    const json_t *releases = json_object_get(parsed, "releases");
    size_t count = json_array_size(releases);
    const char *first = count ? json_string_value(json_array_get(releases, 0)) : "-";
    text_copy(target, capacity, json_text(parsed, "os_version", first));
    if (count > 1)
        text_append(target, capacity, " to %s",
                    json_string_value(json_array_get(releases, count - 1)));
}

/** The platform's short name; what people call it where nobody gave it one. */
static const char *board_name(const json_t *parsed, const char *unknown)
{
    return json_text(json_object_get(parsed, "platform"), "name",
                     json_text(parsed, "platform_title", unknown));
}

static void show_identity(const json_t *parsed)
{
    char slot[40], releases[96];
    const json_t *board = json_object_get(parsed, "platform");
    slot_words(slot, sizeof slot, parsed);
    release_words(releases, sizeof releases, parsed);
    bool known = !text_equal(releases, "-");
    if (text_equal(json_text(json_object_get(parsed, "function"), "name", ""), "asset"))
        show_line("is", "an asset, for an application on any board that keeps assets");
    else
        show_line("is", "%s version %llu for %s (platform %llu)%s%s", slot,
                  number(parsed, "version"), board_name(parsed, "an unknown platform"),
                  number(board, "id"), known ? ", of Device OS " : "", known ? releases : "");
}

static void show_needs(const json_t *parsed)
{
    size_t i;
    json_t *need;
    json_array_foreach(json_object_get(parsed, "needs"), i, need)
    {
        const char *since = json_text(need, "since", NULL);
        show_line("needs", "%s >= %llu%s%s%s", json_text(need, "slot", "?"),
                  number(need, "version"), since ? ", shipped since " : "", since ? since : "",
                  json_true_at(need, "or_earlier") ? " or earlier" : "");
    }
    if (!json_array_size(json_object_get(parsed, "needs")))
        show_line("needs", "nothing else");
}

static const char *route_words(const char *route)
{
    static const struct {
        const char *route, *words;
    } rows[] = {
        {"control", "written by control requests"},
        {"dfu", "written over DFU"},
        {"staged", "staged, and applied by the bootloader"},
        {"never", "never written"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (text_equal(rows[i].route, route))
            return rows[i].words;
    return route;
}

static void show_place(const json_t *parsed)
{
    char room[24], size[24];
    const json_t *place = json_object_get(parsed, "place");
    const char *refusal = json_text(parsed, "refusal", NULL);
    if (json_is_object(place)) {
        text_bytes(room, sizeof room, number(place, "end") - number(place, "start"));
        text_bytes(size, sizeof size, number(parsed, "module_size"));
        show_line("place", "%s, 0x%08llx to 0x%08llx: %s of %s; %s", json_text(place, "name", "?"),
                  number(place, "start"), number(place, "end"), size, room,
                  route_words(json_text(place, "route", "?")));
    }
    if (refusal)
        show_line("refused", "%s", refusal);
}

static void show_numbers(const json_t *parsed)
{
    size_t i;
    json_t *name;
    char names[160] = "";
    const json_t *flags = json_object_get(parsed, "flags");
    show_line("address", "0x%08llx to 0x%08llx, %llu bytes, header at 0x%llx",
              number(parsed, "start"), number(parsed, "end"), number(parsed, "module_size"),
              number(parsed, "prefix_offset"));
    json_array_foreach(json_object_get(flags, "names"), i, name)
    {
        text_append(names, sizeof names, " %s", json_string_value(name));
    }
    if (number(flags, "value"))
        show_line("flags", "0x%02llx%s", number(flags, "value"), names);
    if (number(parsed, "mcu_target"))
        show_line("chip", "0x%02llx, not the main processor", number(parsed, "mcu_target"));
    if (number(parsed, "trailing_bytes") && !json_object_get(parsed, "followed_by"))
        show_line("behind it", "%llu bytes that are not part of the module",
                  number(parsed, "trailing_bytes"));
}

static void show_extension(const json_t *extension)
{
    const char *name = json_text(extension, "name", "unknown");
    if (text_equal(name, "asset_dependency"))
        show_line("asset", "%s, SHA-256 %s", json_text(extension, "asset", "?"),
                  json_text(extension, "hash", "?"));
    else if (text_equal(name, "name"))
        show_line("name", "%s", json_text(extension, "text", "?"));
    else if (text_equal(name, "hash"))
        show_line("content", "SHA-256 %s", json_text(extension, "hash", "?"));
    else if (text_equal(name, "security_mode"))
        show_line("security", "%s, certificate of %llu bytes",
                  json_true_at(extension, "protected") ? "protected" : "open",
                  number(extension, "certificate_size"));
    else if (text_equal(name, "dynamic_location"))
        show_line("dynalib", "0x%08llx, loaded from 0x%08llx", number(extension, "dynalib_start"),
                  number(extension, "dynalib_load"));
    else if (text_equal(name, "unknown"))
        show_line("extension", "%s, of unknown type %llu", json_text(extension, "where", "?"),
                  number(extension, "type"));
}

static void show_suffix(const json_t *parsed)
{
    size_t i;
    json_t *extension;
    const json_t *suffix = json_object_get(parsed, "suffix");
    const json_t *crc = json_object_get(parsed, "crc32");
    json_array_foreach(json_object_get(parsed, "extensions"), i, extension)
    {
        show_extension(extension);
    }
    if (json_is_integer(json_object_get(suffix, "product_id")))
        show_line("product", "%llu version %llu", number(suffix, "product_id"),
                  number(suffix, "product_version"));
    show_line("identity", "%s (the SHA-256 in it, as boards report it)",
              json_text(suffix, "sha256", "?"));
    show_line("CRC-32", "%s, %s", json_text(crc, "stored", "?"),
              json_true_at(crc, "ok") ? "right" : "WRONG");
    show_line("SHA-256", "%s (of the file)", json_text(parsed, "sha256", "?"));
}

/** What only modules of a special form have. */
static void show_form(const json_t *parsed)
{
    size_t i;
    json_t *follower;
    const json_t *packed = json_object_get(parsed, "compression");
    const json_t *legacy = json_object_get(parsed, "legacy_prefix");
    const char *location = json_text(parsed, "location", NULL);
    if (json_is_object(packed))
        show_line("packed", "%llu bytes when unpacked", number(packed, "original_size"));
    else if (json_is_null(packed))
        show_line("packed", "in a way that cannot be read");
    if (legacy)
        show_line("also", "has a header for older bootloaders: 0x%08llx to 0x%08llx, CRC-32 %s",
                  number(legacy, "start"), number(legacy, "end"),
                  json_true_at(legacy, "crc32_ok") ? "right" : "WRONG");
    if (location)
        show_line("location", "its own note of where it goes does not fit: %s", location);
    if (json_true_at(parsed, "synthetic"))
        show_line("synthetic", "true header and numbers, no firmware: for simulated boards only");
    json_array_foreach(json_object_get(parsed, "followed_by"), i, follower)
    {
        char slot[40];
        slot_words(slot, sizeof slot, follower);
        show_line("then", "%s version %llu, %llu bytes, in the same file", slot,
                  number(follower, "version"), number(follower, "module_size"));
    }
}

void show_module_lines(const json_t *parsed)
{
    show_identity(parsed);
    show_needs(parsed);
    show_place(parsed);
    show_numbers(parsed);
    show_suffix(parsed);
    show_form(parsed);
}

static bool is_bundle(const json_t *parsed)
{
    return json_is_object(json_object_get(parsed, "application"));
}

void show_module(const char *name, const json_t *parsed)
{
    printf("%s\n", name);
    if (is_bundle(parsed))
        show_bundle_lines(parsed);
    else
        show_module_lines(parsed);
}

table show_module_table(void)
{
    table lines = table_make(8);
    table_add(&lines, (const char *const[]){"FILE", "PLATFORM", "SLOT", "VERSION", "DEVICE OS",
                                            "NEEDS (SHIPPED SINCE)", "SIZE", "ROUTE"});
    return lines;
}

void show_needs_words(char *target, size_t capacity, const json_t *needs)
{
    size_t i;
    json_t *need;
    text_copy(target, capacity, json_array_size(needs) ? "" : json_is_null(needs) ? "?" : "-");
    json_array_foreach(needs, i, need)
    {
        const char *since = json_text(need, "since", NULL);
        text_append(target, capacity, "%s%s >= %llu", i ? ", " : "", json_text(need, "slot", "?"),
                    number(need, "version"));
        if (since)
            text_append(target, capacity, " (%s%s)", since,
                        json_true_at(need, "or_earlier") ? " or earlier" : "");
    }
}

void show_module_row(table *lines, const char *name, const json_t *parsed)
{
    char slot[40], platform[16], version[16], releases[TABLE_TEXT], needs[TABLE_TEXT], size[24];
    if (is_bundle(parsed))
        parsed = json_object_get(parsed, "application");
    const json_t *board = json_object_get(parsed, "platform");
    text_format(platform, sizeof platform, "%llu", number(board, "id"));
    slot_words(slot, sizeof slot, parsed);
    output_number(version, sizeof version, parsed, "version");
    release_words(releases, sizeof releases, parsed);
    show_needs_words(needs, sizeof needs, json_object_get(parsed, "needs"));
    text_bytes(size, sizeof size, number(parsed, "module_size"));
    table_add(lines, (const char *const[]){
                         name, board_name(parsed, platform), slot, version, releases, needs, size,
                         json_text(json_object_get(parsed, "place"), "route", "-")});
}
