#pragma once
/**
 * The rooms of the planner, in the order solve() walks through them. Private to model/solve*.c.
 *
 * solve_goal    may this goal be had at all (platform, protection, downgrade, completeness)
 * solve_limits  what this board may not become, or only by way of another release
 * solve_select  which slots must be written, and which are right already (solve_heal: only those
 *               without which the board does not work)
 * solve_order   in which order, so that every prefix boots or can be recovered; made of
 *               solve_control (updates that the running system takes),
 *               solve_dfu (what is written in DFU mode) and solve_staged (bootloaders handed over
 *               there for the next system that starts), whose steps solve_step puts down, and
 *               solve_setup (what an old system waits for)
 * solve_check   is what the board ends up with coherent
 * solve_accept  replays the finished plan against the board's own rules
 *
 * Where they find no way, solve_look starts a board in DFU mode to see what it has, solve_via looks
 * for a release that leads there, and solve_advise for what would make a way.
 *
 * solve_facts says what boards can do by version, solve_explain why a step is there, solve_cost
 * how long it takes.
 */
#include "model/plan.h"

enum {
    SOLVE_ORIGIN = 48 /**< "release 3.2.1-p2.3" with NUL */
};

/** What is to become of one slot. */
typedef struct solve_slot {
    const platform_slot *place;
    const release_module *wanted; /**< what the goal puts here; NULL: left as it is */
    bool named;                   /**< by the user: never left out */
    bool write;
    bool compare_first;
    bool again;  /**< right already, but taken away while another module was replaced */
    bool placed; /**< its step is in the plan */
} solve_slot;

/** A module as the board will have it after the steps placed so far. */
typedef struct solve_module {
    module_slot slot;
    uint16_t version;
    uint32_t end; /**< flash address behind it; 0 unknown */
    module_dependency dependencies[SNAPSHOT_DEPENDENCIES_MAX];
    size_t dependency_count;
} solve_module;

/** One stage of a plan: from what the board has then to one release, or to the goal itself. */
typedef struct solver {
    const snapshot *state; /**< the board when the stage begins */
    const goal *wanted;
    const policy *rules;
    plan *result;
    const release *set;        /**< of this stage; NULL: none */
    const release_module *app; /**< in the last stage only */
    bool heal;
    size_t file_count;
    const release_module *files[RELEASE_MODULES_MAX + PLAN_FILES_MAX]; /**< one a slot */
    size_t first_step;    /**< of this stage in the plan */
    bool rests_on_unseen; /**< a need is met only if what cannot be seen meets it */
    bool setup_marked;    /**< a step of the plan marks the set-up as done */
    size_t slot_count;
    solve_slot slots[RELEASE_MODULES_MAX + PLAN_FILES_MAX + 1];
    size_t module_count;
    solve_module modules[SNAPSHOT_MODULES_MAX + RELEASE_MODULES_MAX + PLAN_FILES_MAX];
} solver;

/**
 * All stages of a plan, or the refusals of the first that there is no way for.
 * @return whether it rests on nothing that cannot be seen
 */
bool solve_stages(const snapshot *state, const goal *wanted, const policy *rules, plan *result);
/** Puts a look at the running system in the place of a plan that rests on what is unknown. */
void solve_look(const snapshot *state, const goal *wanted, const policy *rules, plan *result);

void solve_goal(solver *work);
void solve_limits(solver *work);
void solve_select(solver *work);
void solve_order(solver *work);
void solve_check(solver *work);
void solve_accept(solver *work);

/** Of the selected slots, leaves only those to be written that the board cannot do without. */
void solve_heal(solver *work);

/** Places every control update that the board takes by then. */
void solve_place_control(solver *work);
/** Whether an update can only be had from the system that runs before the DFU visit. */
bool solve_only_now(const solver *work);
/** Gives up updates that no system on the way takes: left out where the board can do without. */
void solve_leave_out(solver *work);

/** Whether the board will find the needs of a module met by what it has then. */
bool solve_needs_met(const solver *work, const release_module *wanted);
/** Another system part that needs a newer one than `wanted`, in the slot of which it goes: while it
 *  is there, no board takes `wanted` on a control request. NULL: none. */
const solve_module *solve_who_objects(const solver *work, const release_module *wanted);
/** Whether something that is about to be replaced still needs what is there now. */
bool solve_is_still_needed(const solver *work, const release_module *wanted);

/** Whether the board is known to wait for a set-up that its system, as it then is, asks for. */
bool solve_lacks_setup(const solver *work);
/** Marks the set-up as done, where the system that runs then would wait for it. */
void solve_mark_setup(solver *work, bool in_dfu);

/** Clears an update flag that somebody left behind, before a system that it is not meant for. */
void solve_clear_flag(solver *work);
/** The next bootloader that has to be, and can be, staged for the system that starts next. */
solve_slot *solve_next_staged(solver *work);
/** Places it with its flag and the start that puts it in place. */
void solve_hand_over(solver *work, solve_slot *entry);

/** Places every DFU write, with the blanking that must go before. */
void solve_place_dfu(solver *work);
bool solve_any_dfu(const solver *work);

plan_step *solve_add_step(solver *work, step_operation operation);
plan_step *solve_add_plain_step(solver *work, step_operation operation, const char *reason);
plan_step *solve_add_setting(solver *work, board_setting setting, uint8_t value,
                             const char *reason);
plan_step *solve_add_write(solver *work, solve_slot *entry, route via);
/** Whether a power cut while the module in that slot is replaced may be fatal; warns of it. */
bool solve_warn_if_critical(solver *work, const platform_slot *place, route via);
bool solve_is_pending(const solver *work, module_slot slot);

/** What this stage puts into a slot; NULL: nothing. */
const release_module *solve_file(const solver *work, module_slot slot);
bool solve_is_named(const solver *work, module_slot slot);
/** Where a file comes from, for people: "release 5.3.1", or "the file you named". */
void solve_origin(const solver *work, module_slot slot, char target[SOLVE_ORIGIN]);

/** The version that a slot will have when the goal is reached; 0 when unknown or absent. */
uint16_t solve_goal_version(const solver *work, module_slot slot);
/** Version of system_part/1, which all parts of a release share; 0 when unknown or absent. */
uint16_t solve_system_version(const solver *work);

/** Fills the reasons of a write step: why this module, who needs it, why now. */
void solve_explain(const solver *work, const solve_slot *entry, plan_step *step);

/** Expected duration of a step on a board of that family, milliseconds. */
uint32_t solve_cost_ms(const platform *board, const plan_step *step);

/** The module in a slot after the steps placed so far; NULL when absent or unknown. */
const solve_module *solve_installed(const solver *work, module_slot slot);
/** Whether a need is met after the steps placed so far; unknown counts as met if `optimistic`. */
bool solve_meets(const solver *work, module_dependency need, bool optimistic);
/** Notes that a step has blanked a slot. */
void solve_forget(solver *work, module_slot slot);
/** Notes that a step has put `wanted` into its slot. */
void solve_install(solver *work, const release_module *wanted);

void solve_refuse(solver *work, const char *format, ...) __attribute__((format(printf, 2, 3)));
void solve_warn(solver *work, const char *format, ...) __attribute__((format(printf, 2, 3)));
