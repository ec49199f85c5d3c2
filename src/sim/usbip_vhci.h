#pragma once
/** Linux' virtual host controller, where boards are plugged in. Inside sim/ only. */
#include <stdbool.h>

#include "base/error.h"

enum {
    VHCI_PORTS_MAX = 64,
    VHCI_NO_PORT = -1
};

/** The controller's full-speed ports. */
typedef struct vhci_ports {
    int count;
    bool free[VHCI_PORTS_MAX]; /**< nothing is plugged in, and nothing is being taken away */
} vhci_ports;

/** OSB_ERR_NOT_FOUND when the kernel has no vhci_hcd. */
osb_status vhci_read_ports(vhci_ports *ports, osb_error *error) OSB_MUST_CHECK;

/**
 * Plugs in a device that speaks USB/IP on the other end of `socket`, which the kernel keeps a
 * reference of. OSB_ERR_PERMISSION for anybody but root.
 * @param number of the device, not 0
 */
osb_status vhci_attach(int port, int socket, uint32_t number, osb_error *error) OSB_MUST_CHECK;
