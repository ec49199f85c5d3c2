/*
 * The describe text of systems before 1.1.0: the board's modules as JSON without the outer braces
 * (device-os 0.7.0, system/src/system_update.cpp).
 *
 * Invariant: what does not fit the room is left out piece by piece, as the firmware does it: it
 * goes on behind a piece that found no room, so a text that was cut is no JSON any more.
 */
#include <string.h>

#include "base/text.h"
#include "sim/board.h"
#include "sim/control_requests.h"
#include "sim/installed.h"

enum {
    DIGITS = 12
};

/** Pieces of one chain: behind the first that finds no room the rest of it is not tried. */
typedef struct describe_writer {
    buf *text;
    size_t room;
    bool chain_broken;
} describe_writer;

static void begin_chain(describe_writer *writer)
{
    writer->chain_broken = false;
}

static void put(describe_writer *writer, const char *piece)
{
    const size_t size = strlen(piece);
    if (writer->chain_broken)
        return;
    writer->chain_broken = writer->text->size + size > writer->room;
    if (!writer->chain_broken)
        buf_append(writer->text, (span){(const uint8_t *)piece, size});
}

static void put_quoted(describe_writer *writer, const char *text)
{
    put(writer, "\"");
    put(writer, text);
    put(writer, "\"");
}

static void put_name(describe_writer *writer, const char *name)
{
    put_quoted(writer, name);
    put(writer, ":");
}

static void put_text(describe_writer *writer, const char *name, const char *value)
{
    put_name(writer, name);
    put_quoted(writer, value);
    put(writer, ",");
}

static void put_number(describe_writer *writer, const char *name, uint32_t value)
{
    char digits[DIGITS];
    text_format(digits, sizeof digits, "%u", value);
    put_name(writer, name);
    put(writer, digits);
    put(writer, ",");
}

/** "f", "n", "v": which module, its index as a text, its version. */
static void put_identity(describe_writer *writer, module_slot slot, uint16_t version)
{
    static const char *const letters[] = {"n", "r", "b", "m", "s", "u"};
    char digits[DIGITS];
    text_format(digits, sizeof digits, "%u", slot.index);
    put_text(writer, "f",
             slot.function < sizeof letters / sizeof *letters ? letters[slot.function] : "_");
    put_text(writer, "n", digits);
    put_number(writer, "v", version);
}

static void put_hash(describe_writer *writer, const installed *found)
{
    char text[SHA256_HEX_SIZE];
    text_hex(text, (span){found->identity, SHA256_SIZE});
    for (char *at = text; *at; at++)
        *at = *at >= 'a' && *at <= 'f' ? (char)(*at - 'a' + 'A') : *at;
    put_text(writer, "u", text);
}

static void put_needs(describe_writer *writer, const installed *found)
{
    for (size_t i = 0; i < 2 && found->present; i++) {
        const module_dependency need = found->needs[i];
        if (need.slot.function == MODULE_NONE)
            continue;
        begin_chain(writer);
        if (i)
            put(writer, ",");
        begin_chain(writer);
        put(writer, "{");
        put_identity(writer, need.slot, need.version);
        put_name(writer, "_");
        put_quoted(writer, "");
        put(writer, "}");
    }
}

/** An empty place is told too, without saying what it is for. */
static void put_module(const sim_board *board, describe_writer *writer, const char *store,
                       const installed *found, uint32_t room)
{
    begin_chain(writer);
    put(writer, "{");
    put_number(writer, "s", room);
    put_text(writer, "l", store);
    put_number(writer, "vc", CHECK_INTEGRITY | CHECK_DEPENDENCIES | CHECK_RANGE | CHECK_PLATFORM);
    put_number(writer, "vv", found->present ? installed_checks(board, found) : 0);
    if (found->present && found->id.function == MODULE_USER_PART)
        put_hash(writer, found);
    if (found->present)
        put_identity(writer, found->id, found->version);
    put_name(writer, "d");
    put(writer, "[");
    put_needs(writer, found);
    begin_chain(writer);
    put(writer, "]}");
}

/** Finds what stands in a listed place; false when boards of this kind have no such place. */
static bool find_listed(const sim_board *board, module_slot listed, installed *found,
                        uint32_t *room)
{
    const bool user = listed.function == MODULE_USER_PART;
    const module_slot id = user ? (module_slot){MODULE_USER_PART, 1} : listed;
    const platform_slot *slot = platform_find_slot(board->kind, id);
    if (!slot)
        return false;
    *room = slot->end - slot->start;
    if (user && listed.index == LISTED_FACTORY)
        installed_factory(board, found);
    else if (user)
        installed_user(board, found);
    else
        installed_find(board, listed, found);
    return true;
}

void describe_append(const sim_board *board, size_t room, buf *text)
{
    describe_writer writer = {.text = text, .room = text->size + room};
    bool first = true;
    put_number(&writer, "p", board->kind->id);
    put_name(&writer, "m");
    put(&writer, "[");
    for (size_t i = 0; i < board->family->listed_count; i++) {
        const module_slot listed = board->family->listed[i];
        const bool factory = listed.function == MODULE_USER_PART && listed.index == LISTED_FACTORY;
        installed found = {0};
        uint32_t size;
        if (!find_listed(board, listed, &found, &size))
            continue;
        begin_chain(&writer);
        if (!first)
            put(&writer, ",");
        first = false;
        put_module(board, &writer, factory ? "f" : "m", &found, size);
    }
    begin_chain(&writer);
    put(&writer, "]");
}
