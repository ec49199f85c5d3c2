#pragma once
/** What the facade's files share. Private to osbundle*.c. */
#include "osbundle.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "device/device.h"
#include "model/platform.h"
#include "model/release.h"
#include "net/index_guard.h"
#include "net/source.h"
#include "osbundle_pool.h"
#include "sim/sim.h"
#include "store/cache.h"

/** What the user calls the place of a fixture that is wired to a port. */
typedef struct port_label {
    char port[USB_PORT_SIZE];
    const char *name;
} port_label;

struct osb_context {
    arena memory; /**< copies of the options, platforms */
    osb_hooks hooks;
    pthread_mutex_t telling; /**< one hook at a time: call them by the functions below */
    uint32_t button_wait_ms;
    bool prerelease; /**< short words may name pre-releases */
    log_sink log;
    platform_list platforms;
    catalog known;
    cache *store;
    net_options net;
    index_guard guard;
    source_order sources;
    const char *const *trusted_keys; /**< as in osb_options */
    size_t trusted_key_count;
    const char *state;          /**< the folder of what must not be lost: journals */
    atomic_uint boards_in_work; /**< being written to: waits on the bus are not cut short then */
    file_pool files;            /**< being written to boards */
    port_label *labels;
    size_t label_count;
    const char *const *simulated;
    size_t simulated_count;
    sim_world *world;           /**< with simulated boards, once a board is needed */
    transport *bus;             /**< NULL until a board is needed; `wire`, or a trace around it */
    transport *wire;            /**< the world's own, or libusb's, or a replay */
    const char *trace, *replay; /**< paths; NULL for none */
    FILE *trace_file;           /**< NULL: not open, or not any more */
    pthread_mutex_t trace_lock; /**< of the file */
};

/* osbundle_hooks.c: from any thread */
void context_take_hooks(osb_context *context, const osb_hooks *hooks);
void context_tell(osb_context *context, const osb_event *event);
bool context_is_cancelled(osb_context *context);
void context_tell_board(osb_context *context, const osb_fleet *listener, const osb_board *board);

/** Reads the labels; OSB_ERR_USAGE for one that is no "PORT=NAME" or names something twice. */
osb_status context_take_labels(osb_context *context, const char *const *labels, size_t count,
                               osb_error *error) OSB_MUST_CHECK;
/** The label of a port; NULL: none. */
const char *context_label(const osb_context *context, const char *port);
/** The one board that a selector names: as device_select, or a label. */
osb_status context_select(osb_context *context, const char *selector, device_entry *chosen,
                          osb_error *error) OSB_MUST_CHECK;

/** Opens the bus at the first call: simulated boards are powered on, or libusb is started. */
osb_status context_bus(osb_context *context, transport **bus, osb_error *error) OSB_MUST_CHECK;

/** Makes the wire the bus, with the trace around it that is wanted. */
osb_status context_trace(osb_context *context, osb_error *error) OSB_MUST_CHECK;
/** Opens the recording as the wire. */
osb_status context_replay(osb_context *context, osb_error *error) OSB_MUST_CHECK;
/** Ends the trace; the wire stays. */
void context_untrace(osb_context *context);

/** Adds the platforms and releases of a folder of manifests, over those of the same name. */
osb_status context_add_manifests(osb_context *context, const char *folder,
                                 osb_error *error) OSB_MUST_CHECK;

/** OSB_ERR_NOT_FOUND naming the platforms there are. */
osb_status context_platform(osb_context *context, const char *name, const platform **board,
                            osb_error *error) OSB_MUST_CHECK;

/** Splits "PLATFORM@VERSION". */
osb_status context_board_words(osb_context *context, const char *words, const platform **board,
                               char release_version[VERSION_SIZE], osb_error *error) OSB_MUST_CHECK;

/**
 * The version that a user's words name for a platform, by catalog and cache, else by what sources
 * list; the words themselves when unknown.
 */
void context_resolve(osb_context *context, const platform *board, const char *words,
                     bool prerelease, char release_version[VERSION_SIZE]);

/**
 * The release with the headers of its real modules: from the cache, else fetched into it.
 * @param record what the cache knows of its files; NULL: not wanted
 */
osb_status context_release(osb_context *context, const char *release_version, const platform *board,
                           bool allow_incomplete, release *set, cached_release *record,
                           osb_error *error) OSB_MUST_CHECK;

/** As context_release, but never over the network: from the cache, else from the catalog. */
osb_status context_known_release(osb_context *context, const char *release_version,
                                 const platform *board, release *set,
                                 osb_error *error) OSB_MUST_CHECK;

/** Tells the event hook about bytes that arrive; a fetch_progress function. */
void context_download_progress(void *context, const fetch_news *news);

/** Opens the board that `selector` names and inspects it. */
osb_status context_board(osb_context *context, const char *selector, device **held, snapshot *state,
                         osb_error *error) OSB_MUST_CHECK;

/** The snapshot, with verdicts against the release of its system part and the label of its port. */
json_t *context_snapshot(osb_context *context, const snapshot *state);

/** Modules of a fresh board: from the cache, else synthesised. Bytes live in `memory`. */
osb_status context_images(osb_context *context, const platform *board, const char *release_version,
                          arena *memory, const sim_image **images, size_t *count,
                          osb_error *error) OSB_MUST_CHECK;

/** Adds the board that `spec` names ("PLATFORM@VERSION" or a folder) as number `number`. */
osb_status context_plug_in(osb_context *context, sim_world *world, const char *spec, size_t number,
                           sim_board **board, osb_error *error) OSB_MUST_CHECK;

/** Frees a device held by a local. */
void context_device_close(device **held);
#define DEVICE_OWNED __attribute__((cleanup(context_device_close))) device
