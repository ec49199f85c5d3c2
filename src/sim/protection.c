/*
 * Device protection (device-os services/src/security_mode.cpp, system/src/control/config.cpp,
 * bootloader usbd_dfu_mal.cpp).
 *
 * A bootloader with the security extension protects its board; service mode overrides that for a
 * while and is kept over resets and power cuts. There are no keys here: a signature is the SHA-256
 * that real ones sign, and the server's key has the fingerprint of a fixed text. Invariant: a board
 * whose bootloader lacks the extension is open, whatever else is kept.
 */
#include "sim/protection.h"

#include <string.h>

#include "base/text.h"
#include "sim/board.h"
#include "sim/control_requests.h"
#include "sim/world.h"
#include "wire/control.pb-c.h"

enum {
    SERVICE_STARTS = 20,
    CONFIRM_WITHIN_US = 60000000,
    ACTION_END = 0,
    ACTION_PREPARE = 1,
    ACTION_CONFIRM = 2,
    SYSTEM_6_0_0 = 6000
};

#define SERVICE_US ((uint64_t)24 * 60 * 60 * 1000000)

static bool is_overridden(const sim_board *board)
{
    return board->keeps.service_starts > 0 && board->world->now_us < board->keeps.service_end_us;
}

protection protection_of(const sim_board *board)
{
    if (!board->running.guarded)
        return PROTECTION_OPEN;
    return is_overridden(board) ? PROTECTION_SERVICE : PROTECTION_PROTECTED;
}

void protection_count_start(sim_board *board)
{
    if (board->keeps.service_starts > 0)
        board->keeps.service_starts--;
    if (!board->running.guarded)
        board->keeps.service_starts = 0;
}

void protection_end_service(sim_board *board)
{
    board->keeps.service_starts = 0;
    board->challenge.given = false;
    board_save(board);
}

void sim_board_open_service(sim_board *board)
{
    if (!board->running.guarded)
        return;
    board->keeps.service_starts = SERVICE_STARTS;
    board->keeps.service_end_us = board->world->now_us + SERVICE_US;
    board_save(board);
}

static void device_key_fingerprint(const sim_board *board, uint8_t digest[SHA256_SIZE])
{
    static const char key[] = "osbundle simulated device key ";
    sha256_state state;
    sha256_begin(&state);
    sha256_add(&state, (span){(const uint8_t *)key, sizeof key - 1});
    sha256_add(&state, (span){(const uint8_t *)board->device_id, strlen(board->device_id)});
    sha256_end(&state, digest);
}

static void server_key_fingerprint(uint8_t digest[SHA256_SIZE])
{
    static const char key[] = "osbundle simulated server key";
    sha256((span){(const uint8_t *)key, sizeof key - 1}, digest);
}

static void add_counted(sha256_state *state, span bytes)
{
    const uint8_t size[] = {(uint8_t)bytes.size, 0, 0, 0};
    sha256_add(state, (span){size, sizeof size});
    sha256_add(state, bytes);
}

/** The digest that one side signs: who it is, the board, then nonces (and the device's key). */
static void signed_digest(const sim_board *board, const char *who, const span *parts, size_t count,
                          uint8_t digest[SHA256_SIZE])
{
    uint8_t id[(DEVICE_ID_SIZE - 1) / 2] = {0};
    sha256_state state;
    text_unhex(id, sizeof id, board->device_id);
    sha256_begin(&state);
    sha256_add(&state, (span){(const uint8_t *)who, strlen(who)});
    sha256_add(&state, (span){id, sizeof id});
    for (size_t i = 0; i < count; i++)
        add_counted(&state, parts[i]);
    sha256_end(&state, digest);
}

/** Differs from challenge to challenge, and is the same in every run. */
static void make_nonce(const sim_board *board, span server_nonce, uint8_t nonce[SHA256_SIZE])
{
    const uint64_t now_us = board->world->now_us;
    uint8_t moment[sizeof now_us];
    memcpy(moment, &now_us, sizeof moment);
    const span parts[] = {{moment, sizeof moment}, server_nonce};
    signed_digest(board, "nonce", parts, 2, nonce);
}

static int32_t prepare(sim_board *board, const Wire__SetProtectedStateRequest *request, buf *reply)
{
    protection_challenge *challenge = &board->challenge;
    uint8_t signature[SHA256_SIZE], fingerprint[SHA256_SIZE], bytes[128];
    if (!request->prepare || request->prepare->server_nonce.len != PROTECTION_NONCE_SIZE)
        return SYSTEM_INVALID_ARGUMENT;
    challenge->given = false;
    if (!board->running.guarded)
        return SYSTEM_NONE;
    memcpy(challenge->server_nonce, request->prepare->server_nonce.data, PROTECTION_NONCE_SIZE);
    const span server = {challenge->server_nonce, PROTECTION_NONCE_SIZE};
    make_nonce(board, server, challenge->device_nonce);
    const span parts[] = {{challenge->device_nonce, PROTECTION_NONCE_SIZE}, server};
    signed_digest(board, "device", parts, 2, signature);
    device_key_fingerprint(board, fingerprint);
    Wire__PrepareProtectedStateReply prepared = WIRE__PREPARE_PROTECTED_STATE_REPLY__INIT;
    prepared.device_nonce = (ProtobufCBinaryData){PROTECTION_NONCE_SIZE, challenge->device_nonce};
    prepared.device_signature = (ProtobufCBinaryData){sizeof signature, signature};
    prepared.device_public_key_fingerprint = (ProtobufCBinaryData){sizeof fingerprint, fingerprint};
    Wire__SetProtectedStateReply message = WIRE__SET_PROTECTED_STATE_REPLY__INIT;
    message.prepare = &prepared;
    buf_append(reply, (span){bytes, wire__set_protected_state_reply__pack(&message, bytes)});
    challenge->given = true;
    challenge->since_us = board->world->now_us;
    return SYSTEM_NONE;
}

static bool says(ProtobufCBinaryData told, const uint8_t digest[SHA256_SIZE])
{
    return told.len == SHA256_SIZE && memcmp(told.data, digest, SHA256_SIZE) == 0;
}

static int32_t confirm(sim_board *board, const Wire__SetProtectedStateRequest *request)
{
    const protection_challenge *challenge = &board->challenge;
    const Wire__ConfirmProtectedState *told = request->confirm;
    uint8_t key[SHA256_SIZE], device_key[SHA256_SIZE], expected[SHA256_SIZE];
    if (!challenge->given)
        return SYSTEM_INVALID_STATE;
    if (!told || !told->server_signature.len ||
        told->server_public_key_fingerprint.len != SHA256_SIZE)
        return SYSTEM_INVALID_ARGUMENT;
    if (board->world->now_us - challenge->since_us >= CONFIRM_WITHIN_US) {
        board->challenge.given = false;
        return SYSTEM_TIMEOUT;
    }
    server_key_fingerprint(key);
    if (!says(told->server_public_key_fingerprint, key))
        return SYSTEM_KEY_MISMATCH;
    device_key_fingerprint(board, device_key);
    const span parts[] = {{challenge->server_nonce, PROTECTION_NONCE_SIZE},
                          {challenge->device_nonce, PROTECTION_NONCE_SIZE},
                          {device_key, SHA256_SIZE}};
    signed_digest(board, "server", parts, 3, expected);
    if (!says(told->server_signature, expected))
        return SYSTEM_INVALID_SIGNATURE;
    board->challenge.given = false;
    sim_board_open_service(board);
    return SYSTEM_NONE;
}

int32_t protection_request(sim_board *board, span payload, buf *reply)
{
    Wire__SetProtectedStateRequest *request =
        wire__set_protected_state_request__unpack(NULL, payload.size, payload.data);
    if (!request)
        return SYSTEM_BAD_DATA;
    int32_t result = SYSTEM_INVALID_ARGUMENT;
    if (request->action == ACTION_END) {
        protection_end_service(board);
        result = SYSTEM_NONE;
    } else if (request->action == ACTION_PREPARE) {
        result = prepare(board, request, reply);
    } else if (request->action == ACTION_CONFIRM) {
        result = confirm(board, request);
    }
    wire__set_protected_state_request__free_unpacked(request, NULL);
    return result;
}

bool protection_refuses_module(const sim_board *board, const module *header)
{
    module parsed;
    if (!board->running.guarded)
        return false;
    if (header->slot.function == MODULE_SYSTEM_PART)
        return header->version < SYSTEM_6_0_0;
    if (!slot_equal(header->slot, (module_slot){MODULE_BOOTLOADER, 0}))
        return false;
    return module_parse(header->image, "bootloader", &parsed, NULL) != OSB_OK ||
           !module_find_extension(&parsed, EXTENSION_SECURITY_MODE);
}

/** Whether an address lies where the newest systems stage updates: bootloaders know no others. */
static bool is_staging(const sim_board *board, const flash *chip, uint32_t address)
{
    const platform *kind = board->kind;
    if (!kind->staging_count || chip->memory->alternate != kind->staging_alternate)
        return false;
    const staging_region *region = &kind->staging[kind->staging_count - 1];
    return address >= region->start && address - region->start < region->size;
}

static const platform_slot *system_slot_at(const sim_board *board, const flash *chip,
                                           uint32_t address)
{
    const platform_slot *slot =
        platform_find_slot(board->kind, (module_slot){MODULE_SYSTEM_PART, 1});
    bool inside = slot && chip->memory->alternate == slot->alternate && address >= slot->start &&
                  address < slot->end;
    return inside ? slot : NULL;
}

protection_verdict protection_on_read(const sim_board *board, const flash *chip, uint32_t address)
{
    bool hidden = protection_of(board) == PROTECTION_SERVICE && is_staging(board, chip, address);
    return hidden ? PROTECTION_HIDES : PROTECTION_ALLOWS;
}

protection_verdict protection_on_erase(const sim_board *board, const flash *chip, uint32_t address)
{
    if (protection_of(board) != PROTECTION_SERVICE)
        return PROTECTION_ALLOWS;
    return system_slot_at(board, chip, address) ? PROTECTION_IGNORES
                                                : protection_on_read(board, chip, address);
}

static bool is_system_start(const platform_slot *slot, uint32_t address)
{
    for (size_t i = 0; i < slot->image_start_count; i++) {
        if (slot->image_starts[i] == address)
            return true;
    }
    return address == slot->start;
}

/** The beginning of a system part tells by its header whether all of it may come in. */
static bool begins_new_system(const platform_slot *slot, span block)
{
    module header;
    return block.size >= slot->prefix_offset + MODULE_PREFIX_SIZE &&
           module_peek(block, slot->prefix_offset, &header) && header.version >= SYSTEM_6_0_0;
}

protection_verdict protection_on_write(sim_board *board, const flash *chip, uint32_t address,
                                       span block)
{
    if (protection_of(board) != PROTECTION_SERVICE)
        return PROTECTION_ALLOWS;
    const platform_slot *slot = system_slot_at(board, chip, address);
    if (!slot)
        return protection_on_read(board, chip, address);
    if (is_system_start(slot, address))
        board->running.system_barred = !begins_new_system(slot, block);
    if (board->running.system_barred)
        return PROTECTION_DENIES;
    flash_run page = flash_sector(chip, address - chip->memory->start);
    bool page_start = address - chip->memory->start == page.start;
    return page_start ? PROTECTION_ERASES_THEN_WRITES : PROTECTION_ALLOWS;
}
