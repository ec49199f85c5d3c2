#pragma once
/**
 * A plan is data: the steps that turn one snapshot into a goal, each with its reasons, or the
 * reasons why there is no such plan. Made by solve(), run by restore/, saved and compared as JSON.
 */
#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "model/module.h"
#include "model/platform.h"
#include "model/release.h"
#include "model/setting.h"
#include "model/snapshot.h"

enum {
    PLAN_STEPS_MAX = 64,
    PLAN_STAGES_MAX = 4, /**< releases on the way and the last one */
    PLAN_FILES_MAX = 8,  /**< that a goal names one by one */
    PLAN_REASONS_MAX = 4,
    PLAN_NOTES_MAX = 12,
    PLAN_REMEDIES_MAX = 4,
    PLAN_TEXT = 240
};

typedef enum step_operation {
    STEP_WRITE,      /**< put a module into its slot */
    STEP_INVALIDATE, /**< blank a page that would win over what is written next */
    STEP_BOOT,       /**< leave DFU mode and start the system */
    STEP_MODE,       /**< enter DFU mode */
    STEP_SETTINGS    /**< change one of the board's settings */
} step_operation;

typedef struct plan_step {
    step_operation operation;
    const platform_slot *slot;    /**< of write and invalidate steps, else NULL */
    char file[RELEASE_FILE_NAME]; /**< write steps only */
    char release[VERSION_SIZE];   /**< that the file is part of; empty: named by the user */
    bool from_known;              /**< `from` is what the board reports */
    uint16_t from;                /**< module version now; 0 with from_known: absent */
    uint16_t to;
    uint8_t sha256[SHA256_SIZE];   /**< of the whole file */
    uint8_t identity[SHA256_SIZE]; /**< suffix SHA-256: what boards report */
    uint32_t address;              /**< flash address written or blanked (DFU, staged) */
    uint32_t bytes;                /**< that go over the wire */
    route via;                     /**< of steps with a slot, and of settings */
    board_setting setting;         /**< settings steps only, as the next */
    uint8_t value;
    bool guard;         /**< invalidate steps: only when the write behind it is needed at all */
    bool compare_first; /**< may be there already: read back, and write only what differs */
    bool critical;      /**< a power cut during it may leave a board that USB cannot recover */
    uint32_t cost_ms;   /**< expected */
    size_t reason_count;
    char reasons[PLAN_REASONS_MAX][PLAN_TEXT];
} plan_step;

typedef struct plan_slot_version {
    module_slot slot;
    uint16_t version;
} plan_slot_version;

typedef struct plan {
    const platform *board;
    char device_id[DEVICE_ID_SIZE];
    char goal_version[VERSION_SIZE]; /**< empty: no release, only files that were named */
    size_t via_count;                /**< releases that the board passes on the way */
    char via[PLAN_STAGES_MAX - 1][VERSION_SIZE];
    size_t file_count; /**< modules that were named one by one */
    char files[PLAN_FILES_MAX][RELEASE_FILE_NAME];
    char goal_app[RELEASE_FILE_NAME];  /**< empty: the application is left as it is */
    char fingerprint[SHA256_HEX_SIZE]; /**< of the snapshot that was planned from */
    bool looks_again; /**< the steps only find out what must be known: then plan anew */
    size_t step_count;
    plan_step steps[PLAN_STEPS_MAX];
    size_t after_count;
    plan_slot_version after[SNAPSHOT_MODULES_MAX];
    size_t warning_count;
    char warnings[PLAN_NOTES_MAX][PLAN_TEXT];
    size_t refusal_count; /**< above 0: there is no plan, and these are the facts in the way */
    char refusals[PLAN_NOTES_MAX][PLAN_TEXT];
    size_t fact_count; /**< with a refusal: a smallest set of facts that rules every plan out */
    char facts[PLAN_NOTES_MAX][PLAN_TEXT];
    size_t remedy_count; /**< and what would make a plan possible, as was tried */
    char remedies[PLAN_REMEDIES_MAX][PLAN_TEXT];
} plan;

/** What the user wants. At least one of `set`, `files` and `app` is there. */
typedef struct goal {
    const release *set;          /**< with the real headers of its modules; NULL: no release */
    const release_module *files; /**< named one by one: they go before those of `set` */
    size_t file_count;           /**< at most PLAN_FILES_MAX */
    const release_module *app;   /**< NULL: leave the application alone */
    const release *const *via;   /**< releases to pass on the way, in order (solve_via) */
    size_t via_count;            /**< at most PLAN_STAGES_MAX - 1 */
    const release *lock;         /**< pinned files: no other may be written; NULL: none */
    bool heal; /**< only what is required: unmet needs and damaged modules, taken from `set` */
} goal;

/** Which roads a plan may take. */
typedef enum road_choice {
    ROAD_AUTO,
    ROAD_CONTROL, /**< control requests only */
    ROAD_DFU      /**< what DFU mode reaches only; bootloaders by staging */
} road_choice;

typedef struct policy {
    road_choice road;
    bool allow_downgrade;
    bool allow_incomplete;
    bool full_rewrite;           /**< write also what is right already */
    bool simulated;              /**< synthetic modules may be written */
    const char *const *approved; /**< releases that may be restored: "5.3.1", "5.3", "5" */
    size_t approved_count;       /**< 0: all */
} policy;

/**
 * The planner: a pure, total, deterministic function. Never fails: a goal that cannot be reached
 * gives a plan without steps and with refusals.
 */
void solve(const snapshot *state, const goal *wanted, const policy *rules, plan *result);

/**
 * The release that a board must pass on the way to a goal that it does not reach directly: a
 * Tracker before 3.0.0 takes its co-processor's image 7 from 5.5.0 only. For `goal.via`.
 * @return false when the goal needs no such release, or none helps
 */
bool solve_via(const snapshot *state, const goal *wanted, const policy *rules, const catalog *known,
               char name[VERSION_SIZE]);

/**
 * Gives a refused plan its facts and remedies, found by planning without and with them. Other
 * releases are looked for in `known`. Nothing is changed where there is a plan.
 */
void solve_advise(const snapshot *state, const goal *wanted, const policy *rules,
                  const catalog *known, plan *result);

/** Bytes that all write steps move over the wire. */
uint64_t plan_bytes(const plan *steps);
/** Expected duration of all steps, milliseconds. */
uint64_t plan_cost_ms(const plan *steps);

/** Hash over what the plan depends on: platform, id, modules with versions and hashes. */
void snapshot_fingerprint(const snapshot *state, char target[SHA256_HEX_SIZE]);

const char *step_operation_name(step_operation operation);
/** "auto", "control", "dfu". */
const char *road_choice_name(road_choice choice);
bool road_choice_from_text(const char *text, road_choice *choice);

/** The "osbundle-plan" object of the JSON contract; canonical. */
json_t *plan_to_json(const plan *steps);

/**
 * Reads a saved plan. What is accepted is what plan_to_json() writes, member by member, so nothing
 * in the file is ignored; every write lies in its slot and takes the road that leads there.
 * @return OSB_ERR_INTEGRITY naming the member that is off
 */
osb_status plan_from_json(const json_t *document, const char *subject,
                          const platform_list *platforms, plan *steps,
                          osb_error *error) OSB_MUST_CHECK;
