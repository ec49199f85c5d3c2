/*
 * What comes in on a serial port while a board is asked who it is: whatever it says, however it is
 * cut into pieces, the conversation ends, and what is kept of it may be shown.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "protocol/console.h"

enum {
    LONGEST_MS = 60000 /* of simulated time; a modem alone may take 20 s */
};

typedef struct talker {
    transport bus;
    serial_port port;
    span rest;
    bool endless; /* begins again from the start, as an application that logs for ever */
    span all;
    uint64_t now_ms;
} talker;

static uint64_t now_ms(transport *bus)
{
    return ((talker *)bus)->now_ms;
}

static osb_status say(serial_port *port, uint8_t *data, size_t capacity, uint32_t timeout_ms,
                      size_t *received, osb_error *error)
{
    talker *self = (talker *)port->bus;
    (void)error;
    if (!self->rest.size && self->endless)
        self->rest = self->all;
    size_t piece = self->rest.size ? 1 + self->rest.data[0] % 70u : 0;
    piece = piece < capacity ? piece : capacity;
    span said = span_slice(self->rest, 0, piece);
    self->now_ms += said.size ? 10 : timeout_ms;
    if (said.size)
        memcpy(data, said.data, said.size);
    self->rest = span_slice(self->rest, said.size, self->rest.size - said.size);
    *received = said.size;
    return OSB_OK;
}

static osb_status hear(serial_port *port, span bytes, uint32_t timeout_ms, osb_error *error)
{
    (void)port;
    (void)bytes;
    (void)timeout_ms;
    (void)error;
    return OSB_OK;
}

static osb_status wait_sent(serial_port *port, uint32_t timeout_ms, osb_error *error)
{
    return hear(port, (span){0}, timeout_ms, error);
}

static osb_status set_rate(serial_port *port, uint32_t baud_rate, osb_error *error)
{
    return hear(port, (span){0}, baud_rate, error);
}

static bool may_be_shown(const char word[CONSOLE_WORD_SIZE])
{
    size_t length = strnlen(word, CONSOLE_WORD_SIZE);
    for (size_t i = 0; i < length; i++)
        if (word[i] < 0x20 || word[i] > 0x7e)
            return false;
    return length < CONSOLE_WORD_SIZE;
}

static void converse(span said, bool endless)
{
    static const transport_operations clock = {.now_ms = now_ms};
    static const serial_operations operations = {
        .read = say, .write = hear, .drain = wait_sent, .set_rate = set_rate};
    talker self = {.bus = {.operations = &clock, .serial = &operations},
                   .rest = said,
                   .all = said,
                   .endless = endless};
    console_identity told;
    osb_error error = {0};
    bool began;
    self.port.bus = &self.bus;
    osb_status status = console_begin(&self.port, "port", &began, &error);
    if (status == OSB_OK)
        status = console_identify(&self.port, "port", &told, &error);
    PROMISE(self.now_ms < LONGEST_MS);
    PROMISE(status == OSB_OK || (*error.message && *error.hint));
    if (status != OSB_OK)
        return;
    PROMISE(may_be_shown(told.os_version) && may_be_shown(told.imei) && may_be_shown(told.iccid));
    PROMISE(!*told.device_id || strspn(told.device_id, "0123456789abcdef") == 24);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    converse((span){data, size}, false);
    converse((span){data, size}, true);
    return 0;
}
