/*
 * Seeds of what boards say: talks with simulated boards, written down as answers.h reads them.
 */
#include "fuzz/seeds.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/text.h"
#include "device/device.h"
#include "fuzz/asked.h"
#include "fuzz/dfu_talk.h"
#include "support/recording.h"

enum {
    TALK_MAX = 64 * 1024,
    SHORT_ANSWER_MAX = ANSWER_LONG - 1
};

/* A board on the simulated bus, and what it answered so far. */
typedef struct tap {
    transport bus;
    usb_handle handle;
    usb_handle *inner;
    buf talk;
} tap;

static usb_handle *inner_of(usb_handle *handle)
{
    return ((tap *)handle->bus)->inner;
}

static void write_down(tap *board, osb_status status, span answer)
{
    if (status != OSB_OK) {
        buf_append_u8(&board->talk, status == OSB_ERR_STALL ? ANSWER_STALL : ANSWER_GONE);
        return;
    }
    if (answer.size > SHORT_ANSWER_MAX) {
        buf_append_u8(&board->talk, ANSWER_LONG);
        buf_append_u16le(&board->talk, (uint16_t)answer.size);
    } else {
        buf_append_u8(&board->talk, (uint8_t)answer.size);
    }
    buf_append(&board->talk, answer);
}

static osb_status tap_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                              uint32_t timeout_ms, size_t *moved, osb_error *error)
{
    osb_status status = transport_control(inner_of(handle), setup, data, timeout_ms, moved, error);
    if (setup->request_type & 0x80)
        write_down((tap *)handle->bus, status, (span){data, *moved});
    return status;
}

static osb_status tap_claim(usb_handle *handle, uint8_t number, osb_error *error)
{
    return transport_claim(inner_of(handle), number, error);
}

static osb_status tap_select(usb_handle *handle, uint8_t number, uint8_t alternate,
                             osb_error *error)
{
    return transport_set_alternate(inner_of(handle), number, alternate, error);
}

static uint64_t tap_now_ms(transport *bus)
{
    return transport_now_ms(((tap *)bus)->inner->bus);
}

static osb_status tap_wait(transport *bus, uint32_t duration_ms, osb_error *error)
{
    return transport_wait(((tap *)bus)->inner->bus, duration_ms, error);
}

static void tap_open(tap *board, transport *bus)
{
    static const transport_operations operations = {.control = tap_control,
                                                    .claim = tap_claim,
                                                    .set_alternate = tap_select,
                                                    .now_ms = tap_now_ms,
                                                    .wait = tap_wait};
    usb_identity found;
    size_t count;
    *board = (tap){.bus = {.operations = &operations}, .talk = buf_make(TALK_MAX)};
    board->handle.bus = &board->bus;
    RECORDING_OK(transport_list(bus, &found, 1, &count, error));
    RECORDING_OK(transport_open(bus, &found, &board->inner, error));
}

static void tap_close(tap *board)
{
    transport_close(board->inner);
    buf_free(&board->talk);
}

static sim_world *fresh_world(const recording_ground *ground, const char *name, const char *version)
{
    sim_world *world;
    RECORDING_OK(sim_world_make(&ground->known, &ground->platforms, &world, error));
    recording_add_board(ground, world, name, version);
    return world;
}

/* One talk for each request, from a board of its own. */
static void seed_requests(const recording_ground *ground, const char *version, uint8_t flags)
{
    for (unsigned which = 0; which < ASKED_COUNT; which++) {
        char seed[40];
        osb_error ignored;
        tap board;
        sim_world *world = fresh_world(ground, "boron", version);
        tap_open(&board, sim_world_transport(world));
        usb_link link = {.handle = &board.handle, .subject = "1-1"};
        const control_channel channel = {.link = &link, .single_transfer = flags & ASKED_OLD};
        buf_append_u8(&board.talk, (uint8_t)(which | flags));
        (void)!ask(&channel, which, &ignored);
        text_format(seed, sizeof seed, "%s-%02u", version, which);
        seed_keep("requests", seed, buf_span(&board.talk));
        tap_close(&board);
        sim_world_free(world);
    }
}

/* The data of a reply, for `reply` behind the number that chooses the request. */
static void seed_reply(const recording_ground *ground, const char *version, uint16_t type,
                       unsigned which, span payload)
{
    char seed[40];
    tap board;
    BUF_OWNED reply = buf_make(TALK_MAX);
    sim_world *world = fresh_world(ground, "boron", version);
    tap_open(&board, sim_world_transport(world));
    usb_link link = {.handle = &board.handle, .subject = "1-1"};
    const control_channel channel = {.link = &link};
    const control_call call = {
        .type = type, .purpose = "seed", .payload = payload, .timeout_ms = 60000, .reply = &reply};
    buf_append_u8(&reply, (uint8_t)which);
    RECORDING_OK(control_run(&channel, &call, error));
    text_format(seed, sizeof seed, "%s-%u", version, type);
    seed_keep("reply", seed, buf_span(&reply));
    if (which == ASKED_MODULES)
        seed_keep("module_table", version, span_slice(buf_span(&reply), 1, reply.size));
    tap_close(&board);
    sim_world_free(world);
}

static void seed_replies(const recording_ground *ground)
{
    static const uint8_t start[] = {0x08, 0xe8, 0x07};
    static const char describe[] =
        "{\"p\":6,\"m\":[{\"s\":16384,\"l\":\"m\",\"vc\":30,\"vv\":30,\"f\":\"b\","
        "\"n\":\"0\",\"v\":11,\"d\":[]},{\"s\":131072,\"l\":\"m\",\"vc\":30,\"vv\":26,"
        "\"u\":\"00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF\","
        "\"f\":\"u\",\"n\":\"1\",\"v\":4,\"d\":[{\"f\":\"s\",\"n\":\"2\",\"v\":207,"
        "\"_\":\"\"}]}]}";
    seed_reply(ground, "5.9.0", 20, ASKED_DEVICE_ID, (span){0});
    seed_reply(ground, "5.9.0", 30, ASKED_SYSTEM_VERSION, (span){0});
    seed_reply(ground, "5.9.0", 72, ASKED_MODE, (span){0});
    seed_reply(ground, "6.2.0", 76, ASKED_PROTECTION, (span){0});
    seed_reply(ground, "6.2.0", 90, ASKED_MODULES, (span){0});
    seed_reply(ground, "4.2.0", 90, ASKED_MODULES, (span){0});
    seed_reply(ground, "5.9.0", 250, ASKED_UPDATE_START, (span){start, sizeof start});
    seed_keep("module_table", "describe.json",
              (span){(const uint8_t *)describe, sizeof describe - 1});
}

static void seed_layouts(const recording_ground *ground)
{
    static const char *const boards[] = {"boron", "p2", "photon", "p1"};
    for (size_t i = 0; i < sizeof boards / sizeof *boards; i++) {
        const platform *kind = platform_by_name(&ground->platforms, boards[i]);
        for (size_t k = 0; k < kind->memory_count; k++) {
            char seed[40];
            const char *text = kind->memories[k].layout;
            text_format(seed, sizeof seed, "%s-%s", boards[i], kind->memories[k].name);
            seed_keep("layout", seed, (span){(const uint8_t *)text, strlen(text)});
        }
    }
}

/* Brought into DFU mode first; the talk is all that is kept. */
static void seed_dfu(const recording_ground *ground, const char *name, const char *version)
{
    tap board;
    device_entry entry;
    device *held;
    osb_error ignored;
    sim_world *world = fresh_world(ground, name, version);
    transport *bus = sim_world_transport(world);
    RECORDING_OK(device_select(bus, &ground->platforms, NULL, &entry, error));
    RECORDING_OK(device_open(bus, &ground->platforms, &entry, NULL, &held, error));
    RECORDING_OK(device_enter_dfu(held, error));
    device_close(held);
    tap_open(&board, bus);
    usb_link link = {.handle = &board.handle, .subject = "1-1"};
    (void)!dfu_talk(&link, &ignored);
    seed_keep("dfu", name, buf_span(&board.talk));
    tap_close(&board);
    sim_world_free(world);
}

void seed_device_bytes(void)
{
    recording_ground ground = {0};
    recording_begin(&ground);
    seed_requests(&ground, "6.2.0", 0);
    seed_requests(&ground, "1.5.2", ASKED_OLD);
    seed_replies(&ground);
    seed_layouts(&ground);
    seed_dfu(&ground, "p2", "5.9.0");
    seed_dfu(&ground, "photon", "3.3.1");
    recording_end(&ground);
}
