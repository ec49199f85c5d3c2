/*
 * Makes the modules that simulated boards hold where no published ones are at hand.
 *
 * Bodies come from module_synthesise; here they get what a board looks for inside some of them
 * (radio stack information, a second header) and their digests anew. Invariant: the same request
 * gives the same bytes, so hashes agree between programs.
 */
#include "sim/synth.h"

#include "base/digest.h"
#include "sim/family.h"
#include "sim/sim.h"

enum {
    NCP_SIZE = 829248,
    RADIO_SIZE = 153048,
    SYSTEM_SIZE = 1000 * 1024, /**< where there is room for it */
    SMALL_SYSTEM_SIZE = 496 * 1024,
    SMALL_ROOM = 0xc0000,
    BOOTLOADER_SIZE = 47 * 1024,
    FLOATING_USER_SIZE = 48 * 1024,
    USER_SIZE = 9000,
    PAGE = 4096
};

/** A size that published modules of this kind have, or what fits. */
static uint32_t plausible_size(const platform_slot *slot, uint32_t room)
{
    uint32_t size = slot->grows_left ? FLOATING_USER_SIZE : USER_SIZE;
    switch (slot->slot.function) {
    case MODULE_BOOTLOADER:
        size = BOOTLOADER_SIZE;
        break;
    case MODULE_SYSTEM_PART:
        size = room < SMALL_ROOM ? SMALL_SYSTEM_SIZE : SYSTEM_SIZE;
        break;
    case MODULE_RADIO_STACK:
        size = RADIO_SIZE;
        break;
    case MODULE_NCP_FIRMWARE:
        size = NCP_SIZE;
        break;
    }
    uint32_t most = room - room / 16;
    return size < most ? size : most;
}

/** SHA-256 and CRC-32 over what the body has become. */
static void stamp(buf *image)
{
    uint8_t digest[SHA256_SIZE];
    const size_t crc_at = image->size - MODULE_CRC_SIZE;
    const size_t digest_at = crc_at - sizeof(uint16_t) - SHA256_SIZE;
    sha256(span_slice(buf_span(image), 0, digest_at), digest);
    buf_patch(image, digest_at, (span){digest, sizeof digest});
    uint32_t crc = crc32_of(span_slice(buf_span(image), 0, crc_at));
    const uint8_t stored[] = {(uint8_t)(crc >> 24), (uint8_t)(crc >> 16), (uint8_t)(crc >> 8),
                              (uint8_t)crc};
    buf_patch(image, crc_at, (span){stored, sizeof stored});
}

static void place(const synth_request *request, const sim_family *family, uint32_t *start,
                  uint32_t *size)
{
    const platform_slot *slot = request->slot;
    const bool is_system = slot->slot.function == MODULE_SYSTEM_PART;
    uint32_t low, high;
    family_bounds(family, slot, is_system ? request->version : 0, &low, &high);
    *start = request->start ? request->start : family_image_start(family, slot, request->version);
    *size = request->size ? request->size : plausible_size(slot, high - *start);
    if (!slot->grows_left)
        return;
    /* Applications that grow leftwards are padded to whole pages and end where their place ends. */
    *size = (*size + PAGE - 1) / PAGE * PAGE;
    *start = slot->end - *size;
}

osb_status synth_module(const synth_request *request, buf *file, osb_error *error)
{
    const platform_slot *slot = request->slot;
    const sim_family *family = family_of(request->board->mcu);
    const bool is_ncp = slot->slot.function == MODULE_NCP_FIRMWARE;
    module_recipe recipe = {.prefix_offset = slot->prefix_offset,
                            .mcu_target = is_ncp ? request->board->ncp_mcu_target : 0,
                            .flags = slot->flash_offset ? MODULE_DROP_INFO : 0,
                            .version = request->version,
                            .platform_id = request->board->id,
                            .slot = slot->slot,
                            .dependencies = {request->dependencies[0], request->dependencies[1]}};
    uint32_t size;
    place(request, family, &recipe.start, &size);
    if (is_ncp)
        recipe.start = 0;
    if (!is_ncp && !slot->flash_offset) { /* the vendor's packaging script leaves those without */
        recipe.has_product = true;
        recipe.product_id = recipe.product_version = UINT16_MAX; /* none */
    }
    BUF_OWNED image = buf_make(MODULE_FILE_MAX);
    TRY(module_synthesise(&recipe, size, request->board->mcu == MCU_RTL872X, &image, error));
    if (family->dress) {
        family->dress(slot, recipe.version, recipe.start, &image);
        stamp(&image);
    }
    TRY(buf_check(&image, slot->name, error));
    buf_append(file, buf_span(&image));
    return buf_check(file, slot->name, error);
}

osb_status sim_synthesise(const release *set, const release_module *entry, buf *file,
                          osb_error *error)
{
    char name[MODULE_SLOT_TEXT];
    slot_text(entry->slot, name);
    const platform_slot *slot = platform_find_slot(set->board, entry->slot);
    if (!slot)
        return osb_fail(error, OSB_ERR_NOT_FOUND, name, "choose another release",
                        "%s boards have no such place", set->board->name);
    const synth_request request = {.board = set->board,
                                   .slot = slot,
                                   .version = entry->version,
                                   .dependencies = {entry->dependencies[0], entry->dependencies[1]},
                                   .start = entry->start,
                                   .size = entry->size};
    return synth_module(&request, file, error);
}
