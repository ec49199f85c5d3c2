/*
 * Whether a goal may be had at all: platform, protection, direction, completeness.
 *
 * Looks at no order and makes no step. Every refusal names the facts in the way and what would
 * remove them.
 */
#include "model/solve.h"

#include <string.h>

#include "base/text.h"
#include "model/solve_facts.h"

static const module_slot system_part = {MODULE_SYSTEM_PART, 1};

static void check_protection(solver *work)
{
    if (work->state->guard == PROTECTION_PROTECTED)
        solve_refuse(work, "the board is protected and refuses updates; open service mode first");
}

/** Synthetic modules carry no firmware: on a real board they would be a brick. */
static void check_synthetic(solver *work, const release_module *module)
{
    if (module->synthetic && !work->rules->simulated)
        solve_refuse(work, "%s is synthetic: it holds no firmware and is for simulated boards only",
                     module->file);
}

static void check_complete(solver *work)
{
    const release *set = work->set;
    const platform *board = work->state->board;
    for (size_t i = 0; i < board->slot_count; i++) {
        const platform_slot *place = &board->slots[i];
        if (!place->required || solve_file(work, place->slot))
            continue;
        if (!work->rules->allow_incomplete)
            solve_refuse(work, "release %s for %s lacks %s; allow it with --allow-incomplete",
                         set->version, board->name, place->name);
        else
            solve_warn(work, "release %s for %s lacks %s: what the board has stays", set->version,
                       board->name, place->name);
    }
}

static void check_direction(solver *work)
{
    char slot[MODULE_SLOT_TEXT], origin[SOLVE_ORIGIN];
    for (size_t i = 0; i < work->file_count; i++) {
        const release_module *wanted = work->files[i];
        const solve_module *now = solve_installed(work, wanted->slot);
        bool counts = slot_equal(wanted->slot, system_part) || solve_is_named(work, wanted->slot);
        if (!counts || !now || now->version <= wanted->version || work->rules->allow_downgrade)
            continue;
        slot_text(wanted->slot, slot);
        solve_origin(work, wanted->slot, origin);
        solve_refuse(work,
                     "the board has %s %u and %s has %u: a downgrade; allow it with "
                     "--allow-downgrade",
                     slot, now->version, origin, wanted->version);
    }
}

static void check_approved(solver *work)
{
    char list[PLAN_TEXT / 2] = "";
    const policy *rules = work->rules;
    if (!rules->approved_count ||
        version_listed(work->set->version, rules->approved, rules->approved_count))
        return;
    for (size_t i = 0; i < rules->approved_count; i++)
        text_append(list, sizeof list, "%s%s", i ? ", " : "", rules->approved[i]);
    solve_refuse(work, "release %s is not among the approved ones: %s", work->set->version, list);
}

/** With a lock nothing is written but the very files that it pins, and what is made from them. */
static void check_pin(solver *work, const release_module *file)
{
    const release_module *pin = release_find(work->wanted->lock, file->slot);
    char slot[MODULE_SLOT_TEXT], wanted[SHA256_HEX_SIZE], found[SHA256_HEX_SIZE];
    slot_text(file->slot, slot);
    if (!pin) {
        solve_refuse(work, "the lock pins no %s, and %s would be written there", slot, file->file);
        return;
    }
    const uint8_t *digest = release_origin(file);
    if (memcmp(pin->sha256, digest, SHA256_SIZE) == 0)
        return;
    text_hex(wanted, (span){pin->sha256, SHA256_SIZE});
    text_hex(found, (span){digest, SHA256_SIZE});
    solve_refuse(work,
                 "%s is not the file that the lock pins for %s: SHA-256 %.16s..., not %.16s...",
                 file->file, slot, found, wanted);
}

static bool is_written(const solver *work, const release_module *file)
{
    const platform_slot *place = platform_find_slot(work->state->board, file->slot);
    return file->slot.function != MODULE_USER_PART && place && place->route != ROUTE_NEVER;
}

static void check_lock(solver *work)
{
    const release *lock = work->wanted->lock;
    for (size_t i = 0; lock && i < work->file_count; i++)
        if (is_written(work, work->files[i]))
            check_pin(work, work->files[i]);
    if (lock && work->app)
        check_pin(work, work->app);
}

/** A board that becomes protected on the way takes and tells nothing more: no end could be proved.
 */
static void check_protecting(solver *work, const release_module *file)
{
    if (file->protects && work->state->guard != PROTECTION_SERVICE)
        solve_refuse(work,
                     "%s switches the board's protection on, and then it takes and tells nothing "
                     "more; enable it with 'particle device-protection enable' at the very end",
                     file->file);
}

static void check_named(solver *work)
{
    for (size_t i = 0; i < work->file_count; i++) {
        const release_module *file = work->files[i];
        check_synthetic(work, file);
        check_protecting(work, file);
        if (file->slot.function == MODULE_USER_PART && solve_is_named(work, file->slot))
            solve_refuse(work, "%s is an application; give it with --app", file->file);
    }
}

static void check_application(solver *work)
{
    const release_module *app = work->app;
    char slot[MODULE_SLOT_TEXT];
    if (app->slot.function != MODULE_USER_PART) {
        slot_text(app->slot, slot);
        solve_refuse(work, "%s is no application: its header says %s", app->file, slot);
        return;
    }
    for (size_t i = 0; i < 2; i++) {
        module_dependency need = app->dependencies[i];
        uint16_t version = solve_goal_version(work, need.slot);
        if (need.slot.function == MODULE_NONE || version >= need.version)
            continue;
        slot_text(need.slot, slot);
        if (!version && !work->state->modules_known) {
            solve_warn(work, "%s needs %s >= %u, and what the board has cannot be seen now",
                       app->file, slot, need.version);
            continue;
        }
        solve_refuse(work, "%s needs %s >= %u, and the board would have %u; name a newer release",
                     app->file, slot, need.version, version);
    }
    uint16_t system = solve_goal_version(work, system_part);
    if (app->slot.index == 2 && (system || work->state->modules_known) &&
        !fact_finds_256k(work->state->board, system))
        solve_refuse(work,
                     "%s is a 256K application, which Device OS before 3.1.0 does not look for; "
                     "name a newer release",
                     app->file);
}

void solve_goal(solver *work)
{
    const release *set = work->set;
    check_protection(work);
    if (set && set->board->id != work->state->board->id) {
        solve_refuse(work, "release %s is for %s, the board is a %s", set->version,
                     set->board->name, work->state->board->name);
        return;
    }
    check_named(work);
    check_direction(work);
    if (set) {
        check_approved(work);
        check_complete(work);
    }
    check_lock(work);
    if (work->app) {
        check_synthetic(work, work->app);
        check_application(work);
    }
}
