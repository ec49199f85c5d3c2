/*
 * Flash of a board in DFU mode: reading ranges, and erasing and writing them.
 *
 * Does not verify what it wrote; that is the executor's proof. Invariant: nothing is erased before
 * the whole range is known to be writable, by the board's own map and by the platform's slots.
 */
#include "device/held.h"
#include "protocol/result.h"

static void report(const device_progress *progress, uint64_t done, uint64_t total)
{
    if (progress && progress->advance)
        progress->advance(progress->context, done, total);
}

static osb_status range_allows(const device *held, uint32_t address, size_t size,
                               dfuse_access access, osb_error *error)
{
    if (size <= UINT32_MAX && dfuse_map_allows(&held->map, address, (uint32_t)size, access))
        return OSB_OK;
    const char *verb = access == DFUSE_READ ? "readable" : "writable";
    if (dfuse_map_is_protected(&held->map))
        return osb_fail(error, OSB_ERR_PROTECTED, held->name, result_protected_hint,
                        "flash is not %s: the board is protected", verb);
    return osb_fail(
        error, OSB_ERR_REFUSED, held->name, "check that the module is made for this platform",
        "%zu bytes at 0x%08x are not %s in \"%s\"", size, address, verb, held->map.name);
}

static bool lies_in(uint64_t address, uint64_t size, uint32_t start, uint32_t end)
{
    return address >= start && address + size <= end;
}

/*
 * The map of a board marks more as writable than is safe: nRF52840 bootloaders lie in 'g' sectors,
 * and RTL872x bootloaders, MBR and settings as well.
 */
static osb_status range_is_for_dfu(const device *held, uint32_t address, size_t size,
                                   osb_error *error)
{
    const platform *board = held->board;
    for (size_t i = 0; i < board->slot_count; i++) {
        const platform_slot *slot = &board->slots[i];
        if (slot->route == ROUTE_DFU && slot->alternate == held->selected &&
            lies_in(address, size, slot->start, slot->end))
            return OSB_OK;
    }
    if (platform_is_staging(board, (uint8_t)held->selected, address, size))
        return OSB_OK;
    dfuse_sector page;
    if (board->former_user_part && held->selected == 0 && size > 0 &&
        dfuse_map_sector(&held->map, board->former_user_part, &page) &&
        lies_in(address, size, page.start, page.start + page.size))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_REFUSED, held->name,
                    "only slots that are written in DFU mode and staging regions may be written",
                    "0x%08x to 0x%08llx of %s lies outside of all of them", address,
                    (unsigned long long)address + size, board->name);
}

osb_status device_scan_flash(device *held, uint8_t alternate, uint32_t address, uint32_t size,
                             const device_progress *progress, const device_sink *sink,
                             osb_error *error)
{
    TRY(held_require(held, true, error));
    TRY(held_select(held, alternate, error));
    TRY(range_allows(held, address, size, DFUSE_READ, error));
    report(progress, 0, size);
    for (uint32_t done = 0; done < size;) {
        uint8_t block[USB_CONTROL_MAX];
        uint32_t left = size - done;
        uint16_t wanted = left < held->dfu.transfer_size ? (uint16_t)left : held->dfu.transfer_size;
        TRY(dfu_read(&held->dfu, address + done, wanted, block, error));
        if (!sink->take(sink->context, done, (span){block, wanted}))
            return OSB_OK;
        done += wanted;
        report(progress, done, size);
    }
    return OSB_OK;
}

static bool keep_block(void *context, uint32_t offset, span block)
{
    (void)offset;
    buf_append(context, block);
    return true;
}

osb_status device_read_flash(device *held, uint8_t alternate, uint32_t address, uint32_t size,
                             const device_progress *progress, buf *content, osb_error *error)
{
    const device_sink sink = {keep_block, content};
    TRY(device_scan_flash(held, alternate, address, size, progress, &sink, error));
    return buf_check(content, held->name, error);
}

/* Erases each page that the range touches, where the memory has to be erased at all. */
static osb_status range_erase(device *held, uint32_t address, size_t size, osb_error *error)
{
    uint64_t end = (uint64_t)address + size;
    for (uint64_t at = address; at < end;) {
        dfuse_sector sector;
        if (!dfuse_map_sector(&held->map, (uint32_t)at, &sector))
            return range_allows(held, address, size, DFUSE_WRITE, error);
        if (sector.erasable)
            TRY(dfu_erase_page(&held->dfu, sector.start, error));
        at = (uint64_t)sector.start + sector.size;
    }
    return OSB_OK;
}

osb_status device_write_flash(device *held, uint8_t alternate, uint32_t address, span content,
                              const device_progress *progress, osb_error *error)
{
    TRY(held_require(held, true, error));
    TRY(held_select(held, alternate, error));
    TRY(range_allows(held, address, content.size, DFUSE_WRITE, error));
    TRY(range_is_for_dfu(held, address, content.size, error));
    report(progress, 0, content.size);
    TRY(range_erase(held, address, content.size, error));
    for (size_t done = 0; done < content.size;) {
        span block = span_slice(content, done, held->dfu.transfer_size);
        TRY(dfu_write(&held->dfu, address + (uint32_t)done, block, error));
        done += block.size;
        report(progress, done, content.size);
    }
    return OSB_OK;
}
