/*
 * The two files of vhci_hcd in sysfs: which ports are free, and plugging in. Linux only.
 *
 * Does not wait and does not speak USB/IP. Invariant: only a port that the kernel calls free, and
 * whose last device it has forgotten, is offered; that takes a while after a connection ended.
 */
#include "sim/usbip_vhci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"

enum {
    STATUS_SIZE_MAX = 64 * 1024,
    PORT_FREE = 4,
    FULL_SPEED = 2
};

#define CONTROLLER "/sys/devices/platform/vhci_hcd.0/"

/** The number of the full-speed bus: of the controller's two root hubs, the one made first. */
static unsigned bus_number(void)
{
    unsigned lowest = 0;
    DIR *folder = opendir(CONTROLLER);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        unsigned number;
        if (sscanf(entry->d_name, "usb%4u", &number) == 1 && (!lowest || number < lowest))
            lowest = number;
    }
    if (folder)
        closedir(folder);
    return lowest;
}

/**
 * Whether the kernel still has the device that was on a port. Its hub driver is told of a change
 * and looks a while later; what it finds there then it takes for the same device as before, which
 * a real one, slower by far, cannot be.
 */
static bool is_remembered(unsigned bus, unsigned port)
{
    char path[128];
    text_format(path, sizeof path, CONTROLLER "usb%u/%u-%u", bus, bus, port + 1);
    return folder_exists(path);
}

/** "hs  0000 004 000 00000000 000000 0-0": hub, port, status, and what is not needed here. */
static void read_port(const char *line, unsigned bus, vhci_ports *ports)
{
    unsigned port, status;
    if (sscanf(line, "hs %4u %3u", &port, &status) != 2 || port >= VHCI_PORTS_MAX)
        return;
    ports->free[port] = status == PORT_FREE && !is_remembered(bus, port);
    if ((int)port >= ports->count)
        ports->count = (int)port + 1;
}

osb_status vhci_read_ports(vhci_ports *ports, osb_error *error)
{
    BUF_OWNED status = buf_make(STATUS_SIZE_MAX);
    const unsigned bus = bus_number();
    *ports = (vhci_ports){0};
    if (!file_exists(CONTROLLER "status"))
        return osb_fail(error, OSB_ERR_NOT_FOUND, "vhci_hcd",
                        "load it with: modprobe vhci_hcd; or serve over TCP, without --attach",
                        "this kernel has no virtual USB host controller");
    TRY(file_read(CONTROLLER "status", &status, error));
    buf_append_u8(&status, '\0');
    TRY(buf_check(&status, CONTROLLER "status", error));
    for (const char *line = (const char *)status.data; line && *line;) {
        read_port(line, bus, ports);
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return OSB_OK;
}

osb_status vhci_attach(int port, int socket, uint32_t number, osb_error *error)
{
    char words[64];
    FD_OWNED file = open(CONTROLLER "attach", O_WRONLY | O_CLOEXEC);
    if (file < 0 && (errno == EACCES || errno == EPERM))
        return osb_fail(error, OSB_ERR_PERMISSION, "vhci_hcd",
                        "run this as root, or serve over TCP, without --attach",
                        "only root may plug in virtual devices");
    if (file < 0)
        return osb_fail_errno(error, "open", CONTROLLER "attach");
    text_format(words, sizeof words, "%d %d %u %d", port, socket, number, FULL_SPEED);
    return file_write_all(file, (span){(const uint8_t *)words, strlen(words)}, CONTROLLER "attach",
                          error);
}
