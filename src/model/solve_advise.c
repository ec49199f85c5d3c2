/*
 * Why there is no plan, and what would make one possible: found by trying, not by rules.
 *
 * Facts are taken away one after the other; those without which the goal would still be refused
 * leave a smallest set that is refused. Every remedy has been planned with. Invariant: what is
 * offered leads to a plan from this very board.
 */
#include "model/solve.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/solve_facts.h"

enum {
    FACTS_MAX = SNAPSHOT_MODULES_MAX + PLAN_FILES_MAX + 8
};

typedef enum fact_kind {
    FACT_MODULE,     /**< the board has a module; `index` in the snapshot */
    FACT_NOT_THERE,  /**< what the board does not list is absent */
    FACT_PROTECTION, /**< the board is protected, or in service mode */
    FACT_MODE,       /**< the board is not in DFU mode */
    FACT_FILE,       /**< a file is named; `index` in the goal */
    FACT_APP,
    FACT_RELEASE,
    FACT_LOCK,
    FACT_APPROVED,
    FACT_COMPLETE, /**< an incomplete release is not allowed */
    FACT_DIRECTION /**< a downgrade is not allowed */
} fact_kind;

typedef struct fact {
    fact_kind kind;
    size_t index;
} fact;

/** A board, a goal and a policy that can be changed at will. */
typedef struct question {
    snapshot state;
    goal wanted;
    policy rules;
    release_module files[PLAN_FILES_MAX];
    bool unseen[SNAPSHOT_MODULES_MAX]; /**< modules taken out of the snapshot */
    bool unnamed[PLAN_FILES_MAX];
    release other; /**< another release than the one that was asked for */
} question;

/** What all trials share. */
typedef struct advice {
    const snapshot *state;
    const goal *wanted;
    const policy *rules;
    const catalog *known;
    plan *result;
    plan *tried;
    question asked;
} advice;

static question *ask(advice *self)
{
    question *asked = &self->asked;
    memset(asked, 0, sizeof *asked);
    asked->state = *self->state;
    asked->wanted = *self->wanted;
    asked->rules = *self->rules;
    return asked;
}

/** Takes out what was marked, which keeps the order of the rest. */
static void apply(question *asked, const goal *wanted)
{
    size_t kept = 0;
    for (size_t i = 0; i < asked->state.module_count; i++)
        if (!asked->unseen[i])
            asked->state.modules[kept++] = asked->state.modules[i];
    bool all = kept == asked->state.module_count;
    asked->state.modules_known = asked->state.modules_known && all;
    asked->state.flash_unread = asked->state.flash_unread || !all;
    asked->state.module_count = kept;
    size_t named = 0;
    for (size_t i = 0; i < wanted->file_count; i++)
        if (!asked->unnamed[i])
            asked->files[named++] = wanted->files[i];
    asked->wanted.files = asked->files;
    asked->wanted.file_count = named;
}

/** Whether there is a plan now, if need be by way of another release. */
static bool is_possible(advice *self, bool by_other)
{
    question *asked = &self->asked;
    char name[VERSION_SIZE];
    const goal *wanted = &asked->wanted;
    if (!wanted->set && !wanted->app && !wanted->file_count)
        return true;
    solve(&asked->state, wanted, &asked->rules, self->tried);
    return !self->tried->refusal_count ||
           (by_other && solve_via(&asked->state, wanted, &asked->rules, self->known, name));
}

static void relax(question *asked, fact which)
{
    switch (which.kind) {
    case FACT_MODULE:
        asked->unseen[which.index] = true;
        break;
    case FACT_NOT_THERE:
        asked->state.modules_known = false;
        break;
    case FACT_PROTECTION:
        asked->state.guard = PROTECTION_OPEN;
        break;
    case FACT_MODE:
        asked->state.mode = MODE_DFU;
        break;
    case FACT_FILE:
        asked->unnamed[which.index] = true;
        break;
    case FACT_APP:
        asked->wanted.app = NULL;
        break;
    case FACT_RELEASE:
        asked->wanted.set = NULL;
        break;
    case FACT_LOCK:
        asked->wanted.lock = NULL;
        break;
    case FACT_APPROVED:
        asked->rules.approved_count = 0;
        break;
    case FACT_COMPLETE:
        asked->rules.allow_incomplete = true;
        break;
    case FACT_DIRECTION:
        asked->rules.allow_downgrade = true;
        break;
    }
}

static size_t list_facts(const advice *self, fact facts[FACTS_MAX])
{
    const snapshot *state = self->state;
    const goal *wanted = self->wanted;
    size_t count = 0;
    for (size_t i = 0; i < state->module_count; i++)
        if (state->modules[i].store == STORE_MAIN)
            facts[count++] = (fact){FACT_MODULE, i};
    const struct {
        bool holds;
        fact_kind kind;
    } others[] = {
        {state->modules_known, FACT_NOT_THERE},
        {state->mode != MODE_DFU, FACT_MODE},
        {state->guard == PROTECTION_PROTECTED || state->guard == PROTECTION_SERVICE,
         FACT_PROTECTION},
        {wanted->app, FACT_APP},
        {wanted->set, FACT_RELEASE},
        {wanted->lock, FACT_LOCK},
        {self->rules->approved_count, FACT_APPROVED},
        {!self->rules->allow_incomplete, FACT_COMPLETE},
        {!self->rules->allow_downgrade, FACT_DIRECTION},
    };
    for (size_t i = 0; i < wanted->file_count; i++)
        facts[count++] = (fact){FACT_FILE, i};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (others[i].holds)
            facts[count++] = (fact){others[i].kind, 0};
    return count;
}

static void describe(const advice *self, fact which, char text[PLAN_TEXT])
{
    const snapshot_module *module = &self->state->modules[which.index];
    char slot[MODULE_SLOT_TEXT];
    switch (which.kind) {
    case FACT_MODULE:
        slot_text(module->slot, slot);
        text_format(text, PLAN_TEXT, "the board has %s %u%s", slot, module->version,
                    module->checked & ~module->passed & CHECK_INTEGRITY ? ", damaged" : "");
        break;
    case FACT_NOT_THERE:
        text_copy(text, PLAN_TEXT, "the board has nothing besides what it lists");
        break;
    case FACT_PROTECTION:
        text_format(text, PLAN_TEXT, "the board's protection is: %s",
                    protection_name(self->state->guard));
        break;
    case FACT_MODE:
        text_format(text, PLAN_TEXT, "the board is in %s mode",
                    device_mode_name(self->state->mode));
        break;
    case FACT_FILE:
        text_format(text, PLAN_TEXT, "%s is named", self->wanted->files[which.index].file);
        break;
    case FACT_APP:
        text_format(text, PLAN_TEXT, "the application %s is wanted", self->wanted->app->file);
        break;
    case FACT_RELEASE:
        text_format(text, PLAN_TEXT, "release %s is wanted", self->wanted->set->version);
        break;
    case FACT_LOCK:
        text_copy(text, PLAN_TEXT, "the lock must be kept");
        break;
    case FACT_APPROVED:
        text_copy(text, PLAN_TEXT, "only approved releases may be restored");
        break;
    case FACT_COMPLETE:
        text_copy(text, PLAN_TEXT, "an incomplete release is not allowed");
        break;
    case FACT_DIRECTION:
        text_copy(text, PLAN_TEXT, "a downgrade is not allowed");
        break;
    }
}

/** Leaves of the facts only those without any of which there would be a plan. */
static void find_facts(advice *self)
{
    fact facts[FACTS_MAX];
    bool dropped[FACTS_MAX] = {false};
    size_t count = list_facts(self, facts);
    for (size_t tried = 0; tried < count; tried++) {
        question *asked = ask(self);
        dropped[tried] = true;
        for (size_t i = 0; i < count; i++)
            if (dropped[i])
                relax(asked, facts[i]);
        apply(asked, self->wanted);
        if (is_possible(self, false))
            dropped[tried] = false;
    }
    plan *result = self->result;
    for (size_t i = 0; i < count && result->fact_count < PLAN_NOTES_MAX; i++)
        if (!dropped[i])
            describe(self, facts[i], result->facts[result->fact_count++]);
}

static void offer(advice *self, const char *text)
{
    plan *result = self->result;
    if (result->remedy_count < PLAN_REMEDIES_MAX)
        text_copy(result->remedies[result->remedy_count++], PLAN_TEXT, text);
}

/** What the user can allow, alone or together. True when something of it helps. */
static bool try_flags(advice *self)
{
    static const char *const names[] = {"", "--allow-downgrade", "--allow-incomplete",
                                        "--allow-downgrade and --allow-incomplete"};
    char text[PLAN_TEXT];
    unsigned given = self->rules->allow_downgrade | (unsigned)self->rules->allow_incomplete << 1;
    for (unsigned flags = 1; flags < 4; flags++) {
        question *asked = ask(self);
        if (flags & given)
            continue;
        apply(asked, self->wanted);
        asked->rules.allow_downgrade |= flags & 1;
        asked->rules.allow_incomplete |= flags >> 1;
        if (!is_possible(self, true))
            continue;
        text_format(text, sizeof text, "it can be done with %s", names[flags]);
        offer(self, text);
        return true;
    }
    return false;
}

static void try_other_states(advice *self)
{
    question *asked = ask(self);
    apply(asked, self->wanted);
    asked->state.guard = PROTECTION_SERVICE;
    if (self->state->guard == PROTECTION_PROTECTED && is_possible(self, true))
        offer(self, "it can be done in service mode: open it first");
    asked = ask(self);
    apply(asked, self->wanted);
    asked->state.mode = MODE_DFU;
    if (self->state->mode != MODE_DFU && is_possible(self, true))
        offer(self, "it can be done in DFU mode: hold MODE, tap RESET, let go of MODE at blinking "
                    "yellow, and run the same again");
}

/** Without one of the things that are asked for besides a release. */
static void try_less(advice *self)
{
    char text[PLAN_TEXT];
    const goal *wanted = self->wanted;
    question *asked = ask(self);
    apply(asked, wanted);
    asked->wanted.app = NULL;
    bool something_left = wanted->set || wanted->file_count;
    if (wanted->app && something_left && is_possible(self, true)) {
        text_format(text, sizeof text, "it can be done without %s", wanted->app->file);
        offer(self, text);
    }
    for (size_t i = 0; i < wanted->file_count; i++) {
        asked = ask(self);
        asked->unnamed[i] = true;
        apply(asked, wanted);
        if (!(wanted->set || wanted->app || wanted->file_count > 1) || !is_possible(self, true))
            continue;
        text_format(text, sizeof text, "it can be done without %s", wanted->files[i].file);
        offer(self, text);
    }
}

/** With one more file, made up to meet a need. */
static bool try_file(advice *self, module_dependency need)
{
    const platform_slot *place = platform_find_slot(self->state->board, need.slot);
    question *asked = ask(self);
    char text[PLAN_TEXT], slot[MODULE_SLOT_TEXT];
    bool whole_release = need.slot.function == MODULE_SYSTEM_PART && self->wanted->set;
    apply(asked, self->wanted);
    if (!place || place->route == ROUTE_NEVER || need.slot.function == MODULE_USER_PART ||
        whole_release || asked->wanted.file_count == PLAN_FILES_MAX)
        return false;
    asked->files[asked->wanted.file_count++] = (release_module){.slot = need.slot,
                                                                .version = need.version,
                                                                .start = place->start,
                                                                .size = place->flash_offset + 1};
    if (!is_possible(self, true))
        return false;
    slot_text(need.slot, slot);
    text_format(text, sizeof text,
                "it can be done with a file for %s, version %u or newer: --module FILE", slot,
                need.version);
    offer(self, text);
    return true;
}

/** A system that asks for an older self means the image that came with it (solve_limits). */
static bool try_need(advice *self, module_slot needy, module_dependency need)
{
    if (need.slot.function == MODULE_NONE)
        return false;
    if (slot_equal(need.slot, needy))
        need = (module_dependency){{MODULE_NCP_FIRMWARE, 0}, FACT_TRACKER_NCP};
    return !snapshot_meets(self->state, need) && try_file(self, need);
}

/** Every need of what is wanted, until a file for one of them would do. */
static void try_files(advice *self)
{
    const goal *wanted = self->wanted;
    size_t count = wanted->set ? wanted->set->module_count : 0;
    for (size_t i = 0; i < count + wanted->file_count; i++) {
        const release_module *file =
            i < count ? &wanted->set->modules[i] : &wanted->files[i - count];
        for (size_t d = 0; d < 2; d++)
            if (try_need(self, file->slot, file->dependencies[d]))
                return;
    }
}

static bool try_release(advice *self, size_t number)
{
    question *asked = ask(self);
    const release *wanted = self->wanted->set;
    char text[PLAN_TEXT];
    apply(asked, self->wanted);
    if (catalog_release(self->known, catalog_version(self->known, number), self->state->board,
                        &asked->other, NULL) != OSB_OK ||
        !release_is_final(&asked->other) ||
        (wanted && wanted->board->id == asked->other.board->id &&
         text_equal(wanted->version, asked->other.version)))
        return false;
    asked->wanted.set = &asked->other;
    if (!is_possible(self, false))
        return false;
    text_format(text, sizeof text, "release %s for %s can be restored%s", asked->other.version,
                self->state->board->name, wanted ? " instead" : " with it");
    offer(self, text);
    return true;
}

/** The nearest newer release, else the nearest older one. A lock leaves no choice. */
static void try_releases(advice *self)
{
    size_t here = 0;
    const catalog *known = self->known;
    const char *wanted = self->wanted->set ? self->wanted->set->version : "";
    if (self->wanted->lock)
        return;
    while (here < known->count && version_compare_text(catalog_version(known, here), wanted) < 0)
        here++;
    for (size_t i = here; i < known->count; i++)
        if (try_release(self, i))
            return;
    for (size_t i = here; i-- > 0;)
        if (try_release(self, i))
            return;
}

void solve_advise(const snapshot *state, const goal *wanted, const policy *rules,
                  const catalog *known, plan *result)
{
    advice *self = malloc(sizeof *self);
    plan *tried = malloc(sizeof *tried);
    if (self && tried && result->refusal_count) {
        *self = (advice){.state = state,
                         .wanted = wanted,
                         .rules = rules,
                         .known = known,
                         .result = result,
                         .tried = tried};
        find_facts(self);
        bool enough = try_flags(self);
        try_other_states(self);
        try_less(self);
        if (!enough)
            try_files(self);
        if (!enough)
            try_releases(self);
    }
    free(tried);
    free(self);
}
