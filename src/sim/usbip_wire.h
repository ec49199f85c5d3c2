#pragma once
/** The bytes of USB/IP 1.1.1 (Linux Documentation/usb/usbip_protocol.rst). Inside sim/ only. */
#include "base/buf.h"
#include "sim/sim.h"

enum {
    USBIP_VERSION = 0x0111,
    USBIP_OPERATION_SIZE = 8, /**< version, code, status */
    USBIP_BUS_ID_SIZE = 32,
    USBIP_COMMAND_SIZE = 48
};

/** Before a board is imported. */
enum usbip_operation {
    OPERATION_REPLY_IMPORT = 0x0003,
    OPERATION_REPLY_LIST = 0x0005,
    OPERATION_IMPORT = 0x8003,
    OPERATION_LIST = 0x8005
};

enum usbip_operation_status {
    OPERATION_OK = 0,
    OPERATION_BUSY = 2,
    OPERATION_NO_DEVICE = 4
};

/** From then on. */
enum usbip_command_code {
    COMMAND_SUBMIT = 1,
    COMMAND_UNLINK = 2,
    REPLY_SUBMIT = 3,
    REPLY_UNLINK = 4
};

/** URB status, as Linux numbers them. */
enum usbip_urb_status {
    URB_DONE = 0,
    URB_STALLED = -32,
    URB_UNLINKED = -104
};

typedef struct usbip_command {
    uint32_t code;
    uint32_t sequence;
    bool in; /**< data goes to the host */
    uint32_t endpoint;
    uint32_t length;   /**< of the data; what goes to the board follows the command */
    usb_setup setup;   /**< of endpoint 0 */
    uint32_t unlinked; /**< the sequence number that COMMAND_UNLINK takes back */
} usbip_command;

/** Reads USBIP_COMMAND_SIZE bytes; false for what is no command. */
bool usbip_command_parse(span bytes, usbip_command *command);

void usbip_append_submit_reply(buf *out, uint32_t sequence, int32_t status, uint32_t actual,
                               span data);
void usbip_append_unlink_reply(buf *out, uint32_t sequence, int32_t status);
void usbip_append_operation(buf *out, uint16_t code, uint32_t status);
/** A board's entry of a list or of the answer to an import. */
void usbip_append_board(buf *out, const sim_board *board, uint32_t number);
/** The classes of its interfaces, which only a list holds. */
void usbip_append_interfaces(buf *out, const sim_board *board);
