/*
 * The sweep: a whole upgrade is interrupted at every single transport operation, in each way that
 * the simulator knows, and at every write of the journal. After each, `resume` must reach the goal
 * without a hand on the board, and the flash must be the same as without the interruption.
 *
 * Only a power cut in a step that the plan marks as critical may cost the board, because users are
 * told. Everything goes through the library's own restore and resume.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/text.h"
#include "unit/together/sweep/stand.h"

enum {
    ATTEMPTS_MAX = 4,
    FAILURES_SHOWN = 20
};

static const struct {
    sim_fault kind;
    const char *name;
} kinds[] = {
    {FAULT_POWER_CUT, "power cut"},   {FAULT_UNPLUG, "cable pulled"}, {FAULT_STALL, "stall"},
    {FAULT_TIMEOUT, "time-out"},      {FAULT_SHORT, "short answer"},  {FAULT_GARBAGE, "garbage"},
    {FAULT_HOST_GONE, "host killed"},
};

enum {
    KIND_COUNT = sizeof kinds / sizeof *kinds
};

/** What a sweep over one story found. */
typedef struct tally {
    stand *at;
    uint8_t expected[SHA256_SIZE]; /**< of an uninterrupted run */
    uint8_t factory[SHA256_SIZE];  /**< of the board before it */
    uint64_t operations;           /**< of an uninterrupted run */
    uint64_t runs, ended, lost, failures;
} tally;

static void fail(tally *self, const char *what, uint64_t at, const osb_error *error)
{
    if (self->failures++ < FAILURES_SHOWN)
        printf("FAILED: %s, %s at %" PRIu64 ": %s: %s\n", self->at->told->name, what, at,
               error->subject, error->message);
}

static bool same_as(const tally *self, const uint8_t digest[SHA256_SIZE])
{
    uint8_t found[SHA256_SIZE];
    stand_hash(self->at, found);
    return memcmp(found, digest, SHA256_SIZE) == 0;
}

/** Whether nothing lives on the board that USB could reach. */
static bool is_lost(const tally *self)
{
    JSON_OWNED *document = sim_board_to_json(self->at->board);
    const char *mode = json_text(document, "mode", "");
    return text_equal(mode, "dead") || text_equal(mode, "panic");
}

/** As a user would: resume, and again until it is through; begin anew if nothing was begun. */
static osb_status finish(tally *self, osb_error *error)
{
    osb_status status = OSB_ERR_INTERNAL;
    for (int attempt = 0; attempt < ATTEMPTS_MAX && status != OSB_OK; attempt++) {
        bool nothing = false;
        stand_wait(self->at);
        status = stand_resume(self->at, &nothing, error);
        if (nothing && !same_as(self, self->factory) && !same_as(self, self->expected))
            return osb_fail(error, OSB_ERR_INTERNAL, "resume", NULL,
                            "the board was touched, and there is nothing to resume");
        if (nothing)
            status = stand_restore(self->at, NULL, error);
    }
    return status;
}

/** After an interruption: all must come to what it would have been without. */
static void expect_recovery(tally *self, const char *what, uint64_t at, bool power_was_cut)
{
    osb_error error = {0};
    bool critical = stand_was_critical(self->at);
    self->ended++;
    if (power_was_cut && critical && (stand_wait(self->at), is_lost(self))) {
        self->lost++;
        return;
    }
    if (finish(self, &error) != OSB_OK)
        fail(self, what, at, &error);
    else if (!same_as(self, self->expected))
        fail(self, what, at, &(osb_error){.subject = "flash", .message = "is not as it should be"});
}

static void set_fault(tally *self, uint64_t operation, sim_fault kind)
{
    uint64_t now = kind == FAULT_NONE ? 0 : sim_world_operations(self->at->world);
    sim_world_set_fault(self->at->world, now + operation, kind);
}

static void run_with_fault(tally *self, uint64_t operation, size_t kind)
{
    osb_error error = {0};
    stand_renew(self->at);
    set_fault(self, operation, kinds[kind].kind);
    osb_status status = stand_restore(self->at, NULL, &error);
    set_fault(self, 0, FAULT_NONE);
    self->runs++;
    if (status != OSB_OK)
        expect_recovery(self, kinds[kind].name, operation, kinds[kind].kind == FAULT_POWER_CUT);
    else if (!same_as(self, self->expected))
        fail(self, kinds[kind].name, operation,
             &(osb_error){.subject = "flash", .message = "done was claimed, but it is not"});
}

/** The run that nothing disturbs, to which all others are compared. */
static bool measure(tally *self)
{
    osb_error error = {0};
    stand_renew(self->at);
    stand_hash(self->at, self->factory);
    uint64_t before = sim_world_operations(self->at->world);
    if (stand_restore(self->at, NULL, &error) != OSB_OK) {
        fail(self, "nothing", 0, &error);
        return false;
    }
    self->operations = sim_world_operations(self->at->world) - before;
    stand_hash(self->at, self->expected);
    if (stand_has_release(self->at) && !same_as(self, self->factory))
        return true;
    fail(self, "nothing", 0, &(osb_error){.subject = "flash", .message = "is not the release"});
    return false;
}

static void sweep_kind(tally *self, size_t kind, uint64_t every)
{
    tally before = *self;
    for (uint64_t n = 1 + kind % every; n <= self->operations; n += every)
        run_with_fault(self, n, kind);
    printf("  %-12s %6" PRIu64 " runs, %6" PRIu64 " ended early", kinds[kind].name,
           self->runs - before.runs, self->ended - before.ended);
    if (self->lost > before.lost)
        printf(", %" PRIu64 " boards lost where the plan says not to unplug",
               self->lost - before.lost);
    printf("\n");
    fflush(stdout);
}

/** Noise that depends on the seed only (splitmix64). */
static uint64_t next(uint64_t *seed)
{
    uint64_t value = *seed += 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

/** One fault in the restore, a second one in the resume after it. */
static void run_with_two_faults(tally *self, uint64_t number)
{
    osb_error error = {0};
    bool nothing;
    uint64_t seed = number;
    size_t first = next(&seed) % KIND_COUNT, second = next(&seed) % KIND_COUNT;
    stand_renew(self->at);
    set_fault(self, 1 + next(&seed) % self->operations, kinds[first].kind);
    osb_status status = stand_restore(self->at, NULL, &error);
    bool cut = kinds[first].kind == FAULT_POWER_CUT && stand_was_critical(self->at);
    set_fault(self, 0, FAULT_NONE);
    self->runs++;
    if (status == OSB_OK || (stand_wait(self->at), cut && is_lost(self))) {
        self->lost += status != OSB_OK;
        return;
    }
    set_fault(self, 1 + next(&seed) % self->operations, kinds[second].kind);
    status = stand_resume(self->at, &nothing, &error);
    set_fault(self, 0, FAULT_NONE);
    if (status != OSB_OK || nothing)
        expect_recovery(self, "two faults, seed", number, kinds[second].kind == FAULT_POWER_CUT);
    else if (!same_as(self, self->expected))
        fail(self, "two faults, seed", number,
             &(osb_error){.subject = "flash", .message = "is not as it should be"});
}

static void sweep_double(tally *self, uint64_t seeds)
{
    tally before = *self;
    for (uint64_t number = 1; number <= seeds; number++)
        run_with_two_faults(self, number);
    printf("  two faults   %6" PRIu64 " seeds, %6" PRIu64 " ended early twice\n",
           self->runs - before.runs, self->ended - before.ended);
    fflush(stdout);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit;
    getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = size;
    setrlimit(RLIMIT_FSIZE, &limit);
}

/** Where each line of the board's journal ends. */
static size_t journal_ends(const stand *at, size_t *ends, size_t capacity)
{
    size_t count = 0;
    BUF_OWNED content = buf_make(1024 * 1024);
    if (file_read(at->journal, &content, NULL) != OSB_OK)
        return 0;
    for (size_t i = 0; i < content.size && count < capacity; i++)
        if (content.data[i] == '\n')
            ends[count++] = i + 1;
    return count;
}

/** The disk is full at each line of the journal in turn, in the middle of the line. */
static void sweep_full_disk(tally *self)
{
    struct rlimit limit;
    size_t ends[256];
    osb_error error = {0};
    uint64_t stopped = 0;
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    stand_renew(self->at);
    if (stand_restore(self->at, NULL, &error) != OSB_OK)
        fail(self, "full disk", 0, &error);
    size_t count = journal_ends(self->at, ends, sizeof ends / sizeof *ends);
    for (size_t i = 0; i < count; i++) {
        stand_renew(self->at);
        limit_files(ends[i] - 5);
        osb_status status = stand_restore(self->at, NULL, &error);
        limit_files(limit.rlim_cur);
        self->runs++;
        stopped += status != OSB_OK;
        if (status == OSB_ERR_IO)
            expect_recovery(self, "full disk", i + 1, false);
        else if (status != OSB_OK || i + 1 != count) /* the last line only says that it is done */
            fail(self, "full disk", i + 1, &error);
        if (i < 2 && !same_as(self, self->expected))
            fail(self, "full disk", i + 1, &error);
    }
    printf("  full disk    %6zu runs, %6" PRIu64 " ended early\n", count, stopped);
    fflush(stdout);
}

static const char *option(int *count, char ***words)
{
    if (*count < 2) {
        fprintf(stderr, "%s needs a value\n", **words);
        exit(2);
    }
    ++*words;
    --*count;
    return **words;
}

static uint64_t number(int *count, char ***words)
{
    return strtoull(option(count, words), NULL, 10);
}

int main(int count, char **words)
{
    static stand at; /* large */
    story told = {.name = "p2", .board = "p2", .from = "5.0.1", .to = "5.3.1"};
    uint64_t every = 1, seeds = 0;
    size_t sources = 0;
    for (words++, count--; count > 0; words++, count--) {
        if (text_equal(*words, "--board"))
            told.name = told.board = option(&count, &words);
        else if (text_equal(*words, "--from"))
            told.from = option(&count, &words);
        else if (text_equal(*words, "--to"))
            told.to = option(&count, &words);
        else if (text_equal(*words, "--release") && sources < 2)
            told.sources[sources++] = option(&count, &words);
        else if (text_equal(*words, "--app"))
            told.app = option(&count, &words);
        else if (text_equal(*words, "--via"))
            told.via = option(&count, &words);
        else if (text_equal(*words, "--blank"))
            told.blank = true;
        else if (text_equal(*words, "--assets"))
            told.assets = true;
        else if (text_equal(*words, "--full"))
            told.full = true;
        else if (text_equal(*words, "--ncp"))
            told.ncp_from = (uint16_t)number(&count, &words);
        else if (text_equal(*words, "--every"))
            every = number(&count, &words);
        else if (text_equal(*words, "--double"))
            seeds = number(&count, &words);
        else
            return fprintf(stderr, "unknown word: %s\n", *words), 2;
    }
    stand_open(&at, &told);
    tally found = {.at = &at};
    if (measure(&found)) {
        printf("%s %s -> %s, %s modules: %" PRIu64 " operations\n", told.board, told.from, told.to,
               told.sources[0] ? "genuine" : "small synthetic", found.operations);
        for (size_t kind = 0; kind < KIND_COUNT && every; kind++)
            sweep_kind(&found, kind, every);
        sweep_full_disk(&found);
        if (seeds)
            sweep_double(&found, seeds);
    }
    printf("  %" PRIu64 " runs, %" PRIu64 " ended early, %" PRIu64 " failures\n", found.runs,
           found.ended, found.failures);
    stand_close(&at);
    return found.failures != 0;
}
