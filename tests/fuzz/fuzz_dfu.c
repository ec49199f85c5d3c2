/*
 * A DFU interface that answers every transfer with whatever it likes: device, configuration and
 * string descriptors, statuses, blocks. A talk opens the interface, reads what the board says of
 * itself, then writes, reads, and leaves.
 */
#include "fuzz/dfu_talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    answers board;
    osb_error error = {0};
    answers_begin(&board, (span){data, size});
    osb_status status = dfu_talk(&board.link, &error);
    answers_end(&board, status, &error);
    return 0;
}
