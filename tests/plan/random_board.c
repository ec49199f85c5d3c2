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

bool pool_fill(release_pool *pool, const platform_list *platforms, const catalog *known)
{
    pool->platforms = platforms;
    for (size_t p = 0; p < platforms->count; p++)
        for (size_t i = 0; i < known->count && pool->count < POOL_MAX; i++)
            if (catalog_release(known, catalog_version(known, i), &platforms->items[p],
                                &pool->releases[pool->count], NULL) == OSB_OK)
                pool->count++;
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
    if (!place || state->module_count == SNAPSHOT_MODULES_MAX || one_in(seed, 40) ||
        (state->mode == MODE_DFU && place->route != ROUTE_DFU))
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
    for (size_t i = 0; i < base->module_count; i++) {
        const release *from = one_in(seed, 6) ? sibling(pool, base, seed) : base;
        const release_module *entry = release_find(from, base->modules[i].slot);
        if (entry && (entry->slot.function != MODULE_USER_PART || one_in(seed, 2)))
            add_module(state, entry, seed);
    }
    release_module ncp = {.slot = {MODULE_NCP_FIRMWARE, 0},
                          .version = (uint16_t)(5 + below(seed, 3))};
    add_module(state, &ncp, seed);
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
    if (!one_in(seed, 10))
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

void task_make(random_task *task, const release_pool *pool, uint64_t *seed)
{
    const release *base = &pool->releases[below(seed, (uint32_t)pool->count)];
    make_board(task, pool, base, seed);
    make_release(task, one_in(seed, 8) ? base : sibling(pool, base, seed), seed);
    make_application(task, one_in(seed, 3) ? sibling(pool, base, seed) : base, seed);
    bool app_only = one_in(seed, 12);
    task->wanted = (goal){.set = app_only ? NULL : &task->set,
                          .app = app_only || one_in(seed, 3) ? &task->app : NULL,
                          .heal = !app_only && one_in(seed, 5)};
    task->rules = (policy){.allow_downgrade = one_in(seed, 2),
                           .allow_incomplete = one_in(seed, 2),
                           .full_rewrite = one_in(seed, 10),
                           .simulated = true};
}
