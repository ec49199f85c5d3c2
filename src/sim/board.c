/*
 * A board's life: resets, power cuts, the cable, and its events in time.
 *
 * What runs after a reset is boot.c. Invariant: a reset loses all RAM state at once, so nothing of
 * a transfer or update under way reaches the next start except through flash and kept state.
 */
#include "sim/board.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "sim/boot.h"
#include "sim/world.h"

flash *board_memory(const sim_board *board, const char *name)
{
    for (size_t i = 0; i < board->memory_count; i++) {
        if (text_equal(board->memories[i].memory->name, name))
            return (flash *)&board->memories[i];
    }
    return NULL;
}

flash *board_memory_by_alternate(const sim_board *board, uint8_t alternate)
{
    for (size_t i = 0; i < board->memory_count; i++) {
        if (board->memories[i].memory->alternate == alternate)
            return (flash *)&board->memories[i];
    }
    return NULL;
}

span board_internal(const sim_board *board, uint32_t address, uint32_t size)
{
    const flash *chip = board_memory(board, "internal");
    uint32_t offset;
    if (!chip || !flash_offset_of(chip, address, &offset))
        return (span){0};
    return span_slice((span){chip->bytes, chip->size}, offset, size);
}

void board_note(sim_board *board, const char *format, ...)
{
    if (board->note_count == BOARD_NOTES_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(board->notes[board->note_count++], BOARD_NOTE_SIZE, format, arguments);
    va_end(arguments);
}

void board_attach(sim_board *board)
{
    board->usb_up = true;
    board->arrival = ++board->world->arrivals;
    board->world->changes++;
    usb_device_configured(board);
}

void board_detach(sim_board *board)
{
    if (board_on_bus(board))
        board->world->changes++;
    board->usb_up = false;
}

static void lose_ram(sim_board *board)
{
    board_detach(board);
    work_clear(board);
    control_forget(&board->control);
    legacy_forget(&board->legacy);
    update_cancel(board);
    dfu_restart(&board->dfu);
    console_forget(&board->console);
    board->reset_due_us = NEVER;
    board->note_count = 0;
    board->running = (board_running){0};
    board->challenge.given = false;
}

void board_reset(sim_board *board, boot_wish wish)
{
    lose_ram(board);
    board->shown = board->defects.returns_as ? board->defects.returns_as : board->kind;
    board->wish = wish;
    board->mode = BOARD_BOOTING;
    board_save(board);
    boot_begin(board);
}

void board_reset_later(sim_board *board, uint32_t delay_ms, boot_wish wish)
{
    uint64_t due = board->world->now_us + (uint64_t)delay_ms * 1000;
    if (due >= board->reset_due_us)
        return;
    board->reset_due_us = due;
    board->reset_wish = wish;
    board->keeps.busy_us += due - board->world->now_us;
    board_save(board);
}

void board_power_cycle(sim_board *board)
{
    work_tear(board);
    board->defects.dark_ms = 0;
    board_reset(board, BOOT_NORMALLY);
}

void board_unplug(sim_board *board, uint64_t duration_us)
{
    if (board_on_bus(board))
        board->world->changes++;
    board->cable = false;
    board->replug_due_us = duration_us == NEVER ? NEVER : board->world->now_us + duration_us;
    if (board->mode != BOARD_DFU)
        control_bus_reset(board);
}

static void plug_in(sim_board *board)
{
    board->cable = true;
    board->replug_due_us = NEVER;
    if (board->usb_up)
        board_attach(board);
}

/** Leaving gives back what the board was in; safe mode is found again at boot. */
void board_listen(sim_board *board, bool start)
{
    if (start)
        board->mode = BOARD_LISTENING;
    else if (board->mode == BOARD_LISTENING)
        board->mode = board->running.safe ? BOARD_SAFE : BOARD_NORMAL;
    board_save(board);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/** The system thread takes no new request while flash work holds it. */
static uint64_t thread_due(const sim_board *board)
{
    return work_active(board) ? NEVER : control_next_due(board);
}

uint64_t board_next_due(const sim_board *board)
{
    uint64_t due = earlier(work_due_us(board), thread_due(board));
    due = earlier(due, console_next_due(board));
    return earlier(due, earlier(board->reset_due_us, board->replug_due_us));
}

void board_fire(sim_board *board)
{
    const uint64_t due = board_next_due(board);
    if (due == NEVER)
        return;
    if (board->reset_due_us == due)
        board_reset(board, board->reset_wish);
    else if (board->replug_due_us == due)
        plug_in(board);
    else if (work_due_us(board) == due)
        work_fire(board);
    else if (console_next_due(board) == due)
        console_fire(board);
    else
        control_fire(board);
}

const char *board_mode_name(board_mode mode)
{
    switch (mode) {
    case BOARD_DEAD:
        return "dead";
    case BOARD_PANIC:
        return "panic";
    case BOARD_BOOTING:
        return "booting";
    case BOARD_NORMAL:
        return "normal";
    case BOARD_LISTENING:
        return "listening";
    case BOARD_SAFE:
        return "safe";
    case BOARD_DFU:
        return "dfu";
    }
    return "unknown";
}
