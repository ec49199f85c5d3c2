/*
 * Taking a board into the hand, in either mode, and letting it go.
 *
 * What to do when it restarts is in rejoin.c. Invariant: `link.handle` is NULL exactly while the
 * board is not attached, and then nothing else of the session is valid but its identity.
 */
#include <stdlib.h>

#include "base/text.h"
#include "device/held.h"
#include "protocol/descriptor.h"
#include "protocol/requests.h"

enum {
    MANUFACTURER_STRING = 1 /* of every Particle board */
};

static const char first_channel_version[] = "0.8.0-rc.2";
static const char first_chunked_version[] = "1.5.0";

static void name_held(device *held)
{
    text_copy(held->name, sizeof held->name, held->device_id[0] ? held->device_id : held->usb.port);
}

static bool is_before(const device *held, const char *version)
{
    return held->os_version[0] && version_compare_text(held->os_version, version) < 0;
}

/** Gen 2 boards alone were sold with systems from before the request channel. */
static bool is_legacy(const device *held)
{
    return held->board->mcu == MCU_STM32F2 && is_before(held, first_channel_version);
}

osb_status held_read_version(device *held, osb_error *error)
{
    char told[REQUEST_TEXT_SIZE];
    osb_status status = request_raw_version(&held->link, told, error);
    text_copy(held->os_version, sizeof held->os_version, status == OSB_OK ? told : "");
    held->channel = (control_channel){.link = &held->link,
                                      .single_transfer = is_before(held, first_chunked_version),
                                      .legacy = is_legacy(held)};
    return status;
}

/* A board that cannot tell its version, or has no control channel, is still a board; only one that
 * leaves is an error. */
static osb_status begin_normal(device *held, osb_error *error)
{
    held->link.data_stage_required = held->board->control_out_needs_data;
    osb_status status = held_read_version(held, error);
    if (status == OSB_ERR_DISCONNECTED)
        return status;
    status = control_reset_all(&held->channel, error);
    return status == OSB_ERR_DISCONNECTED ? status : OSB_OK;
}

static osb_status begin_dfu(device *held, osb_error *error)
{
    held->link.data_stage_required = false; /* bootloaders take empty class requests */
    held->selected = HELD_NO_ALTERNATE;
    return dfu_open(&held->dfu, &held->link, error);
}

osb_status held_attach(device *held, contact *board, osb_error *error)
{
    held->link = (usb_link){.handle = board->handle, .subject = held->name};
    board->handle = NULL;
    held->usb = board->usb;
    held->in_dfu = board->in_dfu;
    if (board->device_id[0])
        text_copy(held->device_id, sizeof held->device_id, board->device_id);
    name_held(held);
    osb_status status = held->in_dfu ? begin_dfu(held, error) : begin_normal(held, error);
    if (status != OSB_OK) {
        held_detach(held);
        return status;
    }
    log_line(held->log, LOG_DEBUG, "device", "%s: %s on usb:%s in %s mode", held->name,
             held->board->name, held->usb.port, held->in_dfu ? "DFU" : "normal");
    return OSB_OK;
}

void held_detach(device *held)
{
    transport_close(held->link.handle);
    held->link.handle = NULL;
}

osb_status held_require(const device *held, bool in_dfu, osb_error *error)
{
    if (!held->link.handle)
        return osb_fail(error, OSB_ERR_DISCONNECTED, held->name,
                        "plug the board in again and run the same command",
                        "the board is not connected");
    if (held->in_dfu != in_dfu)
        return osb_fail(error, OSB_ERR_REFUSED, held->name,
                        in_dfu ? "bring the board into DFU mode first" : "restart the board first",
                        "this needs %s mode, but the board is in %s mode",
                        in_dfu ? "DFU" : "normal", held->in_dfu ? "DFU" : "normal");
    return OSB_OK;
}

osb_status held_select(device *held, uint8_t alternate, osb_error *error)
{
    if (held->selected == alternate)
        return OSB_OK;
    held->selected = HELD_NO_ALTERNATE;
    TRY(dfu_read_map(&held->dfu, alternate, &held->map, error));
    TRY(dfu_select(&held->dfu, alternate, error));
    held->selected = alternate;
    return OSB_OK;
}

osb_status device_open(transport *bus, const platform_list *platforms, const device_entry *entry,
                       const log_sink *log, device **held, osb_error *error)
{
    CONTACT_OWNED board = {0};
    *held = NULL;
    TRY(contact_open(bus, platforms, &entry->usb, &board, error));
    if (!board.device_id[0]) /* the same arrival is the same board, even when its id stalls now */
        text_copy(board.device_id, sizeof board.device_id, entry->device_id);
    if (entry->device_id[0] && !text_equal(entry->device_id, board.device_id))
        return osb_fail(error, OSB_ERR_DISCONNECTED, entry->device_id,
                        "run 'osbundle devices' and try again", "another board is on usb:%s now",
                        entry->usb.port);
    device *opened = calloc(1, sizeof *opened);
    if (!opened)
        return osb_fail_memory(error);
    opened->bus = bus;
    opened->platforms = platforms;
    opened->log = log;
    opened->board = board.board;
    osb_status status = held_attach(opened, &board, error);
    if (status != OSB_OK) {
        free(opened);
        return status;
    }
    *held = opened;
    return OSB_OK;
}

void device_close(device *held)
{
    if (!held)
        return;
    held_detach(held);
    free(held);
}

void device_join_census(device *held, census *known)
{
    held->known = known;
    if (held->device_id[0])
        census_note(known, &held->usb, held->device_id);
}

void device_locate(const device *held, device_entry *entry)
{
    entry->usb = held->usb;
    entry->in_dfu = held->in_dfu;
}

const char *device_id(const device *held)
{
    return held->device_id;
}

bool device_in_dfu(const device *held)
{
    return held->in_dfu;
}

transport *device_transport(const device *held)
{
    return held->bus;
}

bool device_is_simulated(const device *held)
{
    char manufacturer[STRING_TEXT_SIZE];
    osb_error ignored;
    if (held->bus->simulated)
        return true;
    return held->link.handle &&
           descriptor_read_string(&held->link, MANUFACTURER_STRING, manufacturer, &ignored) ==
               OSB_OK &&
           text_ends_with(manufacturer, "(osbundle simulator)");
}
