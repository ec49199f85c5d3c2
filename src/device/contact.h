#pragma once
/** A moment with a device on the bus: opened, and asked who it is. For the files of this folder. */
#include "device/device.h"
#include "protocol/link.h"

typedef struct contact {
    usb_identity usb;
    const platform *board;
    bool in_dfu;
    usb_handle *handle;
    char device_id[DEVICE_ID_SIZE]; /**< empty: the board has no readable serial number */
} contact;

/**
 * Opens a device and reads its id. OSB_ERR_NOT_FOUND when it is no Particle board. On success the
 * caller closes it with contact_close, or takes over `handle` and sets it NULL.
 */
osb_status contact_open(transport *bus, const platform_list *platforms, const usb_identity *usb,
                        contact *made, osb_error *error) OSB_MUST_CHECK;
void contact_close(contact *made);
#define CONTACT_OWNED __attribute__((cleanup(contact_close))) contact
