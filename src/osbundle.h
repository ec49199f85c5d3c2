#pragma once
/**
 * osbundle: fetches, verifies, plans and applies Particle Device OS releases.
 *
 * The library answers with the documents of the JSON contract (osbundle-json(5)), as jansson
 * values that the caller releases with json_decref: what a program gets is what `--json` prints.
 * Every function returns a status and fills a caller-owned error. The library never prints,
 * exits, reads the environment or installs a signal handler. A context is used from one thread.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define OSB_EXPORT __attribute__((visibility("default")))

struct json_t;
typedef struct osb_context osb_context;

/** Something happened; texts live only during the call. */
typedef struct osb_event {
    const char *phase;              /**< download retry inspect read write prove boot step */
    const char *slot;               /**< "bootloader/0"; NULL outside steps */
    const char *file;               /**< the file in question; NULL for none */
    size_t step, steps;             /**< 1-based; 0 outside steps */
    uint64_t done, total;           /**< bytes of this phase; total 0 unknown */
    uint64_t cost_ms;               /**< expected for the step */
    uint64_t elapsed_ms;            /**< of the run, on the board's clock */
    uint64_t cost_before_ms;        /**< expected for all steps before this one */
    uint64_t cost_total_ms;         /**< expected for the whole run; 0 unknown */
    const char *device;             /**< id of the board at work, else its "usb:PORT"; NULL: none */
    const char *label;              /**< of the port it hangs on; NULL: none */
    size_t boards;                  /**< that this call works on; 0: none, or not known yet */
    uint64_t file_done, file_total; /**< download, retry: bytes of `file` alone; 0 unknown */
    const char *reason; /**< retry: why the file is asked for again in `wait_ms`; else NULL */
    uint64_t wait_ms;
} osb_event;

/** Called one at a time, but with many boards not always from the caller's own thread. */
typedef struct osb_hooks {
    void (*event)(void *context, const osb_event *event);
    void (*log)(void *context, int level, const char *topic, const char *line);
    int log_level;                    /**< 0 warnings, 1 information, 2 debugging */
    bool (*cancelled)(void *context); /**< asked at safe points; true stops there */
    int64_t (*now)(void *context);    /**< seconds since 1970; NULL: by the machine's clock */
    void *context;
} osb_hooks;

/** All pointers may be NULL; they are copied. */
typedef struct osb_options {
    const char *cache;          /**< folders, colon-separated: the first is written */
    const char *state;          /**< folder of the journals; never a cache */
    const char *const *sources; /**< URLs or folders, tried in order */
    size_t source_count;
    const char *const *trusted_keys; /**< public keys in minisign's form, or paths of .pub files */
    size_t trusted_key_count;
    const char *const *simulated; /**< "PLATFORM@VERSION" or a board folder; no real bus then */
    size_t simulated_count;
    const char *trace;  /**< file to write all that goes over the bus to, osbundle-trace(5) */
    const char *replay; /**< such a file, which answers instead of boards */
    const char *const *labels; /**< "1-2.3=left": what the board on a port is called */
    size_t label_count;
    const char *manifests; /**< folder that adds platforms and releases, or replaces them */
    bool prerelease;       /**< "latest", "5" and the like may be pre-releases */
    bool offline;          /**< open no socket */
    bool allow_http;
    const char *github_token;
    const char *particle_token;
    const char *ca_file;
    const char *proxy;
    const char *no_proxy;
    uint32_t attempts;        /**< of a request, the first included; 0: 4 */
    uint32_t retry_delay_ms;  /**< before the second, about, doubled with each; 0: 500 */
    uint32_t stall_timeout_s; /**< a transfer that crawls so long is broken off; 0: 20 */
    uint32_t wait_max_ms;     /**< a server that asks us to wait longer is given up; 0: 60000 */
    uint32_t button_wait_ms; /**< how long somebody is there to press a board's button; 0: nobody */
    osb_hooks hooks;
} osb_options;

OSB_EXPORT osb_status osb_open(const osb_options *options, osb_context **opened,
                               osb_error *error) OSB_MUST_CHECK;
OSB_EXPORT void osb_close(osb_context *context);

/**
 * With `replay`: OSB_ERR_REPLAY naming the first operation that the recording does not have so,
 * OSB_ERR_INTEGRITY where it is damaged. To be asked behind any other call, whatever that said:
 * what looks like a board that failed may be this.
 */
OSB_EXPORT osb_status osb_replay_verdict(osb_context *context, osb_error *error) OSB_MUST_CHECK;

/* Releases ------------------------------------------------------------------------------- */

/**
 * Gets the module sets of a release into the cache.
 * @param platforms names; with none, the platforms of the context's boards
 * @param allow_incomplete keep a release that lacks a module
 * @param result "osbundle-fetch": releases with their files and what came over the wire
 */
OSB_EXPORT osb_status osb_fetch(osb_context *context, const char *version,
                                const char *const *platforms, size_t platform_count,
                                bool allow_incomplete, struct json_t **result,
                                osb_error *error) OSB_MUST_CHECK;

/** "osbundle-releases": what is in the cache, or with `remote` what the sources offer. */
OSB_EXPORT osb_status osb_list(osb_context *context, bool remote, struct json_t **result,
                               osb_error *error) OSB_MUST_CHECK;

/** "osbundle-release": the module table; from the cache, else from the built-in catalog. */
OSB_EXPORT osb_status osb_show(osb_context *context, const char *version, const char *platform,
                               struct json_t **result, osb_error *error) OSB_MUST_CHECK;

/** What was found out about one file. Everything it points to lives only during the call. */
typedef struct osb_finding {
    size_t argument;               /**< which of the words it was found by, from 0 */
    const char *path;              /**< of a cached module, "VERSION/PLATFORM/FILE" */
    const struct json_t *document; /**< NULL when there was nothing to be read */
    const osb_error *problem;      /**< what is wrong with the file; NULL: nothing */
    bool stray;                    /**< just lies there: no module, and not called one (.bin) */
} osb_finding;

typedef void (*osb_tell)(void *context, const osb_finding *finding);

/**
 * Tells the "osbundle-module" of every file that is named, and of every file below the folders
 * that are named (sorted); a bad file is told as a problem and hides no other. Findings come in
 * that order, from the caller's thread, while other threads read ahead.
 * @return the status and error of the first bad file; strays are not bad
 */
OSB_EXPORT osb_status osb_inspect_all(osb_context *context, const char *const *paths, size_t count,
                                      osb_tell tell, void *tell_context,
                                      osb_error *error) OSB_MUST_CHECK;

/**
 * Tells an "osbundle-verify", every check with its result, of each file that the words name: a
 * file, all below a folder, or the modules of a cached release ("5.3.1", "latest"). With no word,
 * of everything in the cache, or with a lock of the release that it pins. Order and threads as in
 * osb_inspect_all.
 * @param lock path of a lock file: files that are named must be pinned by it, and what else is
 *        found must not be another than it pins; NULL for none
 * @return the status and error of the first file that failed a check
 */
OSB_EXPORT osb_status osb_verify(osb_context *context, const char *const *words, size_t count,
                                 const char *lock, osb_tell tell, void *tell_context,
                                 osb_error *error) OSB_MUST_CHECK;

/**
 * Makes a lock: "osbundle-lock", a release for some platforms and their applications, pinned by
 * hash.
 * @param platforms names, at least one
 * @param apps paths of applications or of bundles that hold one, at most one a platform
 * @return OSB_ERR_REFUSED when an application can't run on that release, or on none of the
 *         platforms; OSB_ERR_INTEGRITY when a lock once pinned another file for that release
 */
OSB_EXPORT osb_status osb_lock(osb_context *context, const char *version,
                               const char *const *platforms, size_t platform_count,
                               const char *const *apps, size_t app_count, struct json_t **result,
                               osb_error *error) OSB_MUST_CHECK;

/* Keys and signatures -------------------------------------------------------------------- */

enum {
    OSB_PASSWORD_SIZE = 1024 /**< bytes, with the final NUL */
};

/** Where the password of a secret key comes from, once it is known that the key has one. */
typedef struct osb_password {
    /** Fills it in; what it fails with, the call that needs it fails with. NULL: there is none. */
    osb_status (*ask)(void *context, const char *key, char password[OSB_PASSWORD_SIZE],
                      osb_error *error);
    void *context;
} osb_password;

/** How something is to be signed. */
typedef struct osb_signing {
    const char *key;     /**< path of a secret key, minisign's or ours */
    const char *expires; /**< "2027-01-31", the last day on which it is to hold; NULL: forever */
    osb_password password;
} osb_signing;

/** Saves a lock that osb_lock made, and its signature beside it: PATH and PATH.minisig. */
OSB_EXPORT osb_status osb_lock_sign(const struct json_t *lock, const char *path,
                                    const osb_signing *signing, osb_error *error) OSB_MUST_CHECK;

/**
 * Makes a key pair in two new files; what is there is never overwritten. Needs no context.
 * @param password of the secret key; without one it is not encrypted
 * @param result "osbundle-key"
 */
OSB_EXPORT osb_status osb_key_generate(const char *secret_path, const char *public_path,
                                       const osb_password *password, struct json_t **result,
                                       osb_error *error) OSB_MUST_CHECK;

/** "osbundle-key" of a file with a public or a secret key. Needs no context. */
OSB_EXPORT osb_status osb_key_show(const char *path, const osb_password *password,
                                   struct json_t **result, osb_error *error) OSB_MUST_CHECK;

/**
 * "osbundle-signature": who signed a file, and what the signature says. Whatever it was signed as.
 * @param signature its path; NULL: the file's with ".minisig" behind
 * @param keys public keys or paths of their files; with none, those that are trusted
 * @return OSB_ERR_SIGNATURE when it does not hold, or online when it has expired
 */
OSB_EXPORT osb_status osb_verify_signature(osb_context *context, const char *path,
                                           const char *signature, const char *const *keys,
                                           size_t key_count, struct json_t **result,
                                           osb_error *error) OSB_MUST_CHECK;

/* The cache ------------------------------------------------------------------------------ */

/** "osbundle-cache-list": the releases in each of the cache's folders. */
OSB_EXPORT osb_status osb_cache_list(osb_context *context, struct json_t **result,
                                     osb_error *error) OSB_MUST_CHECK;

/** "osbundle-cache-stat": how many files of what kind each folder holds. */
OSB_EXPORT osb_status osb_cache_stat(osb_context *context, struct json_t **result,
                                     osb_error *error) OSB_MUST_CHECK;

/**
 * "osbundle-cache-path": the folder that is written and all that are read; with `version` and
 * `platform` (else NULL) also where the modules of that release lie, each of them hashed again.
 */
OSB_EXPORT osb_status osb_cache_path(osb_context *context, const char *version,
                                     const char *platform, struct json_t **result,
                                     osb_error *error) OSB_MUST_CHECK;

/**
 * Hashes every object on all cores and reads every record. Damaged ones are moved aside where the
 * folder is the one that is written.
 * @param result "osbundle-cache-verify", also when problems were found
 * @return OSB_ERR_INTEGRITY when anything is damaged or missing; OSB_ERR_IO
 */
OSB_EXPORT osb_status osb_cache_verify(osb_context *context, struct json_t **result,
                                       osb_error *error) OSB_MUST_CHECK;

typedef struct osb_prune {
    const char *const *versions; /**< words such as "5.3"; none: all */
    size_t version_count;
    const char *const *platforms; /**< names; none: all */
    size_t platform_count;
    int64_t older_than_s; /**< releases that were not used for so long; -1: of any age */
    int64_t max_bytes;    /**< least recently used ones, until so much is left; -1: any size */
    const char *const *keep_locks; /**< files; what these locks name stays */
    size_t keep_lock_count;
    bool dry_run; /**< tell, and remove nothing */
} osb_prune;

/**
 * "osbundle-cache-prune": removes the releases that are meant, objects that none names any more and
 * leftovers of downloads; with nothing named the latter two. What a restore still needs stays.
 * @return OSB_ERR_NOT_FOUND when versions or platforms are named and nothing of them is cached
 */
OSB_EXPORT osb_status osb_cache_prune(osb_context *context, const osb_prune *wish,
                                      struct json_t **result, osb_error *error) OSB_MUST_CHECK;

typedef struct osb_import {
    const char *const *sources; /**< URLs, folders, archives, caches of other tools */
    size_t source_count;
    const char *const *platforms; /**< names; none: all */
    size_t platform_count;
    bool allow_incomplete; /**< also releases that lack a module */
} osb_import;

/**
 * "osbundle-cache-import": fetches all releases that the sources have. One that cannot be had is
 * told as skipped and stops no other.
 * @return OSB_ERR_INTEGRITY when a file failed a check; OSB_ERR_REFUSED when all releases were
 *         incomplete; OSB_ERR_NOT_FOUND when there are none. `result` is there in these cases.
 */
OSB_EXPORT osb_status osb_cache_import(osb_context *context, const osb_import *wanted,
                                       struct json_t **result, osb_error *error) OSB_MUST_CHECK;

/* Release bundles and mirrors ------------------------------------------------------------ */

/** What is to go into a bundle or mirror. Lists may be empty; what is not cached is fetched. */
typedef struct osb_cargo {
    const char *const *versions, *const *platforms; /**< each version for each platform */
    size_t version_count, platform_count;
    const char *const *locks, *const *apps; /**< paths; what a lock pins comes along */
    size_t lock_count, app_count;
    bool allow_incomplete;      /**< also releases that lack a module */
    const osb_signing *signing; /**< NULL: it is not signed */
} osb_cargo;

/**
 * Writes a release bundle, osbundle-bundle(5); the same content gives the same bytes.
 * @param path NAME.tar.zst or NAME.zip; there is the whole bundle afterwards or what was there
 * @param result "osbundle-bundle"
 */
OSB_EXPORT osb_status osb_bundle_export(osb_context *context, const osb_cargo *cargo,
                                        const char *path, struct json_t **result,
                                        osb_error *error) OSB_MUST_CHECK;

typedef enum osb_bundle_depth {
    OSB_BUNDLE_INFO,   /**< what its index lists; the contents are not looked at */
    OSB_BUNDLE_VERIFY, /**< all checks of an import; nothing is kept */
    OSB_BUNDLE_IMPORT  /**< taken into the cache, once all of it was found good */
} osb_bundle_depth;

/** Opens a bundle and goes so far with it. "osbundle-bundle".
 *  @param folder of an import: its locks and applications are also written there; NULL: not */
OSB_EXPORT osb_status osb_bundle_open(osb_context *context, const char *path,
                                      osb_bundle_depth depth, const char *folder,
                                      bool allow_incomplete, struct json_t **result,
                                      osb_error *error) OSB_MUST_CHECK;

/**
 * Adds releases to a mirror, osbundle-mirror(5); without platforms, for all that the catalog knows
 * them for. `result` is an "osbundle-mirror".
 * @param prune afterwards, remove the files that its index does not list
 */
OSB_EXPORT osb_status osb_mirror(osb_context *context, const osb_cargo *cargo, const char *folder,
                                 bool prune, struct json_t **result,
                                 osb_error *error) OSB_MUST_CHECK;

/* Boards --------------------------------------------------------------------------------- */

/**
 * "osbundle-devices": every board, on USB, on serial ports or simulated. With `watch`, first tells
 * an "osbundle-device-event" of who is there, comes and goes, until the `cancelled` hook says so.
 */
OSB_EXPORT osb_status osb_devices(osb_context *context,
                                  void (*watch)(void *hook_context, const struct json_t *event),
                                  struct json_t **result, osb_error *error) OSB_MUST_CHECK;

/**
 * "osbundle-snapshot" of one board, with verdicts against the release of its system part.
 * @param device its id or the beginning of it, "usb:BUS-PORT", "serial:PATH", the label of its
 * port, or NULL for the only one
 */
OSB_EXPORT osb_status osb_info(osb_context *context, const char *device, struct json_t **result,
                               osb_error *error) OSB_MUST_CHECK;

/** "osbundle-diagnosis": what is wrong, why, what to do; of a board, unless `from_file` names a
 * saved snapshot or cloud describe. */
OSB_EXPORT osb_status osb_diagnose(osb_context *context, const char *device, const char *from_file,
                                   struct json_t **result, osb_error *error) OSB_MUST_CHECK;

/** "osbundle-explanation": cause and cure of "breathing magenta", "sos 10", "1340"; NULL: all.
 * OSB_ERR_NOT_FOUND with what is near for words that name none. */
OSB_EXPORT osb_status osb_explain(const char *words, struct json_t **result,
                                  osb_error *error) OSB_MUST_CHECK;

/** Shown a plan, or an array of them, before anything is written; false stops there. */
typedef bool (*osb_confirm)(void *hook_context, const struct json_t *plan);

typedef struct osb_goal {
    const char *device;  /**< NULL: the only board */
    const char *version; /**< NULL: with `app` the oldest release that satisfies it, else latest */
    const char *app;     /**< path of an application, in which {device} and {label} stand for the
                              board's; NULL: leave it as it is */
    const char *via;     /**< roads to take: "control", "dfu"; NULL or "auto": the best for each */
    const char *const *modules; /**< paths of other modules, each before the release's own */
    size_t module_count;
    const char *const *approved; /**< the releases that may be restored: "5.3.1", "5.3", "5" */
    size_t approved_count;       /**< 0: all */
    bool prerelease;             /**< `version` in short may be a pre-release */
    const char *lock; /**< path of a lock: its release, and no file that it does not pin; NULL */
    bool allow_downgrade;
    bool allow_incomplete;
    bool full; /**< write also what is right already */
    bool heal; /**< only what the board cannot do without; no `version`: of the release it has */
    /** A plan that was saved: only what it says is done, and only while the board is as it was
     * then. Then nothing of the above but `device` may be set. */
    const char *plan;
    bool dry_run; /**< osb_restore: everything but the writes */
} osb_goal;

/** "osbundle-plan"; fetches what is not cached, writes nothing. OSB_OK also with "refusals". */
OSB_EXPORT osb_status osb_plan(osb_context *context, const osb_goal *goal, struct json_t **result,
                               osb_error *error) OSB_MUST_CHECK;

/** The same plan as a Graphviz "dot" document: `result` is a JSON text. */
OSB_EXPORT osb_status osb_plan_graph(osb_context *context, const osb_goal *goal,
                                     struct json_t **result, osb_error *error) OSB_MUST_CHECK;

/**
 * Plans, applies and proves. `result` is the "osbundle-report", also when an error is returned
 * after the first step has begun; NULL when nothing was begun.
 * @param confirm shown the "osbundle-plan" before anything is written; false stops with
 *        OSB_ERR_INTERRUPTED. NULL: goes ahead.
 * @return OSB_ERR_NO_PLAN with the first refusal
 */
OSB_EXPORT osb_status osb_restore(osb_context *context, const osb_goal *goal, osb_confirm confirm,
                                  struct json_t **result, osb_error *error) OSB_MUST_CHECK;

/**
 * Finishes what an interrupted osb_restore began: inspects the board, plans again to the very same
 * files (by hash, from the cache, else fetched again) and goes on as osb_restore does.
 * @param device as in osb_goal; NULL: the board with an unfinished journal that is there
 * @param result as of osb_restore; with nothing to resume an "osbundle-nothing-to-resume"
 * @return OSB_ERR_REFUSED when the board is of another platform than the journal says;
 *         OSB_ERR_NOT_FOUND when the board is not there, or a pinned file is gone
 */
OSB_EXPORT osb_status osb_resume(osb_context *context, const char *device, osb_confirm confirm,
                                 struct json_t **result, osb_error *error) OSB_MUST_CHECK;

/* Many boards ---------------------------------------------------------------------------- */

/** What became of one board of many. What it points to lives only during the call. */
typedef struct osb_board {
    const char *device;            /**< its id, else its "usb:BUS-PORT" */
    const char *label;             /**< of its port; NULL: none */
    const struct json_t *document; /**< as the call for one board gives it; NULL: there is none */
    const osb_error *problem;      /**< NULL: none */
} osb_board;

typedef struct osb_fleet {
    size_t at_once; /**< boards that are worked on at the same time; 0: all of them */
    void (*tell)(void *context, const osb_board *board); /**< each once; one at a time, as hooks */
    void *context;
} osb_fleet;

/**
 * Waits until that many boards are there, in whatever mode; an event "wait" tells how many are.
 * @param timeout_ms at most so long, then OSB_ERR_TIMEOUT; 0: as long as it takes
 * @return OSB_ERR_INTERRUPTED when the `cancelled` hook says so
 */
OSB_EXPORT osb_status osb_wait_for_boards(osb_context *context, size_t count, uint64_t timeout_ms,
                                          osb_error *error) OSB_MUST_CHECK;

/*
 * The following do with every board what the functions above do with one (`goal->device` is left
 * aside). A board that fails stops no other. They return OSB_OK when all went well; else the worst
 * that befell any board, in the order of exit codes 8, 1, 4, 7, 5, 6, 3, 2.
 */
OSB_EXPORT osb_status osb_info_all(osb_context *context, const osb_fleet *fleet,
                                   osb_error *error) OSB_MUST_CHECK;
OSB_EXPORT osb_status osb_plan_all(osb_context *context, const osb_goal *goal,
                                   const osb_fleet *fleet, osb_error *error) OSB_MUST_CHECK;

/**
 * Boards for which there is no plan are told before the question, the others as they end.
 * @param confirm shown an array of the plans, once, before anything is written to any board
 * @param result the "osbundle-summary"
 */
OSB_EXPORT osb_status osb_restore_all(osb_context *context, const osb_goal *goal,
                                      const osb_fleet *fleet, osb_confirm confirm,
                                      struct json_t **result, osb_error *error) OSB_MUST_CHECK;
/** For the boards that are there and have something to resume. */
OSB_EXPORT osb_status osb_resume_all(osb_context *context, const osb_fleet *fleet,
                                     osb_confirm confirm, struct json_t **result,
                                     osb_error *error) OSB_MUST_CHECK;

/* Serial ports --------------------------------------------------------------------------- */

/** "osbundle-serial-list": all serial ports, and which board each belongs to. */
OSB_EXPORT osb_status osb_serial_list(osb_context *context, struct json_t **result,
                                      osb_error *error) OSB_MUST_CHECK;

/**
 * "osbundle-serial-identity": what a board in listening mode tells on its serial console.
 * @param port a path, "serial:PATH", a device id or its beginning, "usb:BUS-PORT"; NULL: the one
 * @param begin bring it into listening mode for that, and out of it again
 * @return OSB_ERR_TIMEOUT when nobody answers
 */
OSB_EXPORT osb_status osb_serial_identify(osb_context *context, const char *port, bool begin,
                                          struct json_t **result, osb_error *error) OSB_MUST_CHECK;

/* Simulated boards ----------------------------------------------------------------------- */

typedef struct osb_sim_recipe {
    const char *board;             /**< "PLATFORM@VERSION" */
    const char *device_id;         /**< 24 hex digits; NULL: made up from the platform */
    const char *const *programmed; /**< module files put into their slots unchecked, afterwards */
    size_t programmed_count;
    bool network_credentials;
} osb_sim_recipe;

/** Makes a board in a new folder, from the cache or else from synthetic modules. */
OSB_EXPORT osb_status osb_sim_new(osb_context *context, const osb_sim_recipe *recipe,
                                  const char *folder, struct json_t **result,
                                  osb_error *error) OSB_MUST_CHECK;

/** "osbundle-sim-board": a board folder as a host could never see it. */
OSB_EXPORT osb_status osb_sim_info(osb_context *context, const char *folder, struct json_t **result,
                                   osb_error *error) OSB_MUST_CHECK;

typedef struct osb_serve {
    const char *const *specs; /**< "PLATFORM@VERSION" or a board folder */
    size_t spec_count;
    const char *listen; /**< "ADDRESS:PORT", numeric; NULL: 127.0.0.1:3240 */
    bool attach;        /**< plug the boards into this machine's vhci_hcd instead (Linux, root) */
    bool real_time;     /**< flash work and starts last as long as on a real board */
    /** "osbundle-sim-serve": boards can be used from now on. May be NULL. */
    void (*ready)(void *ready_context, const struct json_t *document);
    void *ready_context;
} osb_serve;

/** Gives simulated boards to others over USB/IP. OSB_OK once the `cancelled` hook says so. */
OSB_EXPORT osb_status osb_sim_serve(osb_context *context, const osb_serve *wanted,
                                    osb_error *error) OSB_MUST_CHECK;

/** "osbundle-sim-list": the platforms and releases that boards can be made of. */
OSB_EXPORT osb_status osb_sim_list(osb_context *context, struct json_t **result,
                                   osb_error *error) OSB_MUST_CHECK;

/** Writes a release folder of synthetic modules (true headers, no firmware) for a platform. */
OSB_EXPORT osb_status osb_sim_release(osb_context *context, const char *board, const char *folder,
                                      struct json_t **result, osb_error *error) OSB_MUST_CHECK;
