/*
 * Who is who on a bus: a small table by port, behind a lock.
 *
 * Opens nothing and waits for nothing. Invariant: an id is told only of the very arrival that it
 * was read from.
 */
#include "device/census.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/text.h"

typedef struct census_entry {
    char port[USB_PORT_SIZE]; /**< empty: the entry is free */
    uint32_t arrival;
    char device_id[DEVICE_ID_SIZE]; /**< of that arrival; empty: nobody knows */
    bool expected;
} census_entry;

struct census {
    pthread_mutex_t lock; /**< of the entries */
    census_entry entries[USB_DEVICES_MAX];
};

osb_status census_make(census **made, osb_error *error)
{
    *made = calloc(1, sizeof **made);
    if (!*made)
        return osb_fail_memory(error);
    (*made)->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    return OSB_OK;
}

void census_free(census *known)
{
    if (known)
        pthread_mutex_destroy(&known->lock);
    free(known);
}

/** With the lock held: the port's entry, a new one at first; NULL when the table is full. */
static census_entry *entry_of(census *known, const char *port)
{
    for (size_t i = 0; i < USB_DEVICES_MAX; i++) {
        census_entry *entry = &known->entries[i];
        if (!entry->port[0])
            text_copy(entry->port, sizeof entry->port, port);
        if (text_equal(entry->port, port))
            return entry;
    }
    return NULL;
}

void census_note(census *known, const usb_identity *usb, const char *device_id)
{
    if (!known)
        return;
    pthread_mutex_lock(&known->lock);
    census_entry *entry = entry_of(known, usb->port);
    if (entry) {
        entry->arrival = usb->arrival;
        text_copy(entry->device_id, sizeof entry->device_id, device_id);
    }
    pthread_mutex_unlock(&known->lock);
}

bool census_find(census *known, const usb_identity *usb, char device_id[DEVICE_ID_SIZE])
{
    device_id[0] = '\0';
    if (!known)
        return false;
    pthread_mutex_lock(&known->lock);
    const census_entry *entry = entry_of(known, usb->port);
    if (entry && entry->arrival == usb->arrival)
        text_copy(device_id, DEVICE_ID_SIZE, entry->device_id);
    pthread_mutex_unlock(&known->lock);
    return device_id[0] != '\0';
}

void census_expect(census *known, const char *port, bool expected)
{
    if (!known)
        return;
    pthread_mutex_lock(&known->lock);
    census_entry *entry = entry_of(known, port);
    if (entry)
        entry->expected = expected;
    pthread_mutex_unlock(&known->lock);
}

bool census_is_expected(census *known, const char *port)
{
    if (!known)
        return false;
    pthread_mutex_lock(&known->lock);
    const census_entry *entry = entry_of(known, port);
    const bool expected = entry && entry->expected;
    pthread_mutex_unlock(&known->lock);
    return expected;
}
