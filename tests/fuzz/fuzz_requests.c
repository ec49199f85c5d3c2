/*
 * Control requests to a board that answers every transfer with whatever it likes: service replies,
 * sizes, results, data. The first byte chooses the request.
 */
#include "fuzz/asked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    answers board;
    osb_error error = {0};
    if (!size)
        return 0;
    answers_begin(&board, (span){data + 1, size - 1});
    const control_channel channel = {.link = &board.link, .single_transfer = data[0] & ASKED_OLD};
    osb_status status = ask(&channel, (data[0] & ~(unsigned)ASKED_OLD) % ASKED_COUNT, &error);
    answers_end(&board, status, &error);
    return 0;
}
