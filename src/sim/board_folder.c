/*
 * Boards that live in a folder: NAME.flash files that are the flash, board.json for the rest.
 *
 * Flash files are mapped, so they are current at every moment; board.json is written whenever
 * something changes that a real board keeps, or that its next start depends on. Invariant: one
 * program at a time has the folder (lock file), and board.json is always one whole document.
 */
#include "sim/board.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/lock.h"
#include "base/path.h"
#include "base/text.h"
#include "sim/boot.h"
#include "sim/sim_json.h"
#include "sim/world.h"

enum {
    BOARD_JSON_MAX = 256 * 1024
};

static const char board_type[] = "osbundle-sim-board";
static const char starting[] = "starting"; /**< a restart is under way or due */

static osb_status flash_path(const char *folder, const platform_memory *memory,
                             char path[PATH_SIZE], osb_error *error)
{
    char name[64];
    text_format(name, sizeof name, "%s.flash", memory->name);
    return path_join(path, folder, name, error);
}

static const char *wish_name(boot_wish wish)
{
    switch (wish) {
    case BOOT_NORMALLY:
        return "normal";
    case BOOT_INTO_DFU:
        return "dfu";
    case BOOT_INTO_SAFE_MODE:
        return "safe";
    case BOOT_INTO_LISTENING:
        return "listening";
    }
    return "normal";
}

static boot_wish wish_from(const char *name)
{
    if (text_equal(name, "dfu"))
        return BOOT_INTO_DFU;
    if (text_equal(name, "listening"))
        return BOOT_INTO_LISTENING;
    return text_equal(name, "safe") ? BOOT_INTO_SAFE_MODE : BOOT_NORMALLY;
}

/** A board that is not settled in a mode starts again when it is opened. */
static json_t *kept_state(const sim_board *board)
{
    char first_stage[SHA256_HEX_SIZE];
    const bool resets = board->reset_due_us != NEVER;
    const bool moving = resets || board->mode == BOARD_BOOTING || !board->world;
    text_hex(first_stage, (span){board->keeps.first_stage, SHA256_SIZE});
    json_t *state = json_object();
    json_object_set_new(state, "type", json_string(board_type));
    json_object_set_new(state, "schema", json_integer(1));
    json_object_set_new(state, "platform", json_string(board->kind->name));
    json_object_set_new(state, "device_id", json_string(board->device_id));
    json_object_set_new(state, "mode",
                        json_string(moving ? starting : board_mode_name(board->mode)));
    json_object_set_new(state, "wish",
                        json_string(wish_name(resets ? board->reset_wish : board->wish)));
    json_object_set_new(state, "time_ms",
                        json_integer(board->world ? (json_int_t)(board->world->now_us / 1000) : 0));
    json_object_set_new(state, "network_credentials",
                        json_boolean(board->keeps.network_credentials));
    json_object_set_new(state, "ncp_version", json_integer(board->keeps.ncp_version));
    json_object_set_new(state, "service_starts", json_integer(board->keeps.service_starts));
    json_object_set_new(state, "service_end_ms",
                        json_integer((json_int_t)(board->keeps.service_end_us / 1000)));
    json_object_set_new(state, "busy_ms", json_integer((json_int_t)(board->keeps.busy_us / 1000)));
    json_object_set_new(state, "first_stage", json_string(first_stage));
    json_object_set_new(state, "assets", sim_json_assets(board));
    json_object_set_new(state, "pending", sim_json_pending(board));
    json_object_set_new(state, "boot_reasons", sim_json_notes(board));
    return state;
}

static osb_status write_state(const sim_board *board, const char *folder, osb_error *error)
{
    char path[PATH_SIZE];
    JSON_OWNED *state = kept_state(board);
    BUF_OWNED text = buf_make(BOARD_JSON_MAX);
    TRY(path_join(path, folder, "board.json", error));
    TRY(json_to_text(state, &text, error));
    return file_write_atomic(path, buf_span(&text), 0644, error);
}

void board_save(sim_board *board)
{
    if (board->folder)
        board->unsaved = write_state(board, board->folder, NULL) != OSB_OK;
}

static osb_status write_folder(const sim_board *board, const char *folder, osb_error *error)
{
    char path[PATH_SIZE];
    for (size_t i = 0; i < board->memory_count; i++) {
        const flash *chip = &board->memories[i];
        TRY(flash_path(folder, chip->memory, path, error));
        TRY(file_write_atomic(path, (span){chip->bytes, chip->size}, 0644, error));
    }
    return write_state(board, folder, error);
}

osb_status sim_board_create(const char *folder, const sim_recipe *recipe, osb_error *error)
{
    char path[PATH_SIZE];
    sim_board *board;
    TRY(path_join(path, folder, "board.json", error));
    if (file_exists(path))
        return osb_fail(error, OSB_ERR_USAGE, folder, "choose another folder, or remove this one",
                        "a simulated board lives there already");
    TRY(folder_make(folder, error));
    TRY(board_make(recipe, &board, error));
    osb_status status = write_folder(board, folder, error);
    board_free(board);
    return status;
}

static osb_status broken(const char *path, const char *member, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, path, "make the board again with `sim new`",
                    "\"%s\" is missing or wrong", member);
}

static osb_status read_state(const char *folder, char path[PATH_SIZE], json_t **state,
                             osb_error *error)
{
    BUF_OWNED text = buf_make(BOARD_JSON_MAX);
    TRY(path_join(path, folder, "board.json", error));
    if (!file_exists(path))
        return osb_fail(error, OSB_ERR_NOT_FOUND, folder, "make one with `sim new`",
                        "no simulated board lives in this folder");
    TRY(file_read(path, &text, error));
    TRY(json_parse(buf_span(&text), path, state, error));
    if (!text_equal(json_text(*state, "type", ""), board_type) ||
        json_number(*state, "schema", 0) != 1)
        return broken(path, "type", error);
    return OSB_OK;
}

static bool read_mode(const char *name, board_mode *mode)
{
    for (board_mode candidate = BOARD_DEAD; candidate <= BOARD_DFU; candidate++) {
        if (text_equal(name, board_mode_name(candidate))) {
            *mode = candidate;
            return true;
        }
    }
    *mode = BOARD_BOOTING;
    return text_equal(name, starting);
}

static osb_status take_state(sim_board *board, const json_t *state, const char *path,
                             osb_error *error)
{
    uint8_t id[(DEVICE_ID_SIZE - 1) / 2];
    const char *text = json_text(state, "device_id", "");
    if (!text_unhex(id, sizeof id, text))
        return broken(path, "device_id", error);
    text_copy(board->device_id, sizeof board->device_id, text);
    if (!text_unhex(board->keeps.first_stage, SHA256_SIZE, json_text(state, "first_stage", "")))
        return broken(path, "first_stage", error);
    if (!read_mode(json_text(state, "mode", ""), &board->mode))
        return broken(path, "mode", error);
    board->wish = wish_from(json_text(state, "wish", ""));
    board->keeps.network_credentials = json_true_at(state, "network_credentials");
    board->keeps.ncp_version = (uint16_t)json_number(state, "ncp_version", 0);
    board->keeps.service_starts = (uint8_t)json_number(state, "service_starts", 0);
    board->keeps.service_end_us = (uint64_t)json_number(state, "service_end_ms", 0) * 1000;
    board->keeps.busy_us = (uint64_t)json_number(state, "busy_ms", 0) * 1000;
    sim_json_take_assets(board, json_object_get(state, "assets"));
    sim_json_take_notes(board, json_object_get(state, "boot_reasons"));
    return OSB_OK;
}

static osb_status map_memories(sim_board *board, const char *folder, osb_error *error)
{
    const platform *kind = board->kind;
    char path[PATH_SIZE];
    for (size_t i = 0; i < kind->memory_count && i < BOARD_MEMORIES_MAX; i++) {
        TRY(flash_path(folder, &kind->memories[i], path, error));
        TRY(flash_map(&board->memories[i], &kind->memories[i],
                      family_timing(board->family, kind->memories[i].name), path, error));
        board->memory_count++;
    }
    return OSB_OK;
}

static osb_status load(sim_board *board, const sim_world *world, const char *folder, json_t **state,
                       osb_error *error)
{
    char path[PATH_SIZE];
    TRY(path_join(path, folder, "lock", error));
    TRY(read_state(folder, path, state, error));
    const char *name = json_text(*state, "platform", "");
    const platform *kind = platform_by_name(world->platforms, name);
    if (!kind)
        return broken(path, "platform", error);
    board_begin(board, kind);
    TRY(path_join(path, folder, "lock", error));
    TRY(lock_try(path, &board->lock, error));
    /* Whoever had the lock before may have written meanwhile. */
    json_release(state);
    TRY(read_state(folder, path, state, error));
    TRY(take_state(board, *state, path, error));
    TRY(map_memories(board, folder, error));
    board->folder = strdup(folder);
    return board->folder ? OSB_OK : osb_fail_memory(error);
}

/** Goes on where the board was; what was not settled starts. */
static void go_on(sim_board *board)
{
    switch (board->mode) {
    case BOARD_DEAD:
    case BOARD_BOOTING:
        board_reset(board, board->wish);
        return;
    case BOARD_PANIC:
        return;
    case BOARD_NORMAL:
    case BOARD_LISTENING:
    case BOARD_SAFE:
    case BOARD_DFU:
        boot_refresh(board);
        board_attach(board);
        return;
    }
}

osb_status sim_board_open(sim_world *world, const char *folder, sim_board **opened,
                          osb_error *error)
{
    JSON_OWNED *state = NULL;
    *opened = NULL;
    sim_board *board = calloc(1, sizeof *board);
    if (!board)
        return osb_fail_memory(error);
    board->lock = -1;
    osb_status status = load(board, world, folder, &state, error);
    if (status == OSB_OK)
        status = world_take_in(world, board, error);
    if (status != OSB_OK) {
        board_free(board);
        return status;
    }
    uint64_t time_us = (uint64_t)json_number(state, "time_ms", 0) * 1000;
    if (time_us > world->now_us)
        world_advance(world, time_us);
    go_on(board);
    world_settle(world, board);
    *opened = board;
    return OSB_OK;
}
