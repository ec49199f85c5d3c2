/*
 * The data of replies, from a board that keeps to the protocol otherwise: so the fuzzer gets at the
 * messages inside without having to find the way. The first byte chooses the request.
 */
#include "fuzz/asked.h"

#include "base/buf.h"

enum {
    REPLY_MAX = 32768
};

static void append_answer(buf *talk, span answer)
{
    buf_append_u8(talk, ANSWER_LONG);
    buf_append_u16le(talk, (uint16_t)answer.size);
    buf_append(talk, answer);
}

/** INIT taken with id 1; CHECK: done, so many bytes; RECV until all is there. */
static void write_talk(span reply, buf *talk)
{
    static const uint8_t taken[] = {3, 0, 0, 0, 0, 0, 1, 0};
    const uint8_t done[] = {13, 0, 0, 0, 0, 0, (uint8_t)reply.size, (uint8_t)(reply.size >> 8),
                            0,  0, 0, 0, 0, 0};
    append_answer(talk, (span){taken, sizeof taken});
    append_answer(talk, (span){done, sizeof done});
    for (size_t at = 0; at < reply.size; at += USB_CONTROL_MAX)
        append_answer(talk, span_slice(reply, at, USB_CONTROL_MAX));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    answers board;
    osb_error error = {0};
    BUF_OWNED talk = buf_make(2 * REPLY_MAX);
    if (!size || size > REPLY_MAX)
        return 0;
    write_talk((span){data + 1, size - 1}, &talk);
    answers_begin(&board, buf_span(&talk));
    const control_channel channel = {.link = &board.link};
    osb_status status = ask(&channel, data[0] % ASKED_COUNT, &error);
    answers_end(&board, status, &error);
    return 0;
}
