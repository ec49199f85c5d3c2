/*
 * Plugs boards into umockdev and takes them out again, as they come onto the bus and leave it.
 *
 * What is asked of an open device is usbfs.c. Invariant: umockdev is never called with the lock
 * held, because it may wait for its own thread, which may wait for the lock.
 */
#include "umockdev/testbed.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "sim/usb_descriptors.h"

enum {
    DESCRIPTORS_MAX = 2 * USB_DESCRIPTOR_MAX,
    DESCRIPTION_MAX = 4096,
    ROOT_HUB = 1
};

static void must(bool fine, const char *what)
{
    if (fine)
        return;
    fprintf(stderr, "mock_usb: cannot %s\n", what);
    exit(125);
}

/** The device's folder in umockdev's own sysfs, and what stands in it. */
static void describe(char *text, const char *name, const char *node, unsigned number,
                     const char *descriptors)
{
    text_format(text, DESCRIPTION_MAX,
                "P: /devices/%s\n"
                "N: %s\n"
                "E: SUBSYSTEM=usb\n"
                "E: DEVTYPE=usb_device\n"
                "E: BUSNUM=001\n"
                "E: DEVNUM=%03u\n"
                "E: DEVNAME=%s\n"
                "A: busnum=1\\n\n"
                "A: devnum=%u\\n\n"
                "A: bConfigurationValue=1\\n\n"
                "A: speed=12\\n\n"
                "H: descriptors=%s\n",
                name, node + sizeof "/dev/" - 1, number, node, number, descriptors);
}

/** Others may see the machine and hear of its devices, but not open this one. umockdev wants to
 *  reach its own socket even for a file that cannot be opened. */
static void forbid(const testbed *self, const char *node)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(self->umockdev);
    g_autofree char *socket = g_strconcat(root, "/ioctl", node, NULL);
    must(chmod(root, 0777) == 0 && chmod(socket, 0777) == 0, "let others in");
    must(chmod(node, geteuid() ? 0 : 0600) == 0, "forbid a device node");
}

static void add(testbed *self, const char *name, char node[NODE_SIZE], const char *descriptors)
{
    char text[DESCRIPTION_MAX];
    const unsigned number = ++self->devices;
    text_format(node, NODE_SIZE, "/dev/bus/usb/001/%03u", number);
    describe(text, name, node, number, descriptors);
    must(umockdev_testbed_attach_ioctl(self->umockdev, node, self->handler, NULL),
         "attach to a device node");
    must(umockdev_testbed_add_from_string(self->umockdev, text, NULL), "add a device");
    if (self->wanted.forbidden)
        forbid(self, node);
}

static void add_root_hub(testbed *self)
{
    char node[NODE_SIZE];
    add(self, "usb1", node,
        "12010002090000406b1d020006060302010109021900010100e0000904000001090000000705810304000c");
}

static void descriptors_of(const sim_board *board, char digits[2 * DESCRIPTORS_MAX + 1])
{
    static const uint8_t types[] = {DESCRIPTOR_DEVICE, DESCRIPTOR_CONFIGURATION};
    for (size_t i = 0; i < sizeof types; i++) {
        BUF_OWNED bytes = buf_make(USB_DESCRIPTOR_MAX);
        must(usb_descriptor(board, types[i], 0, &bytes) && !bytes.overflow, "describe a board");
        text_hex(digits, buf_span(&bytes));
        digits += 2 * bytes.size;
    }
}

/** What has to be done about a board, found out with the lock held. */
typedef struct change {
    bool leaves, comes;
    plug before;
    char port[USB_PORT_SIZE];
    char descriptors[2 * DESCRIPTORS_MAX + 1];
} change;

static void look(testbed *self, size_t index, change *found)
{
    const sim_board *board = self->world->boards[index];
    plug *place = &self->plugs[index];
    const bool there = board_on_bus(board);
    const bool shown = *place->node && there && place->arrival == board->arrival;
    *found = (change){.leaves = *place->node && !shown, .comes = there && !shown, .before = *place};
    if (found->leaves)
        *place = (plug){0};
    if (!found->comes)
        return;
    place->arrival = board->arrival;
    text_copy(found->port, sizeof found->port, board->port);
    descriptors_of(board, found->descriptors);
}

static void apply(testbed *self, size_t index, const change *found)
{
    char node[NODE_SIZE], name[64];
    if (found->leaves) {
        umockdev_testbed_uevent(self->umockdev, found->before.sysfs, "remove");
        umockdev_testbed_remove_device(self->umockdev, found->before.sysfs);
        umockdev_testbed_detach_ioctl(self->umockdev, found->before.node, NULL);
    }
    if (!found->comes)
        return;
    text_format(name, sizeof name, "usb1/%s", found->port);
    add(self, name, node, found->descriptors);
    pthread_mutex_lock(&self->lock);
    text_copy(self->plugs[index].node, sizeof self->plugs[index].node, node);
    text_format(self->plugs[index].sysfs, sizeof self->plugs[index].sysfs, "/sys/devices/%s", name);
    pthread_mutex_unlock(&self->lock);
}

void testbed_step(testbed *self)
{
    for (size_t i = 0; i < self->world->board_count; i++) {
        change found;
        pthread_mutex_lock(&self->lock);
        usbip_clock_run(&self->clock);
        look(self, i, &found);
        pthread_mutex_unlock(&self->lock);
        apply(self, i, &found);
    }
}

sim_board *testbed_board(testbed *self, const char *node)
{
    for (size_t i = 0; i < self->world->board_count; i++) {
        sim_board *board = self->world->boards[i];
        if (text_equal(self->plugs[i].node, node) && board_on_bus(board) &&
            board->arrival == self->plugs[i].arrival)
            return board;
    }
    return NULL;
}

testbed *testbed_open(sim_world *world, const conditions *wanted)
{
    testbed *self = calloc(1, sizeof *self);
    must(self, "get memory");
    self->umockdev = umockdev_testbed_new();
    self->handler = umockdev_ioctl_base_new();
    self->wanted = *wanted;
    self->world = world;
    self->clock = usbip_clock_make(world, wanted->real_time);
    self->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    g_signal_connect_after(self->handler, "handle-ioctl", G_CALLBACK(usbfs_answer), self);
    g_signal_connect_after(self->handler, "client-vanished", G_CALLBACK(usbfs_forget), self);
    add_root_hub(self);
    testbed_step(self);
    return self;
}

void testbed_close(testbed *self)
{
    g_object_unref(self->umockdev);
    g_object_unref(self->handler);
    free(self);
}
