/*
 * The list of boards, and finding one of them or one of its slots.
 *
 * Reading a manifest is platform_json.c; judging a module is platform_accepts.c. Invariant: the
 * list is ordered by platform id, and every pointer in it lives in the caller's arena.
 */
#include "model/platform.h"

#include <stdlib.h>

#include "base/text.h"
#include "model/embedded.h"

static const char platform_folder[] = "platforms/";

static size_t count_manifests(void)
{
    size_t count = 0;
    for (const embedded_file *file = embedded_files; file->path; file++)
        count += text_starts_with(file->path, platform_folder);
    return count;
}

static osb_status load_one(const embedded_file *file, arena *memory, platform *board,
                           osb_error *error)
{
    JSON_OWNED *manifest = NULL;
    TRY(json_parse((span){file->data, file->size}, file->path, &manifest, error));
    return platform_from_json(manifest, file->path, memory, board, error);
}

static int by_id(const void *a, const void *b)
{
    const platform *left = a, *right = b;
    return (left->id > right->id) - (left->id < right->id);
}

osb_status platform_load_all(arena *memory, platform_list *platforms, osb_error *error)
{
    platform *boards = arena_take(memory, count_manifests(), sizeof *boards);
    if (!boards)
        return osb_fail_memory(error);
    size_t count = 0;
    for (const embedded_file *file = embedded_files; file->path; file++) {
        if (text_starts_with(file->path, platform_folder))
            TRY(load_one(file, memory, &boards[count++], error));
    }
    qsort(boards, count, sizeof *boards, by_id);
    *platforms = (platform_list){boards, count};
    return OSB_OK;
}

osb_status platform_list_add(platform_list *platforms, const platform *board, arena *memory,
                             osb_error *error)
{
    platform *boards = arena_take(memory, platforms->count + 1, sizeof *boards);
    size_t place = 0;
    if (!boards)
        return osb_fail_memory(error);
    for (size_t i = 0; i < platforms->count; i++)
        boards[i] = platforms->items[i];
    while (place < platforms->count && boards[place].id != board->id)
        place++;
    boards[place] = *board;
    *platforms = (platform_list){boards, platforms->count + (place == platforms->count)};
    qsort(boards, platforms->count, sizeof *boards, by_id);
    return OSB_OK;
}

const platform *platform_by_id(const platform_list *platforms, uint16_t id)
{
    for (size_t i = 0; i < platforms->count; i++) {
        if (platforms->items[i].id == id)
            return &platforms->items[i];
    }
    return NULL;
}

const platform *platform_by_name(const platform_list *platforms, const char *name)
{
    for (size_t i = 0; i < platforms->count; i++) {
        if (text_equal(platforms->items[i].name, name))
            return &platforms->items[i];
    }
    return NULL;
}

const platform *platform_by_usb(const platform_list *platforms, uint16_t vendor_id,
                                uint16_t product_id, bool *in_dfu)
{
    for (size_t i = 0; i < platforms->count; i++) {
        const platform *board = &platforms->items[i];
        bool dfu = board->dfu_product_id == product_id;
        if (board->vendor_id != vendor_id || (!dfu && board->product_id != product_id))
            continue;
        if (in_dfu)
            *in_dfu = dfu;
        return board;
    }
    return NULL;
}

const platform_slot *platform_find_slot(const platform *board, module_slot slot)
{
    for (size_t i = 0; i < board->slot_count; i++) {
        if (slot_equal(board->slots[i].slot, slot))
            return &board->slots[i];
    }
    return NULL;
}

const char *mcu_family_name(mcu_family mcu)
{
    switch (mcu) {
    case MCU_STM32F2:
        return "stm32f2";
    case MCU_NRF52840:
        return "nrf52840";
    case MCU_RTL872X:
        return "rtl872x";
    }
    return "unknown";
}

const char *route_name(route road)
{
    switch (road) {
    case ROUTE_NEVER:
        return "never";
    case ROUTE_CONTROL:
        return "control";
    case ROUTE_DFU:
        return "dfu";
    case ROUTE_STAGED:
        return "staged";
    }
    return "unknown";
}

/* Device OS hal/shared/platforms.h; npm's @particle/device-constants. */
const char *platform_title_of_other(uint16_t id)
{
    static const struct {
        uint16_t id;
        const char *title;
    } others[] = {
        {0, "Core"},   {3, "GCC"},  {31, "Raspberry Pi"}, {37, "Electron 2"}, {42, "Tachyon"},
        {43, "Linux"}, {82, "Oak"}, {88, "RedBear Duo"},  {103, "Bluz"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].id == id)
            return others[i].title;
    return NULL;
}
