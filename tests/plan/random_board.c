/*
 * Random boards and releases, near enough to real ones that most of them can be planned.
 *
 * A board starts as a release of its platform and is then spoilt: modules from other releases,
 * missing, damaged, unknown. A release is spoilt the same way, needs included.
 */
#include "random_board.h"

#include <string.h>

#include "base/text.h"

/** Pseudo-random numbers by the xorshift method; the state is never 0. */
static uint32_t next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return (uint32_t)(*seed >> 32);
}

static uint32_t below(uint64_t *seed, uint32_t limit)
{
    return next(seed) % limit;
}

static bool one_in(uint64_t *seed, uint32_t chances)
{
    return below(seed, chances) == 0;
}

bool pool_fill(release_pool *pool, const platform_list *platforms, const catalog *known,
               bool (*suits)(const release *set))
{
    pool->platforms = platforms;
    for (size_t p = 0; p < platforms->count; p++)
        for (size_t i = 0; i < known->count && pool->count < POOL_MAX; i++) {
            release *set = &pool->releases[pool->count];
            if (catalog_release(known, catalog_version(known, i), &platforms->items[p], set,
                                NULL) == OSB_OK &&
                (!suits || suits(set)))
                pool->count++;
        }
    return pool->count > 100 && pool->count < POOL_MAX;
}

/** Another release of the same platform: they stand together in the pool. */
static const release *sibling(const release_pool *pool, const release *of, uint64_t *seed)
{
    for (uint32_t tries = 0; tries < 8; tries++) {
        const release *found = &pool->releases[below(seed, (uint32_t)pool->count)];
        if (found->board == of->board)
            return found;
    }
    size_t at = (size_t)(of - pool->releases);
    bool has_next = at + 1 < pool->count && pool->releases[at + 1].board == of->board;
    return has_next ? of + 1 : of;
}

static void make_identity(const release_module *from, uint8_t identity[SHA256_SIZE])
{
    memset(identity, from->version % 251 + 1, SHA256_SIZE);
    identity[0] = from->slot.function;
    identity[1] = from->slot.index;
}

static void add_module(snapshot *state, const release_module *from, uint64_t *seed)
{
    const platform_slot *place = platform_find_slot(state->board, from->slot);
    if (!place || state->module_count == SNAPSHOT_MODULES_MAX || one_in(seed, 40))
        return;
    snapshot_module *entry = &state->modules[state->module_count++];
    *entry = (snapshot_module){.slot = from->slot,
                               .version = from->version,
                               .has_identity = one_in(seed, 2),
                               .checked = CHECK_INTEGRITY | CHECK_DEPENDENCIES,
                               .passed = CHECK_INTEGRITY | CHECK_DEPENDENCIES};
    if (one_in(seed, 20))
        entry->passed = CHECK_DEPENDENCIES;
    make_identity(from, entry->identity);
    if (one_in(seed, 10))
        entry->identity[2] ^= 0x80;
    for (size_t d = 0; d < 2; d++)
        if (from->dependencies[d].slot.function != MODULE_NONE)
            entry->dependencies[entry->dependency_count++] = from->dependencies[d];
}

/** In DFU mode only what DFU writes can be read. */
static void hide_modules(snapshot *state)
{
    size_t kept = 0;
    for (size_t i = 0; i < state->module_count; i++)
        if (platform_find_slot(state->board, state->modules[i].slot)->route == ROUTE_DFU)
            state->modules[kept++] = state->modules[i];
    state->module_count = kept;
}

static void make_board(random_task *task, const release_pool *pool, const release *base,
                       uint64_t *seed)
{
    static const device_mode modes[] = {MODE_NORMAL, MODE_LISTENING, MODE_SAFE, MODE_DFU};
    snapshot *state = &task->state;
    *state = (snapshot){.board = base->board, .mode = modes[below(seed, 4)]};
    text_copy(state->device_id, sizeof state->device_id, "0123456789abcdef01234567");
    state->guard = one_in(seed, 30)   ? PROTECTION_PROTECTED
                   : one_in(seed, 30) ? PROTECTION_SERVICE
                                      : PROTECTION_OPEN;
    state->modules_known = state->mode != MODE_DFU && !one_in(seed, 20);
    if (state->board->mcu == MCU_NRF52840 && one_in(seed, 6))
        state->settings[SETTING_SETUP_DONE] = SETTING_STATE_CLEAR;
    if (state->mode == MODE_DFU && one_in(seed, 5))
        state->settings[SETTING_UPDATE_FLAG] = SETTING_STATE_SET;
    for (size_t i = 0; i < base->module_count; i++) {
        const release *from = one_in(seed, 6) ? sibling(pool, base, seed) : base;
        const release_module *entry = release_find(from, base->modules[i].slot);
        if (entry && (entry->slot.function != MODULE_USER_PART || one_in(seed, 2)))
            add_module(state, entry, seed);
    }
    release_module ncp = {.slot = {MODULE_NCP_FIRMWARE, 0},
                          .version = (uint16_t)(5 + below(seed, 3))};
    add_module(state, &ncp, seed);
    task->truth = *state;
    if (state->mode == MODE_DFU)
        hide_modules(state);
}

static void spoil(release_module *entry, uint64_t *seed)
{
    if (one_in(seed, 25))
        entry->version = (uint16_t)(entry->version + below(seed, 20) - 10);
    for (size_t d = 0; d < 2; d++)
        if (one_in(seed, 40))
            entry->dependencies[d].version =
                (uint16_t)(entry->dependencies[d].version + below(seed, 400) - 200);
}

static void make_release(random_task *task, const release *base, uint64_t *seed)
{
    task->set = *base;
    for (size_t i = 0; i < task->set.module_count; i++) {
        release_module *entry = &task->set.modules[i];
        spoil(entry, seed);
        entry->size = entry->size ? entry->size : 8192;
        make_identity(entry, entry->identity);
    }
    if (one_in(seed, 15))
        task->set.modules[0] = task->set.modules[--task->set.module_count];
    bool has_place = platform_find_slot(base->board, (module_slot){MODULE_NCP_FIRMWARE, 0});
    if (!one_in(seed, has_place ? 10 : 200))
        return;
    release_module *ncp = &task->set.modules[task->set.module_count++];
    *ncp = (release_module){.slot = {MODULE_NCP_FIRMWARE, 0}, .version = 7, .size = 8192};
    make_identity(ncp, ncp->identity);
}

static void make_application(random_task *task, const release *base, uint64_t *seed)
{
    const platform *board = base->board;
    release_module *app = &task->app;
    *app = (release_module){.slot = {MODULE_USER_PART, 1}, .version = 6, .size = 4096};
    if (board->former_user_part && one_in(seed, 2))
        app->slot.index = 2;
    const platform_slot *place = platform_find_slot(board, app->slot);
    const release_module *system = release_find(base, (module_slot){MODULE_SYSTEM_PART, 1});
    text_copy(app->file, sizeof app->file, "app.bin");
    memset(app->identity, 0xaa, SHA256_SIZE);
    if (place)
        app->start = place->grows_left ? place->end - app->size : place->start;
    if (system)
        app->dependencies[0] = (module_dependency){system->slot, system->version};
}

/** Files that somebody names, from another release of the platform. */
static size_t make_files(random_task *task, const release *from, uint64_t *seed)
{
    size_t count = 0;
    while (count < NAMED_MAX && one_in(seed, 2)) {
        const release_module *file = &from->modules[below(seed, (uint32_t)from->module_count)];
        const platform_slot *place = platform_find_slot(from->board, file->slot);
        if (!place || place->route == ROUTE_NEVER || file->slot.function == MODULE_USER_PART ||
            (count && slot_equal(task->files[0].slot, file->slot)))
            continue;
        release_module *named = &task->files[count++];
        *named = *file;
        named->size = named->size ? named->size : 8192;
        named->protects = file->slot.function == MODULE_BOOTLOADER && one_in(seed, 2);
        make_identity(named, named->identity);
        text_copy(named->file, sizeof named->file, "named.bin");
    }
    return count;
}

static void make_policy(random_task *task, const release *other, uint64_t *seed)
{
    task->rules = (policy){.road = one_in(seed, 3) ? (road_choice)below(seed, 3) : ROAD_AUTO,
                           .allow_downgrade = one_in(seed, 2),
                           .allow_incomplete = one_in(seed, 2),
                           .full_rewrite = one_in(seed, 10),
                           .simulated = true,
                           .approved = task->approved};
    if (!one_in(seed, 12))
        return;
    task->approved[0] = other->version;
    task->approved[1] = one_in(seed, 2) ? task->set.version : "5";
    task->rules.approved_count = 2;
}

/** Pins what is wanted, but now and then one file to another content. */
static void make_lock(random_task *task, uint64_t *seed)
{
    if (!task->wanted.set || !one_in(seed, 20))
        return;
    task->lock = task->set;
    if (one_in(seed, 2))
        task->lock.modules[below(seed, (uint32_t)task->lock.module_count)].sha256[0] ^= 1;
    task->wanted.lock = &task->lock;
}

void task_make(random_task *task, const release_pool *pool, uint64_t *seed)
{
    const release *base = &pool->releases[below(seed, (uint32_t)pool->count)];
    make_board(task, pool, base, seed);
    make_release(task, one_in(seed, 8) ? base : sibling(pool, base, seed), seed);
    make_application(task, one_in(seed, 3) ? sibling(pool, base, seed) : base, seed);
    size_t named = one_in(seed, 6) ? make_files(task, sibling(pool, base, seed), seed) : 0;
    bool no_release = one_in(seed, 12);
    task->wanted = (goal){.set = no_release ? NULL : &task->set,
                          .files = task->files,
                          .file_count = named,
                          .app = (no_release && !named) || one_in(seed, 3) ? &task->app : NULL,
                          .heal = !no_release && one_in(seed, 5)};
    make_policy(task, sibling(pool, base, seed), seed);
    make_lock(task, seed);
}

bool task_find_way(random_task *task, const catalog *known)
{
    char name[VERSION_SIZE];
    if (!solve_via(&task->state, &task->wanted, &task->rules, known, name) ||
        catalog_release(known, name, task->state.board, &task->via, NULL) != OSB_OK)
        return false;
    for (size_t i = 0; i < task->via.module_count; i++) {
        release_module *entry = &task->via.modules[i];
        entry->size = entry->size ? entry->size : 8192;
        make_identity(entry, entry->identity);
    }
    task->via_list[0] = &task->via;
    task->wanted.via = task->via_list;
    task->wanted.via_count = 1;
    return true;
}

static const release_module *named_file(const random_task *task, module_slot slot)
{
    for (size_t i = 0; i < task->wanted.file_count; i++)
        if (slot_equal(task->files[i].slot, slot))
            return &task->files[i];
    return NULL;
}

const release_module *task_file(const random_task *task, const plan_step *step)
{
    module_slot slot = step->slot->slot;
    if (step->release[0] && task->wanted.via_count && text_equal(step->release, task->via.version))
        return release_find(&task->via, slot);
    if (step->release[0])
        return task->wanted.set ? release_find(&task->set, slot) : NULL;
    return slot.function == MODULE_USER_PART ? task->wanted.app : named_file(task, slot);
}
