/*
 * How long a step is expected to take, for honest progress bars and the plan's total.
 *
 * Figures: nRF52840 datasheet (page erase 85 ms, word write 41 us), W25Q-class NOR behind the
 * RTL872x (sector erase 45 ms, page program 0.7 ms), 1 ms a control transfer, 1024-byte chunks by
 * control request and 4096-byte blocks by DFU. Re-enumeration and boot as particle-cli waits for.
 */
#include "model/solve.h"

enum {
    PAGE = 4096,
    CHUNK = 1024,
    RESTART_MS = 4000,
    ENTER_DFU_MS = 2500,
    TRANSFER_MS = 1
};

/** Erase and program one 4 KiB page. */
static uint32_t page_ms(mcu_family mcu)
{
    switch (mcu) {
    case MCU_NRF52840:
        return 85 + 42;
    case MCU_RTL872X:
        return 45 + 11;
    case MCU_STM32F2:
        return 35 + 16; /* a share of a 128 KiB sector erase */
    }
    return 100;
}

uint32_t solve_cost_ms(const platform *board, const plan_step *step)
{
    uint32_t pages = (step->bytes + PAGE - 1) / PAGE;
    uint32_t chunks = (step->bytes + CHUNK - 1) / CHUNK;
    switch (step->operation) {
    case STEP_MODE:
        return ENTER_DFU_MS;
    case STEP_BOOT:
        return RESTART_MS;
    case STEP_SETTINGS:
        return 20 * TRANSFER_MS;
    case STEP_INVALIDATE:
        return page_ms(board->mcu) + 8 * TRANSFER_MS;
    case STEP_WRITE:
        if (step->via != ROUTE_CONTROL)
            return pages * (page_ms(board->mcu) + 7 * TRANSFER_MS);
        /* received into the staging region, then copied by the bootloader after the restart */
        return chunks * 4 * TRANSFER_MS + 2 * pages * page_ms(board->mcu) + RESTART_MS;
    }
    return 0;
}
