#pragma once
/**
 * What the simulator's tests share: a world with a board, and a small host of their own that speaks
 * raw transfers, so that nothing of the real host code is needed or mirrored.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/text.h"
#include "model/module_protect.h"
#include "model/release.h"
#include "sim/board.h"
#include "sim/installed.h"
#include "sim/sim.h"
#include "sim/synth.h"
#include "sim/world.h"
#include "transport/transport.h"

typedef struct bench {
    arena memory;
    platform_list platforms;
    catalog known;
    sim_world *world;
    transport *bus;
    sim_board *board;
    usb_handle *handle;
    osb_error error;
} bench;

#define OK(expression) assert_int_equal((expression), OSB_OK)

static inline void bench_begin(bench *b)
{
    *b = (bench){0};
    OK(platform_load_all(&b->memory, &b->platforms, &b->error));
    OK(catalog_load(&b->known, &b->error));
    OK(sim_world_make(&b->known, &b->platforms, &b->world, &b->error));
    b->bus = sim_world_transport(b->world);
}

static inline void bench_end(bench *b)
{
    transport_close(b->handle);
    sim_world_free(b->world);
    catalog_free(&b->known);
    arena_free(&b->memory);
}

/** Modules of a release, synthesised. */
typedef struct bench_set {
    release set;
    size_t count;
    buf files[RELEASE_MODULES_MAX];
    sim_image images[RELEASE_MODULES_MAX];
} bench_set;

static inline void bench_synthesise(bench *b, const char *platform_name, const char *version,
                                    bench_set *made)
{
    const platform *kind = platform_by_name(&b->platforms, platform_name);
    assert_non_null(kind);
    *made = (bench_set){0};
    OK(catalog_release(&b->known, version, kind, &made->set, &b->error));
    for (size_t i = 0; i < made->set.module_count; i++) {
        buf *file = &made->files[made->count];
        *file = buf_make(MODULE_FILE_MAX);
        OK(sim_synthesise(&made->set, &made->set.modules[i], file, &b->error));
        made->images[made->count++] = (sim_image){buf_span(file), made->set.modules[i].file};
    }
}

static inline void bench_set_free(bench_set *made)
{
    for (size_t i = 0; i < made->count; i++)
        buf_free(&made->files[i]);
}

static inline span bench_file(const bench_set *made, uint8_t function, uint8_t index)
{
    for (size_t i = 0; i < made->count; i++) {
        if (slot_equal(made->set.modules[i].slot, (module_slot){function, index}))
            return made->images[i].file;
    }
    fail_msg("the set has no module %u/%u", function, index);
    return (span){0};
}

static inline sim_recipe bench_recipe(bench *b, const char *platform_name, const bench_set *made)
{
    return (sim_recipe){.board = platform_by_name(&b->platforms, platform_name),
                        .seed = 1,
                        .images = made->images,
                        .image_count = made->count,
                        .network_credentials = true};
}

/** A world with one fresh board of a release. */
static inline void bench_board(bench *b, const char *platform_name, const char *version)
{
    bench_set made;
    bench_begin(b);
    bench_synthesise(b, platform_name, version, &made);
    sim_recipe recipe = bench_recipe(b, platform_name, &made);
    OK(sim_board_add(b->world, &recipe, &b->board, &b->error));
    bench_set_free(&made);
}

/** One module with any numbers. The caller frees it. */
static inline buf bench_module(const bench *b, const char *platform_name, module_slot slot,
                               uint16_t version, module_dependency need)
{
    const platform *kind = platform_by_name(&b->platforms, platform_name);
    const synth_request request = {.board = kind,
                                   .slot = platform_find_slot(kind, slot),
                                   .version = version,
                                   .dependencies = {need}};
    buf file = buf_make(MODULE_FILE_MAX);
    assert_non_null(request.slot);
    OK(synth_module(&request, &file, NULL));
    return file;
}

/** A Boron bootloader 3100 that puts the board into protected mode. The caller frees it. */
static inline buf bench_protected_bootloader(bench *b)
{
    module plain;
    BUF_OWNED open =
        bench_module(b, "boron", (module_slot){MODULE_BOOTLOADER, 0}, 3100, (module_dependency){0});
    buf file = buf_make(MODULE_FILE_MAX);
    OK(module_parse(buf_span(&open), "open", &plain, &b->error));
    OK(module_protect(&plain, "open", (span){0}, &file, &b->error));
    return file;
}

static inline void bench_close(bench *b)
{
    transport_close(b->handle);
    b->handle = NULL;
}

/** Opens the only board on the bus. */
static inline void bench_open(bench *b)
{
    usb_identity devices[4];
    size_t count;
    bench_close(b);
    OK(transport_list(b->bus, devices, 4, &count, &b->error));
    assert_int_equal(count, 1);
    OK(transport_open(b->bus, &devices[0], &b->handle, &b->error));
}

/** Waits until the board is on the bus in a mode; at most `limit_ms`. */
static inline void bench_await(bench *b, board_mode mode, uint64_t limit_ms)
{
    const uint64_t end = transport_now_ms(b->bus) + limit_ms;
    while (b->board->mode != mode || !board_on_bus(b->board)) {
        if (transport_now_ms(b->bus) >= end)
            fail_msg("waited for %s, is %s", board_mode_name(mode),
                     board_mode_name(b->board->mode));
        OK(transport_wait(b->bus, 10, &b->error));
    }
}

static inline size_t bench_unhex(const char *text, uint8_t *bytes, size_t capacity)
{
    char digits[2 * USB_CONTROL_MAX + 1];
    size_t count = 0;
    for (const char *at = text; *at && count < sizeof digits - 1; at++) {
        if (*at != ' ')
            digits[count++] = *at;
    }
    digits[count] = '\0';
    assert_true(count / 2 <= capacity);
    assert_true(text_unhex(bytes, count / 2, digits));
    return count / 2;
}

/** One transfer: 8 setup bytes in hex, OUT data in hex or NULL. `answer` gets what came in. */
static inline osb_status bench_transfer(bench *b, const char *setup_text, const char *out,
                                        char *answer, size_t capacity)
{
    uint8_t raw[8], data[USB_CONTROL_MAX] = {0};
    size_t moved = 0;
    assert_int_equal(bench_unhex(setup_text, raw, sizeof raw), 8);
    usb_setup setup = {.request_type = raw[0],
                       .request = raw[1],
                       .value = (uint16_t)(raw[2] | raw[3] << 8),
                       .index = (uint16_t)(raw[4] | raw[5] << 8),
                       .length = (uint16_t)(raw[6] | raw[7] << 8)};
    if (out)
        bench_unhex(out, data, sizeof data);
    osb_status status = transport_control(b->handle, &setup, data, 5000, &moved, &b->error);
    answer[0] = '\0';
    if (status == OSB_OK && raw[0] & 0x80) {
        for (size_t i = 0; i < moved; i++)
            text_append(answer, capacity, i ? " %02x" : "%02x", data[i]);
    }
    return status;
}

/** The transfer answers exactly these bytes. */
static inline void bench_expect(bench *b, const char *setup_text, const char *out,
                                const char *expected)
{
    char answer[3 * USB_CONTROL_MAX];
    osb_status status = bench_transfer(b, setup_text, out, answer, sizeof answer);
    if (status != OSB_OK)
        fail_msg("%s: %s (%s)", setup_text, osb_status_name(status), b->error.message);
    assert_string_equal(answer, expected);
}

static inline void bench_refused(bench *b, const char *setup_text, const char *out)
{
    char answer[3 * USB_CONTROL_MAX];
    assert_int_equal(bench_transfer(b, setup_text, out, answer, sizeof answer), OSB_ERR_STALL);
}

static inline osb_status bench_raw(bench *b, usb_setup setup, const void *out, uint8_t *in,
                                   size_t *moved)
{
    uint8_t data[USB_CONTROL_MAX] = {0};
    if (out && setup.length)
        memcpy(data, out, setup.length);
    osb_status status = transport_control(b->handle, &setup, data, 5000, moved, &b->error);
    if (in)
        memcpy(in, data, *moved);
    return status;
}

static inline uint32_t bench_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

enum {
    BENCH_BROKEN = 12345 /**< the transport failed; see bench.error */
};

/** CHECKs until the request is done or waits for its payload; the answer is left in `status`. */
static inline bool bench_check(bench *b, uint16_t id, uint8_t status[64], size_t *moved)
{
    for (int tries = 0; tries < 4000; tries++) {
        if (bench_raw(b, (usb_setup){USB_VENDOR_IN, 2, 0, id, 64}, NULL, status, moved) != OSB_OK)
            return false;
        if (status[4] != 2)
            return true;
        if (transport_wait(b->bus, 10, &b->error) != OSB_OK)
            return false;
    }
    return false;
}

/** A whole request. Returns the board's result, or BENCH_BROKEN. */
static inline int32_t bench_request(bench *b, uint16_t type, span payload, buf *reply)
{
    uint8_t status[64];
    size_t moved;
    usb_setup init = {USB_VENDOR_IN, 1, (uint16_t)payload.size, type, 64};
    if (bench_raw(b, init, NULL, status, &moved) != OSB_OK)
        return BENCH_BROKEN;
    assert_int_equal(moved, 8);
    uint16_t id = (uint16_t)(status[6] | status[7] << 8);
    if (payload.size && status[4] == 2 && !bench_check(b, id, status, &moved))
        return BENCH_BROKEN;
    if (payload.size && bench_raw(b, (usb_setup){USB_VENDOR_OUT, 3, 0, id, (uint16_t)payload.size},
                                  payload.data, NULL, &moved) != OSB_OK)
        return BENCH_BROKEN;
    if (!bench_check(b, id, status, &moved))
        return BENCH_BROKEN;
    assert_int_equal(status[4], 0);
    const bool has_size = status[0] & 4;
    int32_t result = (int32_t)bench_u32(status + (has_size ? 10 : 6));
    if (has_size) {
        uint8_t bytes[USB_CONTROL_MAX];
        uint16_t size = (uint16_t)bench_u32(status + 6);
        if (bench_raw(b, (usb_setup){USB_VENDOR_IN, 4, 0, id, size}, NULL, bytes, &moved) != OSB_OK)
            return BENCH_BROKEN;
        if (reply)
            buf_append(reply, (span){bytes, moved});
    }
    return result;
}

static inline int32_t bench_empty_request(bench *b, uint16_t type)
{
    return bench_request(b, type, (span){0}, NULL);
}

static inline size_t bench_varint(uint8_t *target, uint32_t value)
{
    size_t count = 0;
    do {
        target[count++] = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        value >>= 7;
    } while (value);
    return count;
}

static inline int32_t bench_start(bench *b, uint32_t size)
{
    uint8_t message[8] = {0x08};
    return bench_request(b, 250, (span){message, 1 + bench_varint(message + 1, size)}, NULL);
}

static inline int32_t bench_chunk(bench *b, span data)
{
    uint8_t message[USB_CONTROL_MAX] = {0x0a};
    size_t head = 1 + bench_varint(message + 1, (uint32_t)data.size);
    memcpy(message + head, data.data, data.size);
    return bench_request(b, 253, (span){message, head + data.size}, NULL);
}

static inline int32_t bench_finish(bench *b, uint8_t validate_only)
{
    const uint8_t message[] = {0x08, validate_only};
    return bench_request(b, 251, (span){message, sizeof message}, NULL);
}

/** START and all DATA, no FINISH. */
static inline int32_t bench_send(bench *b, span file)
{
    int32_t result = bench_start(b, (uint32_t)file.size);
    for (size_t offset = 0; !result && offset < file.size; offset += 1024)
        result = bench_chunk(b, span_slice(file, offset, 1024));
    return result;
}

static inline int32_t bench_update(bench *b, span file)
{
    int32_t result = bench_send(b, file);
    return result ? result : bench_finish(b, 0);
}

/** Updates and waits until the board is back. */
static inline void bench_update_and_wait(bench *b, span file)
{
    assert_int_equal(bench_update(b, file), 0);
    OK(transport_wait(b->bus, 1500, &b->error));
    world_settle(b->world, b->board);
    bench_open(b);
}

/** Into DFU mode by request, opened and claimed there. */
static inline void bench_open_dfu(bench *b)
{
    if (b->board->mode != BOARD_DFU) {
        bench_open(b);
        assert_int_equal(bench_empty_request(b, 50), 0);
        bench_await(b, BOARD_DFU, 5000);
    }
    bench_open(b);
    OK(transport_claim(b->handle, 0, &b->error));
}

/** GETSTATUS: the state, or -1. */
static inline int bench_dfu_state(bench *b)
{
    uint8_t status[6];
    size_t moved;
    if (bench_raw(b, (usb_setup){0xa1, 3, 0, 0, 6}, NULL, status, &moved) != OSB_OK || moved != 6)
        return -1;
    return status[0] ? 0x100 + status[0] : status[4];
}

/** DNLOAD and both GETSTATUS. True when it ended in dfuDNLOAD_IDLE. */
static inline bool bench_dnload(bench *b, uint16_t block, const void *bytes, uint16_t size)
{
    size_t moved;
    if (bench_raw(b, (usb_setup){0x21, 1, block, 0, size}, bytes, NULL, &moved) != OSB_OK)
        return false;
    return bench_dfu_state(b) == 4 && bench_dfu_state(b) == 5;
}

static inline bool bench_dfu_command(bench *b, uint8_t command, uint32_t address)
{
    const uint8_t bytes[] = {command, (uint8_t)address, (uint8_t)(address >> 8),
                             (uint8_t)(address >> 16), (uint8_t)(address >> 24)};
    return bench_dnload(b, 0, bytes, sizeof bytes);
}

/** Erases and writes as hosts do: all pages first, then blocks. */
static inline bool bench_dfu_write(bench *b, uint32_t address, span content)
{
    uint32_t page = address & ~0xfffu;
    for (; page < address + content.size; page += 4096) {
        if (!bench_dfu_command(b, 0x41, page))
            return false;
    }
    for (uint32_t done = 0; done < content.size; done += 4096) {
        span block = span_slice(content, done, 4096);
        if (!bench_dfu_command(b, 0x21, address + done) ||
            !bench_dnload(b, 2, block.data, (uint16_t)block.size))
            return false;
    }
    return true;
}

static inline void bench_leave_dfu(bench *b)
{
    size_t moved;
    OK(bench_raw(b, (usb_setup){0x21, 1, 2, 0, 0}, NULL, NULL, &moved));
    assert_int_equal(bench_dfu_state(b), 7);
    OK(transport_wait(b->bus, 600, &b->error));
    world_settle(b->world, b->board);
}

/** Whether some boot reason holds these words. */
static inline bool bench_has_reason(const bench *b, const char *words)
{
    for (size_t i = 0; i < b->board->note_count; i++) {
        if (strstr(b->board->notes[i], words))
            return true;
    }
    return false;
}

/** The region of a slot in the board's JSON; borrowed from `state`. */
static inline const json_t *bench_region(const json_t *state, const char *slot)
{
    const json_t *list = json_object_get(state, "regions");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *region = json_array_get(list, i);
        if (text_equal(json_text(region, "slot", ""), slot))
            return region;
    }
    fail_msg("no region %s", slot);
    return NULL;
}
