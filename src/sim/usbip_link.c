/*
 * One imported board: commands come in, endpoint 0 is asked, answers go out.
 *
 * Knows nothing of time or of how the connection came about. Invariant: transfers of an
 * endpoint are answered in their order, and each is answered once or taken back, never both.
 *
 * The console's URBs wait while it has nothing to say or no room (NAK on a real bus), as those of
 * its interrupt endpoint do for ever.
 */
#include "sim/usbip_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sim/board.h"
#include "sim/usb_device.h"

enum {
    RECEIVE_SIZE = 16 * 1024,
    IN_MAX = 256 * 1024,
    OUT_MAX = 4 * 1024 * 1024,
    SAID_PIECE = 512,
    ENDPOINT_NUMBER = 0x0f
};

usbip_link *usbip_link_make(int socket, sim_board *board)
{
    usbip_link *link = calloc(1, sizeof *link);
    if (!link) {
        close(socket);
        return NULL;
    }
    link->socket = socket;
    link->board = board;
    link->arrival = board->arrival;
    link->in = buf_make(IN_MAX);
    link->out = buf_make(OUT_MAX);
    return link;
}

void usbip_link_free(usbip_link *link)
{
    if (!link)
        return;
    shutdown(link->socket, SHUT_RDWR);
    close(link->socket);
    for (size_t i = 0; i < link->urb_count; i++)
        free(link->urbs[i].data);
    buf_free(&link->in);
    buf_free(&link->out);
    free(link);
}

static void drop_urb(usbip_link *link, size_t index)
{
    free(link->urbs[index].data);
    link->urb_count--;
    memmove(&link->urbs[index], &link->urbs[index + 1],
            (link->urb_count - index) * sizeof *link->urbs);
}

/** A transfer that was answered before the host took it back is reported as done. */
static void unlink_urb(usbip_link *link, const usbip_command *command)
{
    for (size_t i = 0; i < link->urb_count; i++) {
        if (link->urbs[i].command.sequence != command->unlinked)
            continue;
        drop_urb(link, i);
        usbip_append_unlink_reply(&link->out, command->sequence, URB_UNLINKED);
        return;
    }
    usbip_append_unlink_reply(&link->out, command->sequence, URB_DONE);
}

static bool keep_urb(usbip_link *link, const usbip_command *command, span data)
{
    usbip_urb urb = {.command = *command};
    if (link->urb_count == LINK_URBS_MAX)
        return false;
    if (data.size) {
        urb.data = malloc(data.size);
        if (!urb.data)
            return false;
        memcpy(urb.data, data.data, data.size);
    }
    link->urbs[link->urb_count++] = urb;
    return true;
}

/**
 * The first command of what has come in.
 * @param used its bytes; 0: it is not whole yet
 */
static bool take_command(usbip_link *link, span bytes, size_t *used)
{
    usbip_command command;
    *used = 0;
    if (bytes.size < USBIP_COMMAND_SIZE)
        return true;
    if (!usbip_command_parse(span_slice(bytes, 0, USBIP_COMMAND_SIZE), &command))
        return false;
    const bool has_data = command.code == COMMAND_SUBMIT && !command.in;
    const size_t data_size = has_data ? command.length : 0;
    if (bytes.size - USBIP_COMMAND_SIZE < data_size)
        return true;
    *used = USBIP_COMMAND_SIZE + data_size;
    if (command.code == COMMAND_UNLINK) {
        unlink_urb(link, &command);
        return true;
    }
    return keep_urb(link, &command, span_slice(bytes, USBIP_COMMAND_SIZE, data_size));
}

static bool take_commands(usbip_link *link)
{
    size_t done = 0, used;
    do {
        span rest = {link->in.data + done, link->in.size - done};
        if (!take_command(link, rest, &used))
            return false;
        done += used;
    } while (used);
    link->in.size -= done;
    if (link->in.size)
        memmove(link->in.data, link->in.data + done, link->in.size);
    return true;
}

bool usbip_link_receive(usbip_link *link)
{
    uint8_t bytes[RECEIVE_SIZE];
    ssize_t size = recv(link->socket, bytes, sizeof bytes, MSG_DONTWAIT);
    if (size < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
    if (size == 0)
        return false;
    buf_append(&link->in, (span){bytes, (size_t)size});
    return !link->in.overflow && take_commands(link);
}

static bool is_live(const usbip_link *link)
{
    return board_on_bus(link->board) && link->board->arrival == link->arrival;
}

/** A setup packet and its data belong together; nobody but a broken client sends anything else. */
static bool is_consistent(const usbip_urb *urb)
{
    const usb_setup *setup = &urb->command.setup;
    const bool in = setup->request_type & 0x80;
    return setup->length <= USB_CONTROL_MAX && urb->command.length <= USB_CONTROL_MAX &&
           (in ? urb->command.in || !setup->length : urb->command.length == setup->length);
}

/** One transfer of endpoint 0; false when the board left the bus inside it. */
static bool ask_board(usbip_link *link, size_t index)
{
    uint8_t data[USB_CONTROL_MAX] = {0};
    usbip_urb *urb = &link->urbs[index];
    const usb_setup *setup = &urb->command.setup;
    size_t moved = 0;
    usb_answer answer = USB_STALLED;
    if (is_consistent(urb)) {
        if (urb->data)
            memcpy(data, urb->data, urb->command.length);
        answer = usb_device_control(link->board, setup, data, &moved);
    }
    span sent = {data, urb->command.in ? moved : 0};
    switch (answer) {
    case USB_DONE:
        usbip_append_submit_reply(&link->out, urb->command.sequence, URB_DONE, (uint32_t)moved,
                                  sent);
        break;
    case USB_STALLED:
        usbip_append_submit_reply(&link->out, urb->command.sequence, URB_STALLED, 0, (span){0});
        break;
    case USB_HANGS:
        urb->hangs = true;
        return true;
    case USB_GONE:
        return false;
    }
    drop_urb(link, index);
    return is_live(link);
}

/** While a bootloader works on flash it answers nothing. */
static bool is_blocked(const sim_board *board)
{
    return board->mode == BOARD_DFU && work_active(board);
}

/** What the console says, as soon as it says something. True when the transfer is over. */
static bool fetch_said(usbip_link *link, const usbip_urb *urb)
{
    uint8_t data[SAID_PIECE];
    const uint32_t wanted = urb->command.length;
    size_t size = console_fetch(link->board, data, wanted < SAID_PIECE ? wanted : SAID_PIECE);
    if (size)
        usbip_append_submit_reply(&link->out, urb->command.sequence, URB_DONE, (uint32_t)size,
                                  (span){data, size});
    return size > 0;
}

/** What the host says to the console, as far as there is room. True when the transfer is over. */
static bool hand_over(usbip_link *link, usbip_urb *urb)
{
    const uint32_t size = urb->command.length;
    if (size)
        urb->done +=
            (uint32_t)console_receive(link->board, (span){urb->data + urb->done, size - urb->done});
    if (urb->done < size)
        return false;
    usbip_append_submit_reply(&link->out, urb->command.sequence, URB_DONE, size, (span){0});
    return true;
}

/** Transfers of the console's data endpoints. */
static bool ask_console(usbip_link *link, usbip_urb *urb)
{
    const usb_cdc_endpoints *console = &link->board->family->usb.endpoints;
    if (link->board->mode == BOARD_DFU)
        return false;
    if (urb->command.in)
        return urb->command.endpoint == (console->in & ENDPOINT_NUMBER) && fetch_said(link, urb);
    return urb->command.endpoint == console->out && hand_over(link, urb);
}

/** One URB is asked for; false when the board left the bus inside it. */
static bool ask_for(usbip_link *link, size_t *index)
{
    usbip_urb *urb = &link->urbs[*index];
    if (urb->command.endpoint == 0 && !urb->hangs)
        return ask_board(link, *index);
    if (urb->command.endpoint != 0 && ask_console(link, urb))
        drop_urb(link, *index);
    else
        ++*index;
    return true;
}

bool usbip_link_answer(usbip_link *link)
{
    size_t i = 0;
    if (!is_live(link))
        return false;
    while (i < link->urb_count && !is_blocked(link->board))
        if (!ask_for(link, &i))
            return false;
    return true;
}

bool usbip_link_send(usbip_link *link)
{
    size_t done = 0;
    while (done < link->out.size) {
        ssize_t size = send(link->socket, link->out.data + done, link->out.size - done,
                            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (size < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            return false;
        if (size < 0)
            break;
        done += (size_t)size;
    }
    link->out.size -= done;
    if (link->out.size)
        memmove(link->out.data, link->out.data + done, link->out.size);
    return !link->out.overflow;
}
