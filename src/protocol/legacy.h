#pragma once
/**
 * Control requests of Device OS 0.6.0 to 0.8.0-rc.1: one raw vendor request at a time, handed over
 * by an OUT transfer, its reply fetched by an IN transfer of the same type. There are no results: a
 * reply that is not there, or will never be, is refused. Facts: Device OS 0.7.0
 * system/src/system_control.cpp. For the files of this folder.
 */
#include "base/buf.h"
#include "base/error.h"
#include "protocol/link.h"

enum {
    LEGACY_REPLY_MAX = 512 /**< bytes that the system keeps; longer replies are cut by it */
};

/** Hands over a request without data. The board does as asked a moment later, without an answer. */
osb_status legacy_order(const usb_link *link, uint16_t type, const char *purpose,
                        osb_error *error) OSB_MUST_CHECK;

/**
 * Hands over a request and appends its reply. OSB_ERR_TIMEOUT when the board has none within two
 * seconds; OSB_ERR_STALL when it does not know the request, or is busy with another.
 */
osb_status legacy_ask(const usb_link *link, uint16_t type, const char *purpose, buf *reply,
                      osb_error *error) OSB_MUST_CHECK;
