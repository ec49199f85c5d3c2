#pragma once
/**
 * A transport that expects exactly the transfers of a script, in order, and answers as it says.
 * Everything is hexadecimal, as the protocol reference prints it. Time passes only by waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "protocol/link.h"
#include "transport/transport.h"

typedef struct script_step {
    const char *setup;  /* "c0 01 00 00 48 00 40 00", or "claim 0" */
    const char *out;    /* bytes that the host has to send; NULL: none */
    const char *in;     /* bytes that it gets; NULL: none */
    osb_status status;  /* anything but OSB_OK: the transfer fails so */
    uint32_t taking_ms; /* the transfer takes this long */
} script_step;

enum {
    SCRIPT_WAITS_MAX = 4096
};

typedef struct script_bus {
    transport base;
    usb_handle handle;
    const script_step *steps;
    size_t count, next;
    uint64_t now_ms;
    uint32_t waits[SCRIPT_WAITS_MAX];
    size_t wait_count;
    bool interrupt_waits;
} script_bus;

static inline size_t script_bytes(const char *hex, uint8_t *bytes)
{
    size_t count = 0;
    for (; hex && *hex; hex++) {
        if (*hex == ' ')
            continue;
        unsigned value;
        assert_int_equal(sscanf(hex, "%2x", &value), 1);
        bytes[count++] = (uint8_t)value;
        hex++;
    }
    return count;
}

/* "0a 0b": `text` holds 3 * count bytes, and at least 1. */
static inline void script_text(char *text, const uint8_t *bytes, size_t count)
{
    *text = '\0';
    for (size_t i = 0; i < count; i++) {
        text_hex(text, (span){bytes + i, 1});
        text += 2;
        if (i + 1 < count)
            *text++ = ' ';
    }
}

/* The next step; fails the test when it expects something else. */
static inline const script_step *script_take(script_bus *bus, const char *setup)
{
    if (bus->next == bus->count)
        fail_msg("transfer %s comes after the script's end", setup);
    const script_step *step = &bus->steps[bus->next++];
    if (strcmp(step->setup, setup) != 0)
        fail_msg("step %zu: host sends %s, script expects %s", bus->next, setup, step->setup);
    bus->now_ms += step->taking_ms;
    return step;
}

static inline osb_status script_end(const script_step *step, osb_error *error)
{
    if (step->status == OSB_OK)
        return OSB_OK;
    return osb_fail(error, step->status, "1-1", "scripted hint", "scripted failure");
}

static inline osb_status script_control(usb_handle *handle, const usb_setup *setup, uint8_t *data,
                                        uint32_t timeout_ms, size_t *moved, osb_error *error)
{
    script_bus *bus = (script_bus *)handle->bus;
    const uint8_t wire[8] = {setup->request_type,    setup->request,
                             (uint8_t)setup->value,  (uint8_t)(setup->value >> 8),
                             (uint8_t)setup->index,  (uint8_t)(setup->index >> 8),
                             (uint8_t)setup->length, (uint8_t)(setup->length >> 8)};
    char text[32];
    static uint8_t bytes[USB_CONTROL_MAX + 1];
    assert_true(timeout_ms > 0);
    script_text(text, wire, sizeof wire);
    const script_step *step = script_take(bus, text);
    if (!(setup->request_type & 0x80)) {
        size_t size = script_bytes(step->out, bytes);
        assert_int_equal(setup->length, size);
        if (size)
            assert_memory_equal(data, bytes, size);
        *moved = setup->length;
        return script_end(step, error);
    }
    assert_null(step->out);
    TRY(script_end(step, error));
    *moved = script_bytes(step->in, bytes);
    assert_true(*moved <= setup->length);
    memcpy(data, bytes, *moved);
    return OSB_OK;
}

static inline osb_status script_claim(usb_handle *handle, uint8_t number, osb_error *error)
{
    char text[32];
    snprintf(text, sizeof text, "claim %u", number);
    return script_end(script_take((script_bus *)handle->bus, text), error);
}

static inline osb_status script_set_alternate(usb_handle *handle, uint8_t number, uint8_t alternate,
                                              osb_error *error)
{
    char text[32];
    snprintf(text, sizeof text, "01 0b %02x 00 %02x 00 00 00", alternate, number);
    return script_end(script_take((script_bus *)handle->bus, text), error);
}

static inline uint64_t script_now_ms(transport *base)
{
    return ((script_bus *)base)->now_ms;
}

static inline osb_status script_wait(transport *base, uint32_t duration_ms, osb_error *error)
{
    script_bus *bus = (script_bus *)base;
    if (bus->interrupt_waits)
        return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, NULL, "stopped");
    assert_true(bus->wait_count < SCRIPT_WAITS_MAX);
    bus->waits[bus->wait_count++] = duration_ms;
    bus->now_ms += duration_ms;
    return OSB_OK;
}

static inline script_bus *script_play(script_bus *bus, const script_step *steps, size_t count)
{
    static const transport_operations operations = {.control = script_control,
                                                    .claim = script_claim,
                                                    .set_alternate = script_set_alternate,
                                                    .now_ms = script_now_ms,
                                                    .wait = script_wait};
    memset(bus, 0, sizeof *bus);
    bus->base.operations = &operations;
    bus->handle.bus = &bus->base;
    bus->steps = steps;
    bus->count = count;
    return bus;
}

#define SCRIPT(bus, steps) script_play(bus, steps, sizeof(steps) / sizeof *(steps))

static inline usb_link script_link(script_bus *bus)
{
    return (usb_link){.handle = &bus->handle, .subject = "e00fce68aaaaaaaaaaaaaaaa"};
}

/* Everything that the script expects has happened. */
static inline void script_finished(const script_bus *bus)
{
    if (bus->next != bus->count)
        fail_msg("script stopped before step %zu: %s", bus->next + 1, bus->steps[bus->next].setup);
}
