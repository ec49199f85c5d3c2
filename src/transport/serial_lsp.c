/*
 * Serial ports of this machine by libserialport, with errors that say what helps.
 *
 * Knows nothing of boards. Invariant: an open port is held against other programs, by the
 * terminal's exclusive mode (ModemManager, screen) and by flock (picocom, pyserial, particle-cli),
 * and one that another program holds so is BUSY for root as well, whom the kernel would let in.
 *
 * Linux only: exclusive mode can be asked for, and sysfs tells which USB device a port belongs to.
 */
#define _DEFAULT_SOURCE
#include "transport/serial_lsp.h"

#include <errno.h>
#include <libserialport.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/text.h"
#include "transport/serial_holder.h"

enum {
    SLICE_MS = 100 /* how often a wait asks whether it shall stop */
};

typedef struct lsp_port {
    serial_port base;     /* first: ports are these */
    struct sp_port *port; /* NULL: none was found */
    bool is_open;
    int terminal; /* its descriptor, once it is held */
    char path[SERIAL_PATH_SIZE];
} lsp_port;

static const char hint_group[] =
    "join the group that owns the port, 'sudo usermod -aG dialout $USER' (uucp on some systems), "
    "and log in again; or put SUBSYSTEM==\"tty\", ATTRS{idVendor}==\"2b04\", MODE=\"0660\", "
    "TAG+=\"uaccess\" into /etc/udev/rules.d/50-particle.rules and replug the board";
static const char hint_holder[] =
    "close the program that uses the port (screen, a serial monitor, particle-cli); ModemManager "
    "probes new ports for a while: wait half a minute, or keep it away with "
    "ENV{ID_MM_DEVICE_IGNORE}=\"1\" in /etc/udev/rules.d/50-particle.rules";

static osb_status busy_fail(osb_error *error, const char *path)
{
    char holder[SERIAL_TEXT_SIZE];
    serial_holder_name(path, holder, sizeof holder);
    return osb_fail(error, OSB_ERR_BUSY, path, hint_holder, "the serial port is in use by %s",
                    holder[0] ? holder : "another program");
}

/* Why an operation of the system failed, by its errno. */
static osb_status system_fail(osb_error *error, int code, const char *path, const char *what)
{
    switch (code) {
    case EACCES:
    case EPERM:
        return osb_fail(error, OSB_ERR_PERMISSION, path, hint_group, "no permission to %s", what);
    case EBUSY:
    case EWOULDBLOCK:
        return busy_fail(error, path);
    case ENOENT:
        return osb_fail(error, OSB_ERR_NOT_FOUND, path, "run 'osbundle serial list'",
                        "there is no such serial port");
    case ENODEV:
    case ENXIO:
    case EIO:
        return osb_fail(error, OSB_ERR_DISCONNECTED, path,
                        "check the cable, plug the board in again and run the same command",
                        "the serial port is gone");
    }
    return osb_fail(error, OSB_ERR_IO, path, "plug the board in again and run the same command",
                    "cannot %s: %s", what, strerror(code));
}

static osb_status lsp_fail(osb_error *error, enum sp_return returned, const char *path,
                           const char *what)
{
    switch (returned) {
    case SP_ERR_FAIL:
        return system_fail(error, sp_last_error_code(), path, what);
    case SP_ERR_MEM:
        return osb_fail_memory(error);
    case SP_ERR_ARG:
    case SP_ERR_SUPP:
    case SP_OK:
        break;
    }
    return osb_fail(error, OSB_ERR_IO, path, "name a serial port: run 'osbundle serial list'",
                    "cannot %s: this is no serial port that can", what);
}

/*
 * "1-2.3" of a port that is an interface of a USB device: sysfs links it to "...1-2.3:1.0". Ports
 * behind converters hang one level deeper and stay without.
 */
static void read_usb_port(const char *path, char usb_port[USB_PORT_SIZE])
{
    char link[PATH_MAX], target[PATH_MAX];
    const char *name = strrchr(path, '/');
    usb_port[0] = '\0';
    text_format(link, sizeof link, "/sys/class/tty/%s/device", name ? name + 1 : path);
    ssize_t size = readlink(link, target, sizeof target - 1);
    if (size <= 0)
        return;
    target[size] = '\0';
    const char *interface = strrchr(target, '/');
    interface = interface ? interface + 1 : target;
    size_t length = strcspn(interface, ":");
    if (interface[length] == ':' && length < USB_PORT_SIZE)
        text_copy(usb_port, length + 1, interface);
}

static void keep_text(char target[SERIAL_TEXT_SIZE], const char *text)
{
    text_printable(target, SERIAL_TEXT_SIZE, text ? text : "", text ? strlen(text) : 0);
}

static void describe(const struct sp_port *port, serial_identity *found)
{
    int vendor, product;
    *found = (serial_identity){0};
    text_copy(found->path, sizeof found->path, sp_get_port_name(port));
    if (sp_get_port_usb_vid_pid(port, &vendor, &product) != SP_OK)
        return;
    found->vendor_id = (uint16_t)vendor;
    found->product_id = (uint16_t)product;
    keep_text(found->serial_number, sp_get_port_usb_serial(port));
    keep_text(found->product, sp_get_port_usb_product(port));
    read_usb_port(found->path, found->usb_port);
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const serial_identity *)a)->path, ((const serial_identity *)b)->path);
}

static osb_status lsp_list(transport *bus, serial_identity *ports, size_t capacity, size_t *count,
                           osb_error *error)
{
    struct sp_port **list;
    (void)bus;
    enum sp_return listed = sp_list_ports(&list);
    if (listed != SP_OK)
        return lsp_fail(error, listed, "serial ports", "list the serial ports");
    for (size_t i = 0; list[i] && *count < capacity; i++)
        describe(list[i], &ports[(*count)++]);
    sp_free_port_list(list);
    qsort(ports, *count, sizeof *ports, compare_paths);
    return OSB_OK;
}

/* Holds an open port against others, and finds out whether others hold it against us. */
static osb_status hold(lsp_port *opened, osb_error *error)
{
    int terminal, exclusive = 0;
    if (sp_get_port_handle(opened->port, &terminal) != SP_OK)
        return system_fail(error, ENODEV, opened->path, "open the serial port");
    if (ioctl(terminal, TIOCGEXCL, &exclusive) == 0 && exclusive)
        return busy_fail(error, opened->path);
    if (flock(terminal, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return busy_fail(error, opened->path);
    if (ioctl(terminal, TIOCEXCL) != 0)
        return system_fail(error, errno, opened->path, "hold the serial port");
    opened->terminal = terminal;
    return OSB_OK;
}

static enum sp_return set_plain_line(struct sp_port *port, uint32_t baud_rate)
{
    enum sp_return set = sp_set_bits(port, 8);
    if (set == SP_OK)
        set = sp_set_parity(port, SP_PARITY_NONE);
    if (set == SP_OK)
        set = sp_set_stopbits(port, 1);
    if (set == SP_OK)
        set = sp_set_flowcontrol(port, SP_FLOWCONTROL_NONE);
    return set == SP_OK ? sp_set_baudrate(port, (int)baud_rate) : set;
}

static void lsp_close(serial_port *base)
{
    lsp_port *opened = (lsp_port *)base;
    if (opened->is_open) {
        /* Exclusive mode would outlive this while another program has the port open, too. */
        if (opened->terminal >= 0)
            (void)ioctl(opened->terminal, TIOCNXCL);
        /* Else closing waits half a minute for a board that takes nothing. */
        (void)sp_flush(opened->port, SP_BUF_OUTPUT);
        (void)sp_close(opened->port);
    }
    sp_free_port(opened->port);
    free(opened);
}

/* libserialport knows ports by the names the kernel gave, not by udev's links to them. */
static osb_status find_port(const char *path, lsp_port *opened, osb_error *error)
{
    char *real = realpath(path, NULL);
    if (!real)
        return system_fail(error, errno, path, "find the serial port");
    enum sp_return known = sp_get_port_by_name(real, &opened->port);
    text_copy(opened->path, sizeof opened->path, real);
    free(real);
    return known == SP_OK ? OSB_OK : lsp_fail(error, known, path, "open it");
}

static osb_status open_port(lsp_port *opened, const char *path, uint32_t baud_rate,
                            osb_error *error)
{
    TRY(find_port(path, opened, error));
    enum sp_return code = sp_open(opened->port, SP_MODE_READ_WRITE);
    if (code != SP_OK)
        return lsp_fail(error, code, opened->path, "open the serial port");
    opened->is_open = true;
    TRY(hold(opened, error));
    code = set_plain_line(opened->port, baud_rate);
    return code == SP_OK ? OSB_OK : lsp_fail(error, code, opened->path, "set up the serial port");
}

static osb_status lsp_open(transport *bus, const char *path, uint32_t baud_rate, serial_port **port,
                           osb_error *error)
{
    if (baud_rate > INT_MAX)
        return osb_fail(error, OSB_ERR_USAGE, path, NULL, "%u baud is too much", baud_rate);
    lsp_port *opened = calloc(1, sizeof *opened);
    if (!opened)
        return osb_fail_memory(error);
    *opened = (lsp_port){.base = {bus}, .terminal = -1};
    osb_status status = open_port(opened, path, baud_rate, error);
    if (status == OSB_OK)
        *port = &opened->base;
    else
        lsp_close(&opened->base);
    return status;
}

static osb_status lsp_set_rate(serial_port *base, uint32_t baud_rate, osb_error *error)
{
    lsp_port *opened = (lsp_port *)base;
    enum sp_return set = sp_set_baudrate(opened->port, (int)baud_rate);
    return set == SP_OK ? OSB_OK : lsp_fail(error, set, opened->path, "set the baud rate");
}

static osb_status lsp_set_lines(serial_port *base, bool terminal_ready, bool request_to_send,
                                osb_error *error)
{
    lsp_port *opened = (lsp_port *)base;
    enum sp_return set = sp_set_dtr(opened->port, terminal_ready ? SP_DTR_ON : SP_DTR_OFF);
    if (set == SP_OK)
        set = sp_set_rts(opened->port, request_to_send ? SP_RTS_ON : SP_RTS_OFF);
    return set == SP_OK ? OSB_OK : lsp_fail(error, set, opened->path, "set the modem lines");
}

/* The next piece of a wait; 0 at its end. */
static osb_status next_slice(const lsp_port *opened, uint64_t deadline_ms, uint32_t *slice_ms,
                             osb_error *error)
{
    TRY(transport_wait(opened->base.bus, 0, error)); /* asks whether to stop */
    uint64_t now = transport_now_ms(opened->base.bus);
    uint64_t left = now < deadline_ms ? deadline_ms - now : 0;
    *slice_ms = left < SLICE_MS ? (uint32_t)left : SLICE_MS;
    return OSB_OK;
}

static osb_status lsp_read(serial_port *base, uint8_t *data, size_t capacity, uint32_t timeout_ms,
                           size_t *received, osb_error *error)
{
    lsp_port *opened = (lsp_port *)base;
    uint64_t deadline_ms = transport_now_ms(base->bus) + timeout_ms;
    for (;;) {
        uint32_t slice_ms;
        TRY(next_slice(opened, deadline_ms, &slice_ms, error));
        enum sp_return got = slice_ms
                                 ? sp_blocking_read_next(opened->port, data, capacity, slice_ms)
                                 : sp_nonblocking_read(opened->port, data, capacity);
        if (got < 0)
            return lsp_fail(error, got, opened->path, "read from the serial port");
        *received = (size_t)got;
        /* A port whose board has left reads as silence; its queue cannot be asked for. */
        enum sp_return there = got ? SP_OK : sp_input_waiting(opened->port);
        if (there < 0)
            return lsp_fail(error, there, opened->path, "read from the serial port");
        if (got || !slice_ms)
            return OSB_OK;
    }
}

static osb_status slow_fail(const lsp_port *opened, osb_error *error)
{
    return osb_fail(error, OSB_ERR_TIMEOUT, opened->path,
                    "press the board's RESET button and run the same command",
                    "the board takes no bytes from its serial port");
}

static osb_status lsp_write(serial_port *base, span bytes, uint32_t timeout_ms, osb_error *error)
{
    lsp_port *opened = (lsp_port *)base;
    uint64_t deadline_ms = transport_now_ms(base->bus) + timeout_ms;
    for (size_t done = 0; done < bytes.size;) {
        uint32_t slice_ms;
        TRY(next_slice(opened, deadline_ms, &slice_ms, error));
        if (!slice_ms)
            return slow_fail(opened, error);
        enum sp_return put =
            sp_blocking_write(opened->port, bytes.data + done, bytes.size - done, slice_ms);
        if (put < 0)
            return lsp_fail(error, put, opened->path, "write to the serial port");
        done += (size_t)put;
    }
    return OSB_OK;
}

/* sp_drain could wait for ever. */
static osb_status lsp_drain(serial_port *base, uint32_t timeout_ms, osb_error *error)
{
    lsp_port *opened = (lsp_port *)base;
    uint64_t deadline_ms = transport_now_ms(base->bus) + timeout_ms;
    for (;;) {
        uint32_t slice_ms;
        enum sp_return waiting = sp_output_waiting(opened->port);
        if (waiting < 0)
            return lsp_fail(error, waiting, opened->path, "write to the serial port");
        if (!waiting)
            return OSB_OK;
        TRY(next_slice(opened, deadline_ms, &slice_ms, error));
        if (!slice_ms)
            return slow_fail(opened, error);
        TRY(transport_wait(base->bus, 1, error));
    }
}

const serial_operations serial_lsp_operations = {
    .list = lsp_list,
    .open = lsp_open,
    .close = lsp_close,
    .set_rate = lsp_set_rate,
    .set_lines = lsp_set_lines,
    .read = lsp_read,
    .write = lsp_write,
    .drain = lsp_drain,
};
