/*
 * The planner by itself: for every board, from every release of the catalog to every other, in four
 * modes. Prints a line a board: its name, how many plans, microseconds of processor time on average
 * and of the slowest plan; then a line "catalog" with what loading it takes.
 *
 * Each plan is made three times and the fastest counts: the others met something of the machine.
 */
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "model/plan.h"

enum {
    TIMES = 3,
    RELEASES_MAX = 256
};

typedef struct tally {
    size_t plans;
    double total_us, slowest_us;
} tally;

static double processor_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/** A board that has exactly what a release consists of. */
static void install(const release *set, device_mode mode, snapshot *state)
{
    *state = (snapshot){.board = set->board, .mode = mode, .modules_known = true};
    for (size_t i = 0; i < set->module_count && i < SNAPSHOT_MODULES_MAX; i++) {
        const release_module *from = &set->modules[i];
        snapshot_module *entry = &state->modules[state->module_count++];
        *entry = (snapshot_module){.slot = from->slot,
                                   .version = from->version,
                                   .size = from->size,
                                   .checked = CHECK_ALL,
                                   .passed = CHECK_ALL};
        for (size_t k = 0; k < 2; k++)
            if (from->dependencies[k].slot.function != MODULE_NONE)
                entry->dependencies[entry->dependency_count++] = from->dependencies[k];
    }
}

/** Plans as the program does, a way by another release included. */
static void plan_once(const snapshot *state, const release *set, const catalog *known, plan *made)
{
    const goal wanted = {.set = set};
    const policy rules = {.allow_downgrade = true, .allow_incomplete = true, .simulated = true};
    char between[VERSION_SIZE];
    solve(state, &wanted, &rules, made);
    if (made->refusal_count)
        (void)solve_via(state, &wanted, &rules, known, between);
}

static void measure(const snapshot *state, const release *set, const catalog *known, tally *sum)
{
    static plan made; /* large */
    double fastest = 0;
    for (int i = 0; i < TIMES; i++) {
        double begin = processor_us();
        plan_once(state, set, known, &made);
        double taken = processor_us() - begin;
        if (!i || taken < fastest)
            fastest = taken;
    }
    sum->plans++;
    sum->total_us += fastest;
    if (fastest > sum->slowest_us)
        sum->slowest_us = fastest;
}

static void measure_board(const platform *board, const catalog *known)
{
    static const device_mode modes[] = {MODE_NORMAL, MODE_LISTENING, MODE_SAFE, MODE_DFU};
    static release sets[RELEASES_MAX];
    snapshot state;
    tally sum = {0};
    size_t count = 0;
    for (size_t i = 0; i < known->count && count < RELEASES_MAX; i++)
        if (catalog_release(known, catalog_version(known, i), board, &sets[count], NULL) == OSB_OK)
            count++;
    for (size_t mode = 0; mode < sizeof modes / sizeof *modes; mode++)
        for (size_t from = 0; from < count; from++) {
            install(&sets[from], modes[mode], &state);
            for (size_t to = 0; to < count; to++)
                measure(&state, &sets[to], known, &sum);
        }
    if (sum.plans)
        printf("%s %zu %.1f %.1f\n", board->name, sum.plans, sum.total_us / (double)sum.plans,
               sum.slowest_us);
}

int main(void)
{
    arena memory = {0};
    platform_list boards;
    catalog known;
    osb_error error = {0};
    double begin = processor_us();
    osb_status status = catalog_load(&known, &error);
    double loaded = processor_us() - begin;
    if (status == OSB_OK)
        status = platform_load_all(&memory, &boards, &error);
    if (status != OSB_OK) {
        fprintf(stderr, "%s: %s\n", error.subject, error.message);
        return 1;
    }
    for (size_t i = 0; i < boards.count; i++)
        measure_board(&boards.items[i], &known);
    printf("catalog %zu %.1f %.1f\n", known.count, loaded, loaded);
    catalog_free(&known);
    arena_free(&memory);
    return 0;
}
