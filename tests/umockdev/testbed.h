#pragma once
/**
 * Simulated boards as USB devices inside umockdev: sysfs, device nodes and events, which whatever
 * program is started behind it takes for this machine's.
 */
#include <linux/usbdevice_fs.h>
#include <pthread.h>
#include <umockdev.h>

#include "sim/board.h"
#include "sim/sim.h"
#include "sim/usbip_clock.h"
#include "sim/world.h"
#include "umockdev/client_memory.h"

enum {
    NODE_SIZE = 32, /**< "/dev/bus/usb/001/002" with NUL */
    FLYING_MAX = 64 /**< transfers under way */
};

/** What the boards and their bus are like. Class and vendor requests are counted from 1. */
typedef struct conditions {
    unsigned long stall_at;
    unsigned long hang_at;   /**< the transfer is never answered */
    unsigned long vanish_at; /**< the cable is pulled in it, for good */
    bool forbidden;          /**< nodes may be opened by their owner only */
    bool held;               /**< another program holds all interfaces */
    bool in_dfu;             /**< somebody holds the button while the boards start */
    bool real_time;          /**< flash work and starts take as long as on a real board */
} conditions;

/** A board as it is plugged in. */
typedef struct plug {
    char node[NODE_SIZE]; /**< empty: off the bus */
    char sysfs[64];       /**< "/sys/devices/usb1/1-1" */
    uint32_t arrival;     /**< of the board, when it was plugged in */
} plug;

/** A transfer that was asked for and is not yet fetched. */
typedef struct flight {
    UMockdevIoctlClient *client;
    pid_t process;
    const char *node;
    void *address; /**< of the URB in the process */
    struct usbdevfs_urb urb;
    bool asked; /**< the board has it */
    bool done;  /**< else it hangs */
} flight;

typedef struct testbed {
    UMockdevTestbed *umockdev;
    UMockdevIoctlBase *handler;
    conditions wanted;
    unsigned devices;     /**< how many device numbers were given */
    pthread_mutex_t lock; /**< of everything below: umockdev asks from a thread of its own */
    sim_world *world;
    usbip_clock clock;
    plug plugs[USB_DEVICES_MAX]; /**< of the board with the same index */
    unsigned long transfers;
    client_list clients;
    size_t flying_count;
    flight flying[FLYING_MAX];
} testbed;

/** Takes no board out of `world`, which has all of them. */
testbed *testbed_open(sim_world *world, const conditions *wanted);
void testbed_close(testbed *self);

/** Lets time pass and shows who came, left or came back. Call it every few milliseconds. */
void testbed_step(testbed *self);

/** The board that is plugged in there now; NULL. With the lock held. */
sim_board *testbed_board(testbed *self, const char *node);

/** Answers what libusb asks the kernel; a handler of "handle-ioctl". */
gboolean usbfs_answer(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *context);
/** Drops what a closed file left; a handler of "client-vanished". */
void usbfs_forget(UMockdevIoctlBase *handler, UMockdevIoctlClient *client, void *context);
