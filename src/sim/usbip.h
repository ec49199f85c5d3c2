#pragma once
/**
 * Simulated boards behind a real Linux USB stack: exported over USB/IP, in wall clock time.
 *
 * Either a server that any USB/IP client imports boards from, or plugged straight into this
 * machine's own virtual host controller.
 */
#include "sim/sim.h"

enum {
    USBIP_ADDRESS_SIZE = 80 /**< "[IPv6 address]:PORT" with NUL */
};

typedef struct usbip_options {
    const char *listen; /**< "ADDRESS:PORT" to serve on, numeric; port 0: any free one */
    bool attach;        /**< plug boards into this machine's vhci_hcd instead (Linux, root) */
    bool real_time;     /**< flash work and starts last as long as on a real board */
    /** Everything is set up. `address` is what it listens on, NULL with `attach`. */
    void (*ready)(void *context, const char *address);
    bool (*cancelled)(void *context); /**< asked at least every 100 ms; true ends serving */
    void *context;
} usbip_options;

/**
 * Serves the boards of a world until cancelled. A board that re-enumerates loses its connection:
 * with `attach` it is plugged in again, over the network the client imports it again.
 * @return OSB_OK when cancelled; OSB_ERR_USAGE for an address that is none, OSB_ERR_BUSY when it
 *         is taken, OSB_ERR_NOT_FOUND without vhci_hcd, OSB_ERR_PERMISSION
 */
osb_status usbip_serve(sim_world *world, const usbip_options *options,
                       osb_error *error) OSB_MUST_CHECK;
