/*
 * Holding on to a board that restarts: waiting until it left, and finding it again by its id.
 *
 * Port, product id and mode may all be different then; id and platform may not. Waits for the bus
 * to change instead of sleeping. Invariant: no wait is unbounded, and no board is ever taken for
 * another one.
 */
#include "base/text.h"
#include "device/held.h"

enum {
    RETURN_MS = 65000, /* 60 s dark are allowed: a bootloader may be copying */
    /* A lost event, or a board that is there but not ready, costs at most this. */
    LOOK_AGAIN_MS = 250,
    /* Most boards are back by then; users of those that are not should know that it is all right.
     */
    LONG_MS = 15000
};

/* A search for the held board. */
typedef struct search {
    device *held;
    usb_identity devices[USB_DEVICES_MAX];
    size_t device_count;
    usb_identity others[USB_DEVICES_MAX]; /* known to be other boards */
    size_t other_count;
    osb_error last; /* why the device on the board's own port could not be taken */
} search;

static bool same_arrival(const usb_identity *a, const usb_identity *b)
{
    return a->arrival == b->arrival && text_equal(a->port, b->port);
}

static bool is_listed(const usb_identity *list, size_t count, const usb_identity *wanted)
{
    for (size_t i = 0; i < count; i++)
        if (same_arrival(&list[i], wanted))
            return true;
    return false;
}

/* Lets time pass until the next look; `*over` at the deadline. */
static osb_status wait_for_change(const device *held, uint64_t deadline_ms, bool *over,
                                  osb_error *error)
{
    uint64_t now = transport_now_ms(held->bus);
    *over = now >= deadline_ms;
    if (*over)
        return OSB_OK;
    uint64_t left = deadline_ms - now;
    return transport_wait_change(held->bus, left < LOOK_AGAIN_MS ? (uint32_t)left : LOOK_AGAIN_MS,
                                 error);
}

/* What is on the bus together with the held board is another board, whatever its id says. */
static void note_company(search *looking)
{
    looking->other_count = 0;
    for (size_t i = 0; i < looking->device_count; i++)
        if (!same_arrival(&looking->devices[i], &looking->held->usb))
            looking->others[looking->other_count++] = looking->devices[i];
}

static osb_status wait_until_left(search *looking, uint32_t leave_ms, osb_error *error)
{
    const device *held = looking->held;
    uint64_t deadline_ms = transport_now_ms(held->bus) + leave_ms;
    for (bool over = false; !over;) {
        TRY(transport_list(held->bus, looking->devices, USB_DEVICES_MAX, &looking->device_count,
                           error));
        if (!is_listed(looking->devices, looking->device_count, &held->usb))
            return OSB_OK;
        note_company(looking);
        TRY(wait_for_change(held, deadline_ms, &over, error));
    }
    return osb_fail(error, OSB_ERR_TIMEOUT, held->name,
                    "press its RESET button: its LED must go dark for a moment; then run 'osbundle "
                    "resume'",
                    "the board was told to restart, but is still there after %u s",
                    leave_ms / 1000);
}

/* Whether a contact is the held board. One without serial number (Gen 2 bootloaders of old) is
 * known by its port. */
static bool is_held_board(const device *held, const contact *board)
{
    if (board->device_id[0] && held->device_id[0])
        return text_equal(board->device_id, held->device_id);
    bool may_lack_id = !held->device_id[0] || held->board->mcu == MCU_STM32F2;
    return may_lack_id && !board->device_id[0] && board->board == held->board &&
           text_equal(board->usb.port, held->usb.port);
}

static osb_status other_platform_fail(const device *held, const contact *board, osb_error *error)
{
    return osb_fail(error, OSB_ERR_DEVICE, held->name,
                    "write nothing to it, whatever its LED shows: check what was flashed last, "
                    "and the board's markings",
                    "the board was a %s and came back as a %s on usb:%s", held->board->name,
                    board->board->name, board->usb.port);
}

/* Opens one candidate. `*is_it` tells whether it is the held board; it is still open then. */
static osb_status try_candidate(search *looking, const usb_identity *usb, contact *board,
                                bool *is_it, osb_error *error)
{
    device *held = looking->held;
    osb_error trouble = {0};
    *is_it = false;
    if (is_listed(looking->others, looking->other_count, usb) ||
        !platform_by_usb(held->platforms, usb->vendor_id, usb->product_id, NULL))
        return OSB_OK;
    osb_status status = contact_open(held->bus, held->platforms, usb, board, &trouble);
    if (status == OSB_ERR_INTERRUPTED)
        return osb_fail(error, status, held->name, trouble.hint, "%s", trouble.message);
    if (status != OSB_OK && text_equal(usb->port, held->usb.port))
        looking->last = trouble;
    if (status != OSB_OK)
        return OSB_OK; /* not ready yet, or gone again */
    if (board->device_id[0])
        census_note(held->known, usb, board->device_id);
    *is_it = is_held_board(held, board);
    if (*is_it)
        return board->board == held->board ? OSB_OK : other_platform_fail(held, board, error);
    /* One that did not tell its id this time may do so the next. */
    if (board->device_id[0] && looking->other_count < USB_DEVICES_MAX)
        looking->others[looking->other_count++] = *usb;
    contact_close(board);
    return OSB_OK;
}

/* Whether an arrival elsewhere may be the board, as far as others know who it is. */
static bool may_be_elsewhere(const device *held, const usb_identity *usb)
{
    char device_id[DEVICE_ID_SIZE];
    if (census_find(held->known, usb, device_id))
        return text_equal(device_id, held->device_id);
    return !census_is_expected(held->known, usb->port);
}

/* Looks on every port but the board's own. Two boards with its id would be a guess. */
static osb_status look_elsewhere(search *looking, contact *board, bool *found, osb_error *error)
{
    *found = false;
    for (size_t i = 0; i < looking->device_count; i++) {
        CONTACT_OWNED candidate = {0};
        bool is_it;
        if (text_equal(looking->devices[i].port, looking->held->usb.port) ||
            !may_be_elsewhere(looking->held, &looking->devices[i]))
            continue;
        TRY(try_candidate(looking, &looking->devices[i], &candidate, &is_it, error));
        if (!is_it)
            continue;
        if (*found)
            return osb_fail(error, OSB_ERR_DEVICE, looking->held->name,
                            "unplug one of them and run the same command again",
                            "two boards report the same device id: on usb:%s and usb:%s",
                            board->usb.port, candidate.usb.port);
        *found = true;
        *board = candidate;
        candidate.handle = NULL;
    }
    return OSB_OK;
}

static osb_status look_at_home(search *looking, contact *board, bool *found, osb_error *error)
{
    *found = false;
    for (size_t i = 0; i < looking->device_count && !*found; i++)
        if (text_equal(looking->devices[i].port, looking->held->usb.port))
            TRY(try_candidate(looking, &looking->devices[i], board, found, error));
    return OSB_OK;
}

/* One look at the bus. `*found`: the board is attached. */
static osb_status look(search *looking, bool *found, osb_error *error)
{
    CONTACT_OWNED board = {0};
    device *held = looking->held;
    TRY(transport_list(held->bus, looking->devices, USB_DEVICES_MAX, &looking->device_count,
                       error));
    TRY(look_at_home(looking, &board, found, error));
    if (!*found)
        TRY(look_elsewhere(looking, &board, found, error));
    if (!*found)
        return OSB_OK;
    osb_status status = held_attach(held, &board, &looking->last);
    *found = status == OSB_OK;
    if (status == OSB_ERR_INTERRUPTED)
        return osb_fail(error, status, held->name, looking->last.hint, "%s", looking->last.message);
    return OSB_OK;
}

static osb_status never_back_fail(const search *looking, uint32_t timeout_ms, osb_error *error)
{
    const osb_error *last = &looking->last;
    /* It is back, but not for us: the cure of that is what helps. */
    if (last->status == OSB_ERR_PERMISSION || last->status == OSB_ERR_BUSY) {
        if (error)
            *error = *last;
        return last->status;
    }
    return osb_fail(
        error, OSB_ERR_TIMEOUT, looking->held->name,
        "look at its LED: dark, check cable and power, wait a minute, press RESET; lit, "
        "plug it in again; then run 'osbundle resume'",
        "the board did not come back within %u s%s%s", timeout_ms / 1000,
        last->message[0] ? "; last: " : "", last->message);
}

static void tell_it_is_long(const search *looking, uint64_t began_ms, bool *told)
{
    if (*told || transport_now_ms(looking->held->bus) - began_ms < LONG_MS)
        return;
    *told = true;
    log_line(looking->held->log, LOG_WARNING, "device",
             "%s: away for %d s now; its LED may be dark for a minute while a bootloader is "
             "copied: leave it plugged in",
             looking->held->name, LONG_MS / 1000);
}

static osb_status find_again(search *looking, uint32_t timeout_ms, osb_error *error)
{
    const device *held = looking->held;
    uint64_t began_ms = transport_now_ms(held->bus), deadline_ms = began_ms + timeout_ms;
    bool told = false;
    for (bool over = false; !over;) {
        bool found;
        TRY(look(looking, &found, error));
        if (found)
            return OSB_OK;
        tell_it_is_long(looking, began_ms, &told);
        TRY(wait_for_change(held, deadline_ms, &over, error));
    }
    return never_back_fail(looking, timeout_ms, error);
}

static osb_status leave_and_return(device *held, uint32_t leave_ms, osb_error *error)
{
    search looking = {.held = held};
    TRY(wait_until_left(&looking, leave_ms, error));
    log_line(held->log, LOG_DEBUG, "device", "%s: restarting", held->name);
    return find_again(&looking, RETURN_MS, error);
}

/* From now on others leave alone what comes up on the board's port; until it is given up. */
static void expect_back(device *held, char port[USB_PORT_SIZE])
{
    held_detach(held);
    text_copy(port, USB_PORT_SIZE, held->usb.port);
    census_expect(held->known, port, true);
}

osb_status device_reconnect(device *held, uint32_t timeout_ms, osb_error *error)
{
    char port[USB_PORT_SIZE];
    search looking = {.held = held};
    expect_back(held, port);
    osb_status status = find_again(&looking, timeout_ms, error);
    census_expect(held->known, port, false);
    return status;
}

osb_status held_rejoin(device *held, uint32_t leave_ms, osb_error *error)
{
    char port[USB_PORT_SIZE];
    expect_back(held, port);
    osb_status status = leave_and_return(held, leave_ms, error);
    census_expect(held->known, port, false);
    return status;
}
