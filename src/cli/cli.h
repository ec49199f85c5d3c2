#pragma once
/** What the commands share: their options, the context, and how results are shown. */
#include <stdbool.h>
#include <stddef.h>

#include "osbundle.h"

enum {
    LIST_MAX = 4096
};

/** A repeatable option's values. */
typedef struct text_list {
    const char *items[LIST_MAX];
    size_t count;
} text_list;

/** Every option of every command. Pointers belong to the option parser. */
typedef struct options {
    /* global */
    bool json, quiet, verbose, offline, allow_http, help;
    const char *cache, *color, *device, *trace, *replay;
    text_list sources, simulated, labels;
    /* of some commands */
    bool all, yes, remote, full, allow_downgrade, allow_incomplete, dry_run, graph, heal, exit_code;
    bool all_platforms, prerelease, prune, watch;
    bool credentials, attach, real_time, listening;
    const char *retry, *retry_delay, *stall_timeout, *max_wait;
    const char *via, *plan, *output, *from, *id, *listen, *jobs, *wait, *timeout, *lock;
    const char *sign, *expires, *password_file, *signature;
    bool no_password;
    const char *older_than, *max_size;
    text_list platforms, flash, modules, approved, apps, keys, keep_locks;
    /* words behind the command's name */
    text_list arguments;
} options;

/** Bits for `command.takes`: options beyond the global ones. */
enum option_group {
    TAKES_PLATFORM = 1 << 0,
    TAKES_REMOTE = 1 << 1,
    TAKES_GOAL = 1 << 2,    /**< --app --via --module --approved --full --allow-downgrade ... */
    TAKES_PLAN = 1 << 3,    /**< --output --exit-code */
    TAKES_RESTORE = 1 << 4, /**< --plan --dry-run */
    TAKES_FROM = 1 << 5,
    TAKES_SIM = 1 << 6,        /**< --id --flash --credentials */
    TAKES_INCOMPLETE = 1 << 7, /**< --allow-incomplete */
    TAKES_SERVE = 1 << 8,      /**< --listen --attach --real-time */
    TAKES_YES = 1 << 9,        /**< --yes */
    TAKES_BOARDS = 1 << 10,    /**< --all -j --wait --timeout */
    TAKES_LOCK = 1 << 12,      /**< --lock */
    TAKES_PINS = 1 << 13,      /**< --app --output */
    TAKES_SIGN = 1 << 14,      /**< --sign --expires --password-file */
    TAKES_KEY = 1 << 15,       /**< --password-file --no-password */
    TAKES_SERIAL = 1 << 16,    /**< --listening */
    TAKES_SIGNATURE = 1 << 17, /**< --signature --key */
    TAKES_PRUNE = 1 << 18,     /**< --older-than --max-size --keep-lock --dry-run */
    TAKES_BUNDLE = 1 << 19,    /**< --app --output */
    TAKES_MIRROR = 1 << 20,    /**< --prune */
    TAKES_WATCH = 1 << 21      /**< --watch */
};

typedef struct progress progress;
typedef struct config config;

typedef struct cli {
    const options *words;
    const config *settings; /**< of commands with a context */
    osb_context *context;
    progress *shown;
    bool color;
    bool something_to_do; /**< plan --exit-code: the program exits 10 */
    bool json_is_whole;   /**< stdout holds one document already, with its errors in it */
} cli;

typedef struct command {
    const char *name;
    const char *arguments; /**< "VERSION... [-p PLATFORM]..." */
    const char *summary;
    const char *details;
    unsigned takes;       /**< enum option_group */
    size_t least, most;   /**< words it takes */
    bool without_context; /**< needs no cache, source or board */
    bool
        tells_events; /**< with --json, in lines before the answer; else the answer is one object */
    /** Returns a status; the error is printed by the caller. */
    osb_status (*run)(cli *self, osb_error *error);
} command;

/** All commands, in the order that help shows them. */
extern const command *const commands[];
extern const size_t command_count;
const command *command_find(const char *name);

osb_status cmd_cache(cli *self, osb_error *error);
osb_status cmd_fetch(cli *self, osb_error *error);
osb_status cmd_list(cli *self, osb_error *error);
osb_status cmd_show(cli *self, osb_error *error);
osb_status cmd_inspect(cli *self, osb_error *error);
osb_status cmd_verify(cli *self, osb_error *error);
osb_status cmd_bundle(cli *self, osb_error *error);
osb_status cmd_mirror(cli *self, osb_error *error);
osb_status cmd_devices(cli *self, osb_error *error);
osb_status cmd_info(cli *self, osb_error *error);
osb_status cmd_diagnose(cli *self, osb_error *error);
osb_status cmd_explain(cli *self, osb_error *error);
osb_status cmd_lock(cli *self, osb_error *error);
osb_status cmd_key(cli *self, osb_error *error);
osb_status cmd_plan(cli *self, osb_error *error);
osb_status cmd_restore(cli *self, osb_error *error);
osb_status cmd_resume(cli *self, osb_error *error);
osb_status cmd_serial(cli *self, osb_error *error);
osb_status cmd_sim(cli *self, osb_error *error);
osb_status cmd_version(cli *self, osb_error *error);
osb_status cmd_help(cli *self, osb_error *error);
