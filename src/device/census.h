#pragma once
/**
 * Who is who on a bus, for all threads that hold boards there.
 *
 * When many boards restart at once, each thread looks for its own. It does not have to open what
 * another has seen to be some other board, nor what comes up where another expects its board back:
 * that one will look, and note here whom it found.
 */
#include "transport/transport.h"

#include "model/snapshot.h"

typedef struct census census;

osb_status census_make(census **made, osb_error *error) OSB_MUST_CHECK;
/** NULL is fine, here and below: then nothing is known. */
void census_free(census *known);

/** Notes which board an arrival is. */
void census_note(census *known, const usb_identity *usb, const char *device_id);
/** The id of the board that an arrival is; false when nobody has seen that yet. */
bool census_find(census *known, const usb_identity *usb, char device_id[DEVICE_ID_SIZE]);

/** Whether somebody looks on that port for his board to come back. */
void census_expect(census *known, const char *port, bool expected);
bool census_is_expected(census *known, const char *port);
