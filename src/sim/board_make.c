/*
 * Makes boards as a factory does: blank flash, the parts nobody else may write, then modules.
 *
 * Keeping a board in a folder is board_folder.c. Invariant: a new nRF52840 board has a first stage
 * and a radio stack, a new RTL872x board an MBR, whatever modules are given for it.
 */
#include "sim/board.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "sim/assets.h"
#include "sim/boot.h"
#include "sim/synth.h"
#include "sim/update_slots.h"
#include "sim/world.h"

enum {
    FACTORY_RADIO = 202, /**< SoftDevice S140 7.0.1, in all releases since 1.4.0 */
    FACTORY_MBR = 2,
    ARGON_NCP = 5,
    TRACKER_NCP = 7
};

static uint64_t mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

/** Ids begin as real ones of the family do, go on with the platform, end with the seed's noise. */
static void derive_id(const sim_recipe *recipe, char id[DEVICE_ID_SIZE])
{
    static const char *const beginnings[] = {
        [MCU_STM32F2] = "310041000a47",
        [MCU_NRF52840] = "e00fce68",
        [MCU_RTL872X] = "0a10aced2021",
    };
    unsigned long long noise =
        mix(recipe->seed ^ (uint64_t)recipe->board->id << 48) & 0xffffffffffffu;
    char digits[DEVICE_ID_SIZE];
    text_format(digits, sizeof digits, "%04x%012llx", recipe->board->id, noise);
    text_format(id, DEVICE_ID_SIZE, "%s%s", beginnings[recipe->board->mcu], digits);
}

static osb_status take_id(const sim_recipe *recipe, char id[DEVICE_ID_SIZE], osb_error *error)
{
    uint8_t bytes[(DEVICE_ID_SIZE - 1) / 2];
    if (!recipe->device_id) {
        derive_id(recipe, id);
        return OSB_OK;
    }
    if (!text_unhex(bytes, sizeof bytes, recipe->device_id))
        return osb_fail(error, OSB_ERR_USAGE, recipe->device_id, "give 24 hexadecimal digits",
                        "this is no device id");
    text_hex(id, (span){bytes, sizeof bytes});
    return OSB_OK;
}

static osb_status make_memories(sim_board *board, osb_error *error)
{
    const platform *kind = board->kind;
    if (kind->memory_count > BOARD_MEMORIES_MAX)
        return osb_fail(error, OSB_ERR_INTERNAL, kind->name, NULL, "it has too many memories");
    for (size_t i = 0; i < kind->memory_count; i++) {
        TRY(flash_make(&board->memories[i], &kind->memories[i],
                       family_timing(board->family, kind->memories[i].name), error));
        board->memory_count++;
    }
    return OSB_OK;
}

/** Writes straight into flash: sectors are erased first. */
static bool burn(flash *chip, uint32_t address, span bytes)
{
    uint32_t offset;
    if (!flash_offset_of(chip, address, &offset) || !flash_holds(chip, offset, bytes.size))
        return false;
    for (uint32_t at = offset; at < offset + bytes.size;) {
        flash_run sector = flash_sector(chip, at);
        flash_erase(chip, sector.start, sector.end - sector.start);
        at = sector.end;
    }
    flash_program(chip, offset, bytes);
    return true;
}

static osb_status take_asset(sim_board *board, const module *parsed)
{
    const staged_module staged = {.header = *parsed};
    asset_store(board, &staged);
    return OSB_OK;
}

osb_status board_flash_image(sim_board *board, span file, const char *name, osb_error *error)
{
    module parsed;
    TRY(module_parse(file, name, &parsed, error));
    if (parsed.slot.function == MODULE_ASSET)
        return take_asset(board, &parsed);
    if (parsed.slot.function == MODULE_NCP_FIRMWARE && board->keeps.ncp_version) {
        board->keeps.ncp_version = parsed.version;
        return OSB_OK;
    }
    flash *chip = board_memory(board, "internal");
    if (!platform_find_slot(board->kind, parsed.slot) ||
        !burn(chip, parsed.start, module_payload(&parsed)))
        return osb_fail(error, OSB_ERR_REFUSED, name, "choose a module for this kind of board",
                        "a %s board has no place for it", board->kind->name);
    return OSB_OK;
}

/** Puts a module of our own into a slot, where the board has that slot. */
static osb_status put_factory_module(sim_board *board, module_slot id, uint16_t version,
                                     osb_error *error)
{
    const platform_slot *slot = platform_find_slot(board->kind, id);
    if (!slot)
        return OSB_OK;
    const synth_request request = {.board = board->kind, .slot = slot, .version = version};
    BUF_OWNED file = buf_make(MODULE_FILE_MAX);
    TRY(synth_module(&request, &file, error));
    return board_flash_image(board, buf_span(&file), slot->name, error);
}

static osb_status put_factory_parts(sim_board *board, osb_error *error)
{
    static const char first_stage[] = "osbundle simulated master boot record: no firmware inside\n";
    static const uint8_t setup_done = 1;
    flash *settings = board_memory(board, "dct");
    if (settings)
        flash_store(settings, BOARD_SETUP_DONE, (span){&setup_done, 1});
    if (board->family->boot.first_stage_size)
        flash_program(board_memory(board, "internal"), 0,
                      (span){(const uint8_t *)first_stage, sizeof first_stage});
    if (board->kind->ncp_mcu_target)
        board->keeps.ncp_version = board->kind->cellular ? TRACKER_NCP : ARGON_NCP;
    TRY(put_factory_module(board, (module_slot){MODULE_BOOTLOADER, 1}, FACTORY_MBR, error));
    return put_factory_module(board, (module_slot){MODULE_RADIO_STACK, 0}, FACTORY_RADIO, error);
}

/** What a factory puts into a board with blank memories. */
static osb_status fill(sim_board *board, const sim_recipe *recipe, osb_error *error)
{
    board->keeps.network_credentials = recipe->network_credentials;
    TRY(take_id(recipe, board->device_id, error));
    TRY(put_factory_parts(board, error));
    for (size_t i = 0; i < recipe->image_count; i++)
        TRY(board_flash_image(board, recipe->images[i].file, recipe->images[i].name, error));
    boot_first_stage(board, board->keeps.first_stage);
    return OSB_OK;
}

osb_status board_make(const sim_recipe *recipe, sim_board **made, osb_error *error)
{
    sim_board *board = calloc(1, sizeof *board);
    *made = NULL;
    if (!board)
        return osb_fail_memory(error);
    board_begin(board, recipe->board);
    osb_status status = make_memories(board, error);
    if (status == OSB_OK)
        status = fill(board, recipe, error);
    if (status != OSB_OK) {
        board_free(board);
        return status;
    }
    *made = board;
    return OSB_OK;
}

void board_begin(sim_board *board, const platform *kind)
{
    board->kind = kind;
    board->shown = kind;
    board->family = family_of(kind->mcu);
    board->lock = -1;
    board->cable = true;
    board->reset_due_us = NEVER;
    board->replug_due_us = NEVER;
    board->work.due_us = NEVER;
    console_forget(&board->console);
}

/** A board goes on when its program ends: what it is at gets done. A start begins anew. */
static void finish_work(sim_board *board)
{
    while (board->mode != BOARD_BOOTING && work_active(board))
        work_fire(board);
}

void board_free(sim_board *board)
{
    if (board->world) {
        finish_work(board);
        board_save(board);
    }
    control_forget(&board->control);
    buf_free(&board->console.said);
    legacy_forget(&board->legacy);
    update_cancel(board);
    for (size_t i = 0; i < board->memory_count; i++)
        flash_free(&board->memories[i]);
    if (board->lock >= 0)
        close(board->lock);
    free(board->folder);
    free(board);
}

static osb_status start(sim_world *world, sim_board *board, osb_error *error)
{
    osb_status status = world_take_in(world, board, error);
    if (status != OSB_OK) {
        board_free(board);
        return status;
    }
    board_reset(board, BOOT_NORMALLY);
    world_settle(world, board);
    return OSB_OK;
}

osb_status sim_board_add(sim_world *world, const sim_recipe *recipe, sim_board **added,
                         osb_error *error)
{
    sim_board *board;
    *added = NULL;
    TRY(board_make(recipe, &board, error));
    TRY(start(world, board, error));
    *added = board;
    return OSB_OK;
}

osb_status sim_board_renew(sim_board *board, const sim_recipe *recipe, osb_error *error)
{
    if (board->folder || recipe->board != board->kind)
        return osb_fail(error, OSB_ERR_USAGE, board->device_id, "add another board",
                        "only a board in memory is made anew, and of the same kind");
    board_detach(board);
    control_forget(&board->control);
    update_cancel(board);
    sim_board fresh = {.world = board->world, .memory_count = board->memory_count};
    text_copy(fresh.port, sizeof fresh.port, board->port);
    memcpy(fresh.memories, board->memories, sizeof fresh.memories);
    *board = fresh;
    board_begin(board, recipe->board);
    for (size_t i = 0; i < board->memory_count; i++)
        flash_blank(&board->memories[i]);
    TRY(fill(board, recipe, error));
    board_reset(board, BOOT_NORMALLY);
    world_settle(board->world, board);
    return OSB_OK;
}

osb_status sim_board_program(sim_board *board, span module_file, const char *name, osb_error *error)
{
    work_clear(board);
    TRY(board_flash_image(board, module_file, name, error));
    sim_board_power_cycle(board);
    return OSB_OK;
}

void sim_board_set_defects(sim_board *board, const sim_defects *defects)
{
    board->defects = defects ? *defects : (sim_defects){0};
}

void sim_board_power_cycle(sim_board *board)
{
    board->cable = true;
    board->replug_due_us = NEVER;
    board_power_cycle(board);
    world_settle(board->world, board);
}

void sim_board_hold_button(sim_board *board)
{
    board_reset(board, BOOT_INTO_DFU);
    world_settle(board->world, board);
}

span sim_board_flash(const sim_board *board, const char *memory)
{
    const flash *chip = board_memory(board, memory);
    return chip ? (span){chip->bytes, chip->size} : (span){0};
}
