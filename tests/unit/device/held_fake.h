#pragma once
/**
 * One fake board in the hand of the device layer: what the tests of what is done with it share.
 */
#include "unit/device/fake_bus.h"

static fake_bus bus;
static arena keep;
static platform_list platforms;
static osb_error error;
static device *held;
static fake_board *board;

/* An empty bus. */
static inline int set_up(void **state)
{
    (void)state;
    fake_make(&bus);
    platforms = fake_platforms(&keep);
    error = (osb_error){0};
    return 0;
}

/* Lets go of the board: nothing of it may still be open. */
static inline int tear_down(void **state)
{
    (void)state;
    device_close(held);
    held = NULL;
    assert_int_equal(bus.open_handles, 0);
    fake_make(&bus);
    arena_free(&keep);
    return 0;
}

/* A board on the bus, held; in DFU mode when `product_id` is 0xd0xx. */
static inline void hold(uint16_t product_id)
{
    board = fake_add(&bus, 0, "1-1", product_id, FAKE_ID);
    held = fake_hold(&bus, &platforms, NULL);
}
