/*
 * The asset store: which assets are there, and which the application wants (device-os
 * system/src/asset_manager.cpp).
 *
 * Keeps no content. Invariant: an asset is known by its name and the SHA-256 of its raw content,
 * never by the module it came in.
 */
#include "sim/assets.h"

#include <string.h>

#include "base/cursor.h"
#include "base/text.h"
#include "sim/installed.h"

enum {
    HASH_HEADER = 2, /**< type, length */
    ASSET_BLOCK = 4096,
    STORE_IN_4_MB = 0x2e0000, /**< where the store of boards with 4 MB begins */
    SMALL_EXTERNAL = 0x400000
};

static bool read_hash(const module_extension *extension, uint8_t hash[SHA256_SIZE])
{
    if (extension->data.size < HASH_HEADER + SHA256_SIZE || extension->data.data[1] != SHA256_SIZE)
        return false;
    memcpy(hash, extension->data.data + HASH_HEADER, SHA256_SIZE);
    return true;
}

static void read_name(span bytes, char name[BOARD_ASSET_NAME])
{
    text_format(name, BOARD_ASSET_NAME, "%.*s", (int)bytes.size, (const char *)bytes.data);
}

size_t assets_of(const module *parsed, board_asset *list, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < parsed->extension_count && count < capacity; i++) {
        const module_extension *extension = &parsed->extensions[i];
        board_asset *asset = &list[count];
        *asset = (board_asset){0};
        if (extension->type != EXTENSION_ASSET_DEPENDENCY || !read_hash(extension, asset->hash))
            continue;
        size_t head = HASH_HEADER + SHA256_SIZE;
        read_name(span_slice(extension->data, head, extension->data.size), asset->name);
        count++;
    }
    return count;
}

size_t assets_required(const sim_board *board, board_asset *list, size_t capacity)
{
    installed user;
    module parsed;
    if (!installed_user(board, &user) || !installed_parse(board, &user, &parsed))
        return 0;
    return assets_of(&parsed, list, capacity);
}

static bool same_asset(const board_asset *a, const board_asset *b)
{
    return text_equal(a->name, b->name) && memcmp(a->hash, b->hash, SHA256_SIZE) == 0;
}

bool asset_available(const sim_board *board, const board_asset *wanted)
{
    for (size_t i = 0; i < board->keeps.asset_count; i++) {
        if (same_asset(&board->keeps.assets[i], wanted))
            return true;
    }
    return false;
}

static void remove_asset(sim_board *board, size_t number)
{
    board_keeps *keeps = &board->keeps;
    keeps->asset_count--;
    memmove(keeps->assets + number, keeps->assets + number + 1,
            (keeps->asset_count - number) * sizeof *keeps->assets);
}

static void remove_unlisted(sim_board *board)
{
    board_asset wanted[BOARD_ASSETS_MAX];
    size_t count = assets_required(board, wanted, BOARD_ASSETS_MAX);
    for (size_t i = board->keeps.asset_count; i > 0; i--) {
        bool listed = false;
        for (size_t w = 0; w < count && !listed; w++)
            listed = same_asset(&board->keeps.assets[i - 1], &wanted[w]);
        if (!listed)
            remove_asset(board, i - 1);
    }
}

/** Size of the raw content: told by the compression header, else what lies between the frames. */
static uint32_t content_size(const module *parsed)
{
    cursor reader = cursor_make(parsed->image);
    cursor_seek(&reader, MODULE_PREFIX_SIZE + 4);
    if (parsed->flags & MODULE_COMPRESSED)
        return cursor_u32le(&reader);
    return (uint32_t)parsed->image.size - MODULE_PREFIX_SIZE - parsed->suffix_size -
           MODULE_CRC_SIZE;
}

void asset_store(sim_board *board, const staged_module *staged)
{
    module parsed;
    board_asset asset = {0};
    if (module_parse(staged->header.image, "asset", &parsed, NULL) != OSB_OK)
        return;
    const module_extension *hash = module_find_extension(&parsed, EXTENSION_HASH);
    const module_extension *name = module_find_extension(&parsed, EXTENSION_NAME);
    if (!hash || !name || !read_hash(hash, asset.hash))
        return;
    read_name(name->data, asset.name);
    asset.size = content_size(&parsed);
    asset.storage_size =
        (uint32_t)(parsed.image.size + ASSET_BLOCK - 1) / ASSET_BLOCK * ASSET_BLOCK;
    remove_unlisted(board);
    if (!asset_available(board, &asset) && board->keeps.asset_count < BOARD_ASSETS_MAX)
        board->keeps.assets[board->keeps.asset_count++] = asset;
    board_save(board);
}

void assets_overwritten(sim_board *board, const flash *chip, uint32_t end)
{
    const bool shared = chip == board_memory(board, "external") && chip->size <= SMALL_EXTERNAL;
    if (!shared || end <= STORE_IN_4_MB || !board->keeps.asset_count)
        return;
    board->keeps.asset_count = 0;
    board_save(board);
}
