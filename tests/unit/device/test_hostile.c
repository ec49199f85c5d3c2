/*
 * A bus that talks nonsense: every transfer may be refused, cut short or full of noise, and boards
 * come and go as they like. Whatever is asked of the device layer has to end, with a status that
 * an error explains, and without touching memory that is not its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "device/device.h"

enum {
    ROUNDS = 3000,
    TRANSFERS_MAX = 20000 /* of one call; waits of a minute at 50 ms a poll are far below */
};

typedef struct noise_bus {
    transport base;
    uint32_t noise;
    uint64_t now_ms;
    unsigned transfers, open_handles, arrival;
    unsigned sanity; /* of 256: how often an answer makes sense */
    bool aborted;    /* the last DFU request that moves states was ABORT */
} noise_bus;

static noise_bus bus;
static arena keep;
static platform_list platforms;

static uint32_t next_noise(void)
{
    bus.noise = bus.noise * 1664525 + 1013904223;
    return bus.noise >> 8;
}

static bool makes_sense(void)
{
    return (next_noise() & 255) < bus.sanity;
}

static osb_status noise_list(transport *base, usb_identity *devices, size_t capacity, size_t *count,
                             osb_error *error)
{
    (void)base;
    (void)error;
    assert_true(capacity > 0);
    if (!makes_sense())
        bus.arrival++;
    devices[0] = (usb_identity){0x2b04, 0xc020, "1-1", bus.arrival};
    if (bus.arrival & 1)
        devices[0].product_id = 0xd020;
    *count = bus.arrival % 5 != 4;
    return OSB_OK;
}

static osb_status noise_open(transport *base, const usb_identity *wanted, usb_handle **handle,
                             osb_error *error)
{
    if (wanted->arrival != bus.arrival)
        return osb_fail(error, OSB_ERR_DISCONNECTED, wanted->port, "replug", "gone");
    *handle = calloc(1, sizeof **handle);
    (*handle)->bus = base;
    bus.open_handles++;
    return OSB_OK;
}

static void noise_close(usb_handle *handle)
{
    bus.open_handles--;
    free(handle);
}

/* The beginning of an answer that a parser would go on with. */
static size_t plausible(const usb_setup *setup, uint8_t *data, size_t size)
{
    static const uint8_t done[] = {9, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t accepted[] = {3, 0, 0, 0, 0, 0, 1, 0};
    static const uint8_t with_data[] = {13, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t chunk_size[] = {0x08, 0x80, 0x08};
    static const uint8_t configuration[] = {9,    2, 27, 0, 1, 1,  4,  0xc0, 50, 9, 4,  0,    0, 0,
                                            0xfe, 1, 2,  5, 9, 33, 11, 255,  0,  0, 16, 0x1a, 1};
    static const uint8_t idle[] = {0, 0, 0, 0, 2, 0}, downloaded[] = {0, 0, 0, 0, 5, 0};
    span answer = {done, sizeof done};
    if (setup->request_type == USB_CLASS_INTERFACE_IN && setup->request == 3)
        answer = (span){bus.aborted ? idle : downloaded, sizeof idle};
    else if (setup->request_type == USB_STANDARD_IN && setup->value >> 8 == 2)
        answer = (span){configuration, sizeof configuration};
    else if (setup->request_type == USB_VENDOR_IN && setup->request == 1)
        answer = (span){accepted, sizeof accepted};
    else if (setup->request_type == USB_VENDOR_IN && setup->request == 4)
        answer = (span){chunk_size, sizeof chunk_size};
    else if (setup->request_type == USB_VENDOR_IN && !(next_noise() & 3))
        answer = (span){with_data, sizeof with_data};
    size_t moved = answer.size < size ? answer.size : size;
    memcpy(data, answer.data, moved);
    return moved;
}

/* String descriptors: a device id, or a layout. */
static size_t plausible_string(const usb_setup *setup, uint8_t *data, size_t size)
{
    uint8_t bytes[255] = {0, 3};
    const char *text = (setup->value & 255) == 3 ? "e00fce68123456789abcdef0"
                                                 : "@Internal Flash   /0x08000000/2048*004Kg";
    bytes[0] = (uint8_t)(2 + 2 * strlen(text));
    for (size_t i = 0; text[i]; i++)
        bytes[2 + 2 * i] = (uint8_t)text[i];
    size_t moved = bytes[0] < size ? bytes[0] : size;
    memcpy(data, bytes, moved);
    return moved;
}

static osb_status noise_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                                uint32_t timeout_ms, size_t *moved, osb_error *error)
{
    static const osb_status failures[] = {OSB_ERR_STALL, OSB_ERR_TIMEOUT, OSB_ERR_DEVICE};
    (void)handle;
    assert_true(++bus.transfers < TRANSFERS_MAX);
    *moved = setup->length;
    if (!makes_sense() && !makes_sense()) {
        osb_status status = failures[next_noise() % 3];
        bus.now_ms += status == OSB_ERR_TIMEOUT ? timeout_ms : 0;
        return osb_fail(error, status, "1-1", "replug", "noise");
    }
    if (setup->request_type == USB_CLASS_INTERFACE_OUT)
        bus.aborted = setup->request == 6;
    if (!(setup->request_type & 0x80))
        return OSB_OK;
    for (size_t i = 0; i < setup->length; i++)
        data[i] = (uint8_t)next_noise();
    bool is_upload = setup->request_type == USB_CLASS_INTERFACE_IN && setup->request == 2;
    if (is_upload && makes_sense())
        return OSB_OK;
    if (makes_sense() && setup->request_type == USB_STANDARD_IN && setup->value >> 8 == 3)
        *moved = plausible_string(setup, data, setup->length);
    else if (makes_sense() && !is_upload)
        *moved = plausible(setup, data, setup->length);
    else if (!makes_sense())
        *moved = setup->length ? next_noise() % (setup->length + 1u) : 0;
    return OSB_OK;
}

static osb_status noise_claim(usb_handle *handle, uint8_t number, osb_error *error)
{
    (void)handle;
    (void)number;
    return makes_sense() ? OSB_OK : osb_fail(error, OSB_ERR_BUSY, "1-1", "close it", "busy");
}

static osb_status noise_set_alternate(usb_handle *handle, uint8_t number, uint8_t alternate,
                                      osb_error *error)
{
    (void)handle;
    (void)number;
    (void)alternate;
    return makes_sense() ? OSB_OK : osb_fail(error, OSB_ERR_STALL, "1-1", "replug", "noise");
}

static uint64_t noise_now_ms(transport *base)
{
    (void)base;
    return bus.now_ms;
}

static osb_status noise_wait(transport *base, uint32_t duration_ms, osb_error *error)
{
    (void)base;
    (void)error;
    bus.now_ms += duration_ms;
    return OSB_OK;
}

static void bus_make(uint32_t seed)
{
    static const transport_operations operations = {.list = noise_list,
                                                    .open = noise_open,
                                                    .close = noise_close,
                                                    .control = noise_control,
                                                    .claim = noise_claim,
                                                    .set_alternate = noise_set_alternate,
                                                    .now_ms = noise_now_ms,
                                                    .wait = noise_wait,
                                                    .wait_change = noise_wait};
    bus = (noise_bus){.base = {.operations = &operations}, .noise = seed * 2654435761u};
    bus.arrival = seed;
    bus.sanity = 160 + seed % 97; /* up to 256: always */
}

/* One thing that a caller may do with a board. */
static osb_status do_something(device *held, uint32_t which, osb_error *error)
{
    static const uint8_t content[9000] = {1, 2, 3};
    device_mode mode;
    snapshot shot;
    switch (which % 7) {
    case 0:
        return device_inspect(held, &shot, error);
    case 1:
        return device_enter_dfu(held, error);
    case 2:
        return device_restart(held, error);
    case 3:
        return device_update(held, (span){content, sizeof content}, NULL, error);
    case 4:
        return device_write_flash(held, 0, 0x08060000, (span){content, sizeof content}, NULL,
                                  error);
    case 5:
        return device_mode_now(held, &mode, error);
    }
    BUF_OWNED back = buf_make(sizeof content);
    osb_status status = device_read_flash(held, 0, 0x08060000, sizeof content, NULL, &back, error);
    if (status == OSB_OK)
        assert_int_equal(back.size, sizeof content);
    return status;
}

static void whatever_a_bus_says_every_call_ends_and_explains_itself(void **state)
{
    unsigned fine = 0;
    (void)state;
    for (uint32_t seed = 1; seed <= ROUNDS; seed++) {
        bus_make(seed);
        device_entry entry;
        device *held = NULL;
        osb_error error = {0};
        osb_status status = device_select(&bus.base, &platforms, NULL, &entry, &error);
        if (status == OSB_OK)
            status = device_open(&bus.base, &platforms, &entry, NULL, &held, &error);
        for (uint32_t call = 0; call < 4 && held; call++) {
            bus.transfers = 0;
            error = (osb_error){0};
            status = do_something(held, next_noise(), &error);
            if (status != OSB_OK) {
                assert_int_equal(error.status, status);
                assert_string_not_equal(error.message, "");
                assert_string_not_equal(error.subject, "");
            }
            fine += status == OSB_OK;
        }
        device_close(held);
        assert_int_equal(bus.open_handles, 0);
    }
    assert_true(fine > ROUNDS / 100); /* the noise leaves a way through, or this tests nothing */
}

int main(void)
{
    osb_error error;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_a_bus_says_every_call_ends_and_explains_itself),
    };
    if (platform_load_all(&keep, &platforms, &error) != OSB_OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&keep);
    return failed;
}
