/*
 * Runs a board's flash work step by step.
 *
 * Does not know why the work is done. Invariant: between two steps flash is exactly what the
 * finished steps made of it, so that a power cut leaves what a real one leaves.
 */
#include "sim/work.h"

#include <string.h>

#include "sim/board.h"
#include "sim/world.h"

/** One sector or page of the first item. */
typedef struct work_step {
    uint32_t offset;
    uint32_t size;
    uint32_t done_after; /**< bytes of the item that are finished behind this step */
    uint64_t cost_us;
} work_step;

static work_step erase_step(const work_item *item, uint32_t done)
{
    flash_run sector = flash_sector(item->target, item->offset + done);
    uint32_t size = sector.end - sector.start;
    uint32_t reached = size ? sector.end - item->offset : item->size;
    return (work_step){sector.start, size, reached, flash_erase_us(item->target, size)};
}

static work_step program_step(const work_item *item, uint32_t done)
{
    uint32_t offset = item->offset + done;
    uint32_t page_rest = WORK_PAGE - offset % WORK_PAGE;
    uint32_t rest = item->size - done;
    uint32_t size = rest < page_rest ? rest : page_rest;
    return (work_step){offset, size, done + size, flash_program_us(item->target, size)};
}

static work_step step_of(const work_item *item, uint32_t done)
{
    switch (item->kind) {
    case WORK_ERASE:
        return erase_step(item, done);
    case WORK_PROGRAM:
    case WORK_STORE:
        return program_step(item, done);
    case WORK_PAUSE:
        return (work_step){.cost_us = item->pause_us};
    case WORK_CALL:
        break;
    }
    return (work_step){0};
}

static void begin_step(sim_board *board)
{
    work_queue *work = &board->work;
    work->due_us =
        work->count ? board->world->now_us + step_of(&work->items[0], work->done).cost_us : NEVER;
}

static void add(sim_board *board, const work_item *item)
{
    work_queue *work = &board->work;
    if (work->count == WORK_ITEMS_MAX)
        return;
    work->items[work->count++] = *item;
    if (work->count == 1) {
        work->done = 0;
        begin_step(board);
    }
}

void work_clear(sim_board *board)
{
    board->work.count = 0;
    board->work.done = 0;
    board->work.due_us = NEVER;
}

bool work_active(const sim_board *board)
{
    return board->work.count > 0;
}

uint64_t work_due_us(const sim_board *board)
{
    return board->work.count ? board->work.due_us : NEVER;
}

uint64_t work_rest_us(const sim_board *board)
{
    const work_queue *work = &board->work;
    if (!work->count)
        return 0;
    uint64_t rest = work->due_us - board->world->now_us;
    uint32_t done = step_of(&work->items[0], work->done).done_after;
    for (size_t i = 0; i < work->count; i++) {
        const work_item *item = &work->items[i];
        if (i > 0 && item->kind == WORK_PAUSE)
            rest += item->pause_us;
        while (done < item->size) {
            work_step step = step_of(item, done);
            rest += step.cost_us;
            done = step.done_after;
        }
        done = 0;
    }
    return rest;
}

void work_pause(sim_board *board, uint64_t duration_us)
{
    add(board, &(work_item){.kind = WORK_PAUSE, .pause_us = duration_us});
}

static void add_range(sim_board *board, const work_item *item)
{
    if (item->size && flash_holds(item->target, item->offset, item->size))
        add(board, item);
}

void work_erase(sim_board *board, flash *target, uint32_t offset, uint32_t size)
{
    add_range(board,
              &(work_item){.kind = WORK_ERASE, .target = target, .offset = offset, .size = size});
}

void work_program(sim_board *board, flash *target, uint32_t offset, span bytes)
{
    add_range(board, &(work_item){.kind = WORK_PROGRAM,
                                  .target = target,
                                  .offset = offset,
                                  .size = (uint32_t)bytes.size,
                                  .source = bytes.data});
}

void work_store(sim_board *board, flash *target, uint32_t offset, span bytes)
{
    add_range(board, &(work_item){.kind = WORK_STORE,
                                  .target = target,
                                  .offset = offset,
                                  .size = (uint32_t)bytes.size,
                                  .source = bytes.data});
}

void work_then(sim_board *board, work_call call, uint32_t argument)
{
    add(board, &(work_item){.kind = WORK_CALL, .call = call, .argument = argument});
}

/** Does the first `size` bytes of a step. */
static void apply(const work_item *item, const work_step *step, uint32_t size)
{
    if (item->kind == WORK_ERASE) {
        flash_erase(item->target, step->offset, size);
        return;
    }
    if (item->kind != WORK_PROGRAM && item->kind != WORK_STORE)
        return;
    span bytes = {item->source + (step->offset - item->offset), size};
    if (item->kind == WORK_PROGRAM)
        flash_program(item->target, step->offset, bytes);
    else
        flash_store(item->target, step->offset, bytes);
}

void work_fire(sim_board *board)
{
    work_queue *work = &board->work;
    if (!work->count)
        return;
    work_item item = work->items[0];
    work_step step = step_of(&item, work->done);
    apply(&item, &step, step.size);
    board->keeps.busy_us += step.cost_us;
    work->done = step.done_after;
    if (work->done >= item.size) {
        work->count--;
        memmove(work->items, work->items + 1, work->count * sizeof *work->items);
        work->done = 0;
    }
    begin_step(board);
    if (item.kind == WORK_CALL)
        item.call(board, item.argument);
}

void work_tear(sim_board *board)
{
    if (board->work.count) {
        const work_item *item = &board->work.items[0];
        work_step step = step_of(item, board->work.done);
        apply(item, &step, step.size / 2);
    }
    work_clear(board);
}
