/*
 * Many requests at once, on libcurl's multi interface.
 *
 * What one answer means is http_transfer.c. Invariant: never more than `in_flight` requests are
 * open, none is left open on return, and without permission to use the network no libcurl handle
 * is even made, nor the library loaded.
 */
#include "net/http.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/http_transfer.h"

enum {
    POLL_MS = 100 /**< how soon a cancellation is noticed */
};

const http_limits http_limits_default = {
    .in_flight = 8,
    .attempts = 4,
    .redirects = 10,
    .connect_timeout_ms = 15 * 1000,
    .stall_timeout_s = 20,
    .backoff_ms = 500,
    .retry_after_max_ms = 60 * 1000,
};

struct http {
    net_options options;
    http_limits limits;
    curl_library curl;
    bool started; /**< libcurl is loaded and initialised */
    CURLM *multi;
    uint64_t chance; /**< of pauses between attempts; never 0 */
};

/** The requests of one call. */
typedef struct batch {
    http *client;
    transfer *items; /**< largest first */
    size_t count;
    transfer_tally tally;
} batch;

static void take_patience(http_limits *limits, const net_patience *patience)
{
    limits->attempts = patience->attempts ? patience->attempts : limits->attempts;
    limits->backoff_ms = patience->retry_delay_ms ? patience->retry_delay_ms : limits->backoff_ms;
    limits->stall_timeout_s =
        patience->stall_timeout_s ? patience->stall_timeout_s : limits->stall_timeout_s;
    limits->retry_after_max_ms =
        patience->wait_max_ms ? patience->wait_max_ms : limits->retry_after_max_ms;
}

osb_status http_open(const net_options *options, const http_limits *limits, http **opened,
                     osb_error *error)
{
    http *client = calloc(1, sizeof *client);
    if (!client)
        return osb_fail_memory(error);
    client->options = *options;
    client->limits = *limits;
    take_patience(&client->limits, &options->patience);
    client->chance = clock_monotonic_us() << 16 | (uint64_t)getpid() << 1 | 1;
    *opened = client;
    return OSB_OK;
}

void http_close(http *client)
{
    if (!client)
        return;
    if (client->multi)
        client->curl.curl_multi_cleanup(client->multi);
    if (client->started)
        client->curl.curl_global_cleanup();
    free(client);
}

static osb_status start(http *client, osb_error *error)
{
    const curl_library *curl = &client->curl;
    if (client->multi)
        return OSB_OK;
    TRY(curl_library_open(&client->curl, error));
    if (!client->started && curl->curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return osb_fail(error, OSB_ERR_INTERNAL, NULL, NULL, "libcurl cannot be started");
    client->started = true;
    client->multi = curl->curl_multi_init();
    return client->multi ? OSB_OK : osb_fail_memory(error);
}

static void batch_drop(batch *run)
{
    const http *client = run->client;
    for (size_t i = 0; i < run->count; i++) {
        if (run->items[i].state == TRANSFER_RUNNING && run->items[i].easy)
            client->curl.curl_multi_remove_handle(client->multi, run->items[i].easy);
        transfer_drop(&run->items[i]);
    }
    free(run->items);
}

static int larger_first(const void *a, const void *b)
{
    const http_request *left = ((const transfer *)a)->request;
    const http_request *right = ((const transfer *)b)->request;
    if (left->size != right->size)
        return left->size > right->size ? -1 : 1;
    return left < right ? -1 : left > right;
}

static osb_status batch_make(http *client, http_request *requests, size_t count, batch *run,
                             osb_error *error)
{
    bool sizes_known = true;
    run->items = calloc(count, sizeof *run->items);
    if (!run->items)
        return osb_fail_memory(error);
    run->client = client;
    run->count = count;
    for (size_t i = 0; i < count; i++) {
        run->items[i] = (transfer){.curl = &client->curl,
                                   .options = &client->options,
                                   .limits = &client->limits,
                                   .tally = &run->tally};
        transfer_make(&run->items[i], &requests[i]);
        run->tally.total += requests[i].size;
        sizes_known = sizes_known && requests[i].size;
    }
    if (!sizes_known)
        run->tally.total = 0;
    qsort(run->items, count, sizeof *run->items, larger_first);
    return OSB_OK;
}

static size_t count_in_state(const batch *run, transfer_state state)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        count += run->items[i].state == state;
    return count;
}

/** Begins what is due, as far as there is room. */
static osb_status begin_due(batch *run, osb_error *error)
{
    const http *client = run->client;
    uint64_t now = clock_monotonic_ms();
    size_t running = count_in_state(run, TRANSFER_RUNNING);
    for (size_t i = 0; i < run->count && running < client->limits.in_flight; i++) {
        transfer *item = &run->items[i];
        if (item->state != TRANSFER_WAITING || item->not_before_ms > now)
            continue;
        TRY(transfer_begin(item, error));
        if (client->curl.curl_multi_add_handle(client->multi, item->easy) != CURLM_OK)
            return osb_fail_memory(error);
        running++;
    }
    return OSB_OK;
}

static osb_status finish_ended(batch *run, osb_error *error)
{
    const curl_library *curl = &run->client->curl;
    CURL_LOCAL(curl, curl_easy_getinfo);
    CURLM *multi = run->client->multi;
    int left;
    for (CURLMsg *message; (message = curl->curl_multi_info_read(multi, &left));) {
        if (message->msg != CURLMSG_DONE)
            continue;
        char *private = NULL;
        CURL *easy = message->easy_handle;
        CURLcode result = message->data.result; /* gone once the handle is removed */
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        curl->curl_multi_remove_handle(multi, easy);
        TRY(transfer_finish((transfer *)(void *)private, result, error));
    }
    return OSB_OK;
}

static osb_status check_cancelled(const http *client, osb_error *error)
{
    const net_options *options = &client->options;
    if (!options->cancelled || !options->cancelled(options->cancelled_context))
        return OSB_OK;
    return osb_fail(error, OSB_ERR_INTERRUPTED, NULL, "run the same command again to go on",
                    "the download was stopped");
}

/** How long nothing can be done but wait for the network or for a later attempt. */
static uint32_t idle_ms(const batch *run)
{
    uint64_t now = clock_monotonic_ms(), wait = POLL_MS;
    if (count_in_state(run, TRANSFER_RUNNING) >= run->client->limits.in_flight)
        return POLL_MS;
    for (size_t i = 0; i < run->count; i++) {
        uint64_t due = run->items[i].not_before_ms;
        if (run->items[i].state == TRANSFER_WAITING && due < now + wait)
            wait = due > now ? due - now : 0;
    }
    return (uint32_t)wait;
}

static osb_status wait_for_news(const batch *run, osb_error *error)
{
    const http *client = run->client;
    uint32_t wait = idle_ms(run);
    CURLMcode code = CURLM_OK;
    if (count_in_state(run, TRANSFER_RUNNING))
        code = client->curl.curl_multi_poll(client->multi, NULL, 0, (int)wait, NULL);
    else if (count_in_state(run, TRANSFER_WAITING))
        clock_sleep_ms(wait);
    if (code != CURLM_OK)
        return osb_fail(error, OSB_ERR_INTERNAL, NULL, NULL, "libcurl: %s",
                        client->curl.curl_multi_strerror(code));
    return OSB_OK;
}

static osb_status batch_run(batch *run, osb_error *error)
{
    const http *client = run->client;
    int running;
    while (count_in_state(run, TRANSFER_DONE) < run->count) {
        TRY(check_cancelled(client, error));
        TRY(begin_due(run, error));
        CURLMcode code = client->curl.curl_multi_perform(client->multi, &running);
        if (code != CURLM_OK)
            return osb_fail(error, OSB_ERR_INTERNAL, NULL, NULL, "libcurl: %s",
                            client->curl.curl_multi_strerror(code));
        TRY(finish_ended(run, error));
        TRY(wait_for_news(run, error));
    }
    return OSB_OK;
}

osb_status http_get(http *client, http_request *requests, size_t count,
                    const fetch_progress *progress, osb_error *error)
{
    if (!count)
        return OSB_OK;
    if (client->options.offline)
        return osb_fail(error, OSB_ERR_OFFLINE, requests[0].name,
                        "run it once without --offline, or use a folder as the source",
                        "needs the network, and offline was asked for");
    TRY(start(client, error));
    __attribute__((cleanup(batch_drop)))
    batch run = {.tally = {.progress = progress, .chance = client->chance}};
    TRY(batch_make(client, requests, count, &run, error));
    osb_status status = batch_run(&run, error);
    client->chance = run.tally.chance;
    return status;
}

osb_status http_download(http *client, download *downloads, size_t count,
                         const fetch_progress *progress, osb_error *error)
{
    ARENA_OWNED memory = {0};
    http_request *requests = arena_take(&memory, count, sizeof *requests);
    if (!requests)
        return osb_fail_memory(error);
    for (size_t i = 0; i < count; i++)
        requests[i] = (http_request){.url = downloads[i].file->location,
                                     .name = downloads[i].file->name,
                                     .accept = "application/octet-stream",
                                     .size = downloads[i].file->size,
                                     .sha256 = downloads[i].sha256,
                                     .keep = HTTP_KEEP_PART,
                                     .may_be_absent = downloads[i].file->is_guess,
                                     .content = &downloads[i].content};
    osb_status status = http_get(client, requests, count, progress, error);
    for (size_t i = 0; i < count; i++) {
        downloads[i].resumed = requests[i].resumed;
        downloads[i].absent = requests[i].absent;
    }
    return status;
}
