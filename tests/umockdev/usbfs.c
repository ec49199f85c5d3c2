/*
 * The kernel's side of an open USB device, as far as libusb uses it: transfers of endpoint 0, and
 * interfaces.
 *
 * Reads and writes the program's memory itself, as a kernel does (client_memory.c): by umockdev's
 * messages a transfer takes several times as long, which benchmarks would charge to the program.
 * Called from umockdev's own thread. Invariant: a transfer is fetched once, or taken back once; a
 * board that has left takes no more and gives back those under way.
 */
#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/cursor.h"
#include "base/text.h"
#include "sim/usb_descriptors.h"
#include "sim/usb_device.h"
#include "umockdev/testbed.h"

enum {
    SETUP_SIZE = 8,
    TYPE_MASK = 0x60 /* of the request type: 0 is a standard request */
};

static gboolean complete(UMockdevIoctlClient *client, int failure)
{
    umockdev_ioctl_client_complete(client, failure ? -1 : 0, failure);
    return TRUE;
}

static void land(testbed *self, size_t index)
{
    self->flying[index] = self->flying[--self->flying_count];
}

static usb_setup setup_of(const uint8_t *bytes)
{
    cursor reader = cursor_make((span){bytes, SETUP_SIZE});
    usb_setup setup = {.request_type = cursor_u8(&reader)};
    setup.request = cursor_u8(&reader);
    setup.value = cursor_u16le(&reader);
    setup.index = cursor_u16le(&reader);
    setup.length = cursor_u16le(&reader);
    return setup;
}

/** What the wanted conditions makes of the next transfer. */
static usb_answer meet_trouble(testbed *self, sim_board *board, const usb_setup *setup)
{
    if (!(setup->request_type & TYPE_MASK))
        return USB_DONE;
    const unsigned long number = ++self->transfers;
    if (number == self->wanted.stall_at)
        return USB_STALLED;
    if (number == self->wanted.hang_at)
        return USB_HANGS;
    if (number != self->wanted.vanish_at)
        return USB_DONE;
    board->cable = false;
    board_detach(board);
    return USB_GONE;
}

static usb_answer ask_board(testbed *self, sim_board *board, flight *flown)
{
    uint8_t bytes[SETUP_SIZE + USB_CONTROL_MAX];
    const size_t size = (size_t)flown->urb.buffer_length;
    size_t moved = 0;
    if (size > sizeof bytes || !client_read(flown->process, flown->urb.buffer, bytes, size))
        return USB_STALLED;
    const usb_setup setup = setup_of(bytes);
    if (size != SETUP_SIZE + (size_t)setup.length)
        return USB_STALLED;
    usb_answer answer = meet_trouble(self, board, &setup);
    if (answer != USB_DONE)
        return answer;
    uint8_t *data = bytes + SETUP_SIZE;
    answer = usb_device_control(board, &setup, data, &moved);
    flown->urb.actual_length = (int)moved;
    if (answer == USB_DONE && setup.request_type & 0x80 &&
        !client_write(flown->process, (uint8_t *)flown->urb.buffer + SETUP_SIZE, data, moved))
        return USB_STALLED;
    return answer;
}

/** While a bootloader works on flash it answers nothing. */
static bool is_blocked(const sim_board *board)
{
    return board->mode == BOARD_DFU && work_active(board);
}

/** Runs a transfer as soon as the board takes it; it is fetched later. */
static void fly(testbed *self, sim_board *board, flight *flown)
{
    static const int statuses[] = {
        [USB_DONE] = 0, [USB_STALLED] = -EPIPE, [USB_HANGS] = 0, [USB_GONE] = -ESHUTDOWN};
    if (is_blocked(board))
        return;
    flown->asked = true;
    const usb_answer answer = ask_board(self, board, flown);
    flown->urb.status = statuses[answer];
    flown->done = answer != USB_HANGS;
}

/** What a request was called with: an address in the program. */
static void *address_of(UMockdevIoctlData *argument)
{
    return *(void **)(void *)argument->data;
}

static gboolean submit(testbed *self, UMockdevIoctlClient *client, UMockdevIoctlData *argument)
{
    const char *node = umockdev_ioctl_client_get_devnode(client);
    sim_board *board = testbed_board(self, node);
    if (!board)
        return complete(client, ENODEV);
    if (self->flying_count == FLYING_MAX)
        return complete(client, ENOMEM);
    flight flown = {.client = client,
                    .process = client_process(&self->clients, client, node),
                    .node = node,
                    .address = address_of(argument)};
    if (!client_read(flown.process, flown.address, &flown.urb, sizeof flown.urb))
        return complete(client, EFAULT);
    if (flown.urb.type != USBDEVFS_URB_TYPE_CONTROL || flown.urb.buffer_length < SETUP_SIZE)
        return complete(client, EINVAL);
    flown.urb.actual_length = 0;
    fly(self, board, &flown);
    self->flying[self->flying_count++] = flown;
    return complete(client, 0);
}

/** Whether a transfer is over: answered, or its board has left. */
static bool is_over(testbed *self, flight *flown)
{
    sim_board *board = testbed_board(self, flown->node);
    if (!flown->asked && board)
        fly(self, board, flown);
    if (!flown->done && !board) {
        flown->urb.status = -ESHUTDOWN;
        flown->done = true;
    }
    return flown->done;
}

static gboolean reap(testbed *self, UMockdevIoctlClient *client, UMockdevIoctlData *argument)
{
    for (size_t i = 0; i < self->flying_count; i++) {
        flight *flown = &self->flying[i];
        if (flown->client != client || !is_over(self, flown))
            continue;
        const bool told =
            client_write(flown->process, flown->address, &flown->urb, sizeof flown->urb) &&
            client_write(flown->process, address_of(argument), &flown->address, sizeof(void *));
        land(self, i);
        return complete(client, told ? 0 : EFAULT);
    }
    const char *node = umockdev_ioctl_client_get_devnode(client);
    return complete(client, testbed_board(self, node) ? EAGAIN : ENODEV);
}

static gboolean take_back(testbed *self, UMockdevIoctlClient *client, UMockdevIoctlData *argument)
{
    const void *address = address_of(argument);
    for (size_t i = 0; i < self->flying_count; i++) {
        flight *flown = &self->flying[i];
        if (flown->client != client || flown->address != address || flown->done)
            continue;
        flown->urb.status = -ENOENT;
        flown->done = true;
        return complete(client, 0);
    }
    return complete(client, EINVAL);
}

static gboolean capabilities(UMockdevIoctlClient *client, UMockdevIoctlData *argument)
{
    uint32_t known = USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
                     USBDEVFS_CAP_REAP_AFTER_DISCONNECT;
    UMockdevIoctlData *place = umockdev_ioctl_data_resolve(argument, 0, sizeof known, NULL);
    umockdev_ioctl_data_update(place, 0, (uint8_t *)&known, sizeof known);
    complete(client, 0);
    g_object_unref(place);
    return TRUE;
}

static gboolean set_interface(testbed *self, UMockdevIoctlClient *client,
                              UMockdevIoctlData *argument)
{
    struct usbdevfs_setinterface wanted;
    sim_board *board = testbed_board(self, umockdev_ioctl_client_get_devnode(client));
    UMockdevIoctlData *place = umockdev_ioctl_data_resolve(argument, 0, sizeof wanted, NULL);
    memcpy(&wanted, place->data, sizeof wanted);
    g_object_unref(place);
    if (!board)
        return complete(client, ENODEV);
    const usb_setup setup = {.request_type = 1,
                             .request = STANDARD_SET_INTERFACE,
                             .value = (uint16_t)wanted.altsetting,
                             .index = (uint16_t)wanted.interface};
    size_t moved;
    if (wanted.altsetting >= usb_alternates(board, (uint8_t)wanted.interface))
        return complete(client, EINVAL);
    return complete(client,
                    usb_device_control(board, &setup, NULL, &moved) == USB_DONE ? 0 : EPIPE);
}

static gboolean answer(testbed *self, UMockdevIoctlClient *client)
{
    UMockdevIoctlData *argument = umockdev_ioctl_client_get_arg(client);
    switch (umockdev_ioctl_client_get_request(client)) {
    case USBDEVFS_GET_CAPABILITIES:
        return capabilities(client, argument);
    case USBDEVFS_SUBMITURB:
        return submit(self, client, argument);
    case USBDEVFS_REAPURB:
    case USBDEVFS_REAPURBNDELAY:
        return reap(self, client, argument);
    case USBDEVFS_DISCARDURB:
        return take_back(self, client, argument);
    case USBDEVFS_SETINTERFACE:
        return set_interface(self, client, argument);
    case USBDEVFS_CLAIMINTERFACE:
    case USBDEVFS_DISCONNECT_CLAIM:
        return complete(client, self->wanted.held ? EBUSY : 0);
    case USBDEVFS_RELEASEINTERFACE:
    case USBDEVFS_CLEAR_HALT:
    case USBDEVFS_RESETEP:
    case USBDEVFS_RESET:
    case USBDEVFS_SETCONFIGURATION:
        return complete(client, 0);
    case USBDEVFS_GETDRIVER:
    case USBDEVFS_IOCTL:
        return complete(client, ENODATA);
    }
    return FALSE;
}

gboolean usbfs_answer(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *context)
{
    testbed *self = context;
    (void)handler;
    pthread_mutex_lock(&self->lock);
    usbip_clock_run(&self->clock);
    gboolean known = answer(self, client);
    pthread_mutex_unlock(&self->lock);
    return known;
}

void usbfs_forget(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *context)
{
    testbed *self = context;
    (void)handler;
    pthread_mutex_lock(&self->lock);
    for (size_t i = self->flying_count; i-- > 0;)
        if (self->flying[i].client == client)
            land(self, i);
    client_forget(&self->clients, client);
    pthread_mutex_unlock(&self->lock);
}
