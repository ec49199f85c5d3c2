/*
 * The checks on a module from outside, in a fixed order, each with a line of its own.
 *
 * Decides on bytes in memory; keeping or flashing them is others' business. Invariant: a failed
 * line always ends in a failed verdict. Which error that is goes by what is known best: broken
 * bytes before all, since nothing in them can be believed; then what may never be flashed; then
 * what is merely not the file that was promised.
 */
#include "trust/verify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/module_combined.h"
#include "model/module_compressed.h"
#include "trust/release_name.h"

/** How a failed line counts against others. */
typedef enum gravity {
    GRAVITY_BROKEN,   /**< the bytes are not whole */
    GRAVITY_NEVER,    /**< whole, but never to be flashed */
    GRAVITY_MISLABEL, /**< whole and harmless, but not what was promised */
    GRAVITY_NONE
} gravity;

typedef struct verification {
    span file;
    const verify_expectation *expected;
    verify_report *report;
    bool readable;              /**< header and suffix can be believed */
    uint8_t whole[SHA256_SIZE]; /**< of what stands before the SHA-256 in the suffix */
    gravity worst;
    osb_error failure; /**< of the worst line */
} verification;

static const char promise_hint[] = "get the file again; if it stays so, do not use that source";
static const char lock_hint[] = "use the file that was locked, or make a new lock of what you mean";

static void line_add(verification *run, const char *check, check_result result, const char *format,
                     ...) __attribute__((format(printf, 4, 5)));

static void line_add(verification *run, const char *check, check_result result, const char *format,
                     ...)
{
    if (run->report->line_count == VERIFY_LINES_MAX)
        return;
    verify_line *line = &run->report->lines[run->report->line_count++];
    line->check = check;
    line->result = result;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line->detail, sizeof line->detail, format, arguments);
    va_end(arguments);
}

/** Makes the line that was added last the verdict, unless a graver one stands already. */
static void blame(verification *run, gravity weight, osb_status status, const char *hint)
{
    if (weight >= run->worst)
        return;
    const verify_line *line = &run->report->lines[run->report->line_count - 1];
    run->worst = weight;
    osb_fail(&run->failure, status, run->expected->file_name, hint, "%s: %s", line->check,
             line->detail);
}

static void check_length(verification *run, osb_status status, const osb_error *problem)
{
    const module *parsed = &run->report->parsed;
    uint64_t promised = (uint64_t)parsed->end - parsed->start + MODULE_CRC_SIZE;
    bool wrong_crc = status == OSB_ERR_INTEGRITY && promised <= run->file.size &&
                     parsed->crc_stored != parsed->crc_computed;
    if (status != OSB_OK && !wrong_crc) {
        line_add(run, "length", RESULT_FAILED, "%s", problem->message);
        blame(run, GRAVITY_BROKEN, status, problem->hint);
    } else if (run->file.size > promised) {
        line_add(run, "length", RESULT_PASSED,
                 "the header's %" PRIu64 " bytes, and %" PRIu64 " more behind the module", promised,
                 run->file.size - promised);
    } else {
        line_add(run, "length", RESULT_PASSED, "the header's %" PRIu64 " bytes", promised);
    }
}

static void check_crc(verification *run, osb_status status, const osb_error *problem)
{
    const module *parsed = &run->report->parsed;
    uint64_t promised = (uint64_t)parsed->end - parsed->start + MODULE_CRC_SIZE;
    if (status == OSB_ERR_NOT_A_MODULE || promised > run->file.size) {
        line_add(run, "CRC-32", RESULT_NOT_CHECKABLE, "there is no whole module");
    } else if (parsed->crc_stored == parsed->crc_computed) {
        line_add(run, "CRC-32", RESULT_PASSED, "%08" PRIx32, parsed->crc_stored);
    } else {
        line_add(run, "CRC-32", RESULT_FAILED, "is %08" PRIx32 ", the file says %08" PRIx32,
                 parsed->crc_computed, parsed->crc_stored);
        blame(run, GRAVITY_BROKEN, OSB_ERR_INTEGRITY, problem->hint);
    }
}

static void check_published_size(verification *run)
{
    uint64_t size = run->expected->published_size;
    if (!size) {
        line_add(run, "published size", RESULT_NOT_CHECKABLE, "none is published");
    } else if (size == run->file.size) {
        line_add(run, "published size", RESULT_PASSED, "%" PRIu64 " bytes", size);
    } else {
        line_add(run, "published size", RESULT_FAILED,
                 "%" PRIu64 " bytes are published, these are %zu", size, run->file.size);
        blame(run, GRAVITY_BROKEN, OSB_ERR_INTEGRITY, promise_hint);
    }
}

/** Compares the file's SHA-256 with a promised one; a line without a promise is not checkable. */
static void check_hash(verification *run, const char *check, const uint8_t *promised,
                       const char *without, gravity weight)
{
    char hex[SHA256_HEX_SIZE];
    if (!promised) {
        line_add(run, check, RESULT_NOT_CHECKABLE, "%s", without);
        return;
    }
    text_hex(hex, (span){promised, SHA256_SIZE});
    if (!memcmp(promised, run->report->sha256, SHA256_SIZE)) {
        line_add(run, check, RESULT_PASSED, "SHA-256 %s", hex);
        return;
    }
    line_add(run, check, RESULT_FAILED, "SHA-256 is not %s", hex);
    blame(run, weight, OSB_ERR_INTEGRITY, promise_hint);
}

static void name_agrees(verification *run, module_slot promised)
{
    char wanted[MODULE_SLOT_TEXT], found[MODULE_SLOT_TEXT];
    slot_text(promised, wanted);
    slot_text(run->report->parsed.slot, found);
    if (slot_equal(promised, run->report->parsed.slot)) {
        line_add(run, "name", RESULT_PASSED, "the header says %s too", found);
        return;
    }
    line_add(run, "name", RESULT_FAILED, "promises %s, the header says %s", wanted, found);
    blame(run, GRAVITY_MISLABEL, OSB_ERR_INTEGRITY, promise_hint);
}

/** Whether name and header agree on the slot, and on the platform where the name tells one. */
static void check_name(verification *run)
{
    const verify_expectation *expected = run->expected;
    const platform *board = expected->board;
    release_name name;
    bool named = expected->file_name && release_name_parse(expected->file_name, &name);
    const platform_slot *place = named && board ? release_name_slot(board, name.part) : NULL;
    if (!run->readable) {
        line_add(run, "name", RESULT_NOT_CHECKABLE, "the header cannot be believed");
    } else if (place && !text_equal(name.platform, board->name)) {
        line_add(run, "name", RESULT_FAILED, "promises platform %s, this is about %s",
                 name.platform, board->name);
        blame(run, GRAVITY_MISLABEL, OSB_ERR_INTEGRITY, promise_hint);
    } else if (expected->slot) {
        name_agrees(run, *expected->slot);
    } else if (place) {
        name_agrees(run, place->slot);
    } else {
        line_add(run, "name", RESULT_NOT_CHECKABLE, "it is not a release file's name");
    }
}

/** "platform" and "slot range": two lines of one answer, platform_accepts. */
static void check_platform(verification *run)
{
    static const char *const checks[] = {"platform", "slot range"};
    const platform *board = run->expected->board;
    const module *parsed = &run->report->parsed;
    osb_error refusal = {0};
    if (!run->readable || !board) {
        const char *why = run->readable ? "no board is asked for" : "the header cannot be believed";
        line_add(run, checks[0], RESULT_NOT_CHECKABLE, "%s", why);
        line_add(run, checks[1], RESULT_NOT_CHECKABLE, "%s", why);
        return;
    }
    osb_status status = platform_accepts(board, parsed, run->expected->file_name, &refusal);
    bool foreign = status != OSB_OK && parsed->platform_id != board->id;
    if (foreign) {
        line_add(run, checks[0], RESULT_FAILED, "the header says platform %u, %s is %u",
                 parsed->platform_id, board->name, board->id);
        blame(run, GRAVITY_NEVER, status, refusal.hint);
        line_add(run, checks[1], RESULT_NOT_CHECKABLE, "it is another platform's module");
        return;
    }
    line_add(run, checks[0], RESULT_PASSED, "%s (%u)", board->name, board->id);
    if (status == OSB_OK) {
        line_add(run, checks[1], RESULT_PASSED, "%08" PRIx32 " to %08" PRIx32, parsed->start,
                 parsed->end + MODULE_CRC_SIZE);
        return;
    }
    line_add(run, checks[1], RESULT_FAILED, "%s", refusal.message);
    blame(run, GRAVITY_NEVER, status, refusal.hint);
}

static bool has_dependency(const module_dependency *list, module_dependency wanted)
{
    if (wanted.slot.function == MODULE_NONE)
        return true;
    for (size_t i = 0; i < 2; i++)
        if (slot_equal(list[i].slot, wanted.slot) && list[i].version == wanted.version)
            return true;
    return false;
}

/** As sets: one platform's builds name their two needs in the other order (argon). */
static bool same_dependencies(const module_dependency *a, const module_dependency *b)
{
    return has_dependency(a, b[0]) && has_dependency(a, b[1]) && has_dependency(b, a[0]) &&
           has_dependency(b, a[1]);
}

static void compare_with_catalog(verification *run, const release_module *cataloged)
{
    const module *parsed = &run->report->parsed;
    /* An entry without dependencies may also mean that nobody knows them. */
    bool listed = cataloged->dependencies[0].slot.function != MODULE_NONE;
    if (cataloged->version != parsed->version) {
        line_add(run, "catalog", RESULT_FAILED, "has version %u, the header says %u",
                 cataloged->version, parsed->version);
        blame(run, GRAVITY_MISLABEL, OSB_ERR_INTEGRITY, promise_hint);
    } else if (listed && !same_dependencies(cataloged->dependencies, parsed->dependencies)) {
        line_add(run, "catalog", RESULT_FAILED, "has other dependencies than the header");
        blame(run, GRAVITY_MISLABEL, OSB_ERR_INTEGRITY, promise_hint);
    } else {
        line_add(run, "catalog", RESULT_PASSED, "version %u%s", parsed->version,
                 listed ? " and its dependencies" : "");
    }
}

static void check_catalog(verification *run)
{
    if (!run->readable)
        line_add(run, "catalog", RESULT_NOT_CHECKABLE, "the header cannot be believed");
    else if (!run->expected->cataloged)
        line_add(run, "catalog", RESULT_NOT_CHECKABLE, "the catalog does not have this module");
    else
        compare_with_catalog(run, run->expected->cataloged);
}

static osb_status check_combined(verification *run, osb_error *error)
{
    ARENA_OWNED memory = {0};
    const module *modules;
    size_t count;
    TRY(module_split(run->file, "module", &memory, &modules, &count, error));
    for (size_t i = 1; i < count; i++)
        if (modules[i].platform_id != modules[0].platform_id)
            return osb_fail(error, OSB_ERR_INTEGRITY, NULL, promise_hint,
                            "module %zu is for platform %u, the first for %u", i + 1,
                            modules[i].platform_id, modules[0].platform_id);
    line_add(run, "contents", RESULT_PASSED, "%zu modules, each whole", count);
    return OSB_OK;
}

static osb_status check_compressed(verification *run, osb_error *error)
{
    module inner;
    BUF_OWNED original = buf_make(MODULE_FILE_MAX);
    TRY(module_expand(&run->report->parsed, "module", &original, &inner, error));
    line_add(run, "contents", RESULT_PASSED, "unpacks to the %zu bytes of the same module",
             original.size);
    return OSB_OK;
}

/** A line only for modules that hold others: the CRC-32 says nothing of whether those are sound. */
static void check_contents(verification *run)
{
    osb_error problem = {0};
    osb_status status = OSB_OK;
    if (!run->readable)
        return;
    if (run->report->parsed.flags & MODULE_COMPRESSED)
        status = check_compressed(run, &problem);
    else if (run->report->parsed.flags & MODULE_COMBINED)
        status = check_combined(run, &problem);
    if (status == OSB_OK)
        return;
    line_add(run, "contents", RESULT_FAILED, "%s", problem.message);
    blame(run, GRAVITY_BROKEN, OSB_ERR_INTEGRITY, problem.hint);
}

/** A lock says nothing of what it does not pin; that may be too little for who asked. */
static void not_locked(verification *run, const char *what)
{
    bool failed = run->expected->must_be_locked;
    line_add(run, "lock", failed ? RESULT_FAILED : RESULT_NOT_CHECKABLE, "%s", what);
    if (failed)
        blame(run, GRAVITY_MISLABEL, OSB_ERR_INTEGRITY, lock_hint);
}

/** Whether it is the very file that the lock pins for its slot. */
static void check_lock(verification *run)
{
    const module *parsed = &run->report->parsed;
    const lockfile *whole = run->expected->lock;
    const release *lock = whole ? lockfile_for(whole, parsed->platform_id) : NULL;
    const uint8_t *bundled = run->expected->bundle_sha256;
    const uint8_t *found = bundled ? bundled : run->report->sha256;
    const release_module *entry = lock ? release_find(lock, parsed->slot) : NULL;
    char slot[MODULE_SLOT_TEXT], hex[SHA256_HEX_SIZE];
    slot_text(parsed->slot, slot);
    if (!whole) {
        line_add(run, "lock", RESULT_NOT_CHECKABLE, "none is given");
    } else if (!run->readable) {
        line_add(run, "lock", RESULT_NOT_CHECKABLE, "the header cannot be believed");
    } else if (!lock) {
        not_locked(run, "pins modules of another platform");
    } else if (!entry) {
        not_locked(run, "pins nothing for this slot");
    } else if (!memcmp(entry->sha256, found, SHA256_SIZE)) {
        line_add(run, "lock", RESULT_PASSED, "this is the %s that it pins, of %s", slot,
                 lock->version);
    } else {
        text_hex(hex, (span){entry->sha256, SHA256_SIZE});
        line_add(run, "lock", RESULT_FAILED, "pins another %s, SHA-256 %s", slot, hex);
        blame(run, GRAVITY_MISLABEL, OSB_ERR_INTEGRITY, lock_hint);
    }
}

static bool is_placeholder(const uint8_t digest[SHA256_SIZE])
{
    for (size_t i = 0; i < SHA256_SIZE; i++)
        if (digest[i] != i + 1)
            return false;
    return true;
}

/**
 * What the SHA-256 inside covers. Ordinary builds hash everything before it (Device OS
 * build/module.mk); build/create_module.py hashes the payload alone; some re-stamped genuine files
 * carry one that covers neither. It identifies a build and proves nothing, so it never fails.
 */
static void check_identity(verification *run)
{
    static const char check[] = "SHA-256 in suffix";
    const module *parsed = &run->report->parsed;
    uint8_t payload[SHA256_SIZE];
    if (!run->readable || parsed->suffix_size < MODULE_SUFFIX_SIZE) {
        line_add(run, check, RESULT_NOT_CHECKABLE, "there is none to be read");
        return;
    }
    if (!memcmp(run->whole, parsed->sha256, SHA256_SIZE)) {
        line_add(run, check, RESULT_PASSED, "covers the whole file");
        return;
    }
    size_t begin = parsed->prefix_offset + MODULE_PREFIX_SIZE;
    size_t end = parsed->image.size - MODULE_CRC_SIZE - parsed->suffix_size;
    sha256(span_slice(parsed->image, begin, end > begin ? end - begin : 0), payload);
    if (!memcmp(payload, parsed->sha256, SHA256_SIZE))
        line_add(run, check, RESULT_PASSED, "covers the payload only");
    else if (is_placeholder(parsed->sha256))
        line_add(run, check, RESULT_NOT_CHECKABLE, "a placeholder: the build was never sealed");
    else
        line_add(run, check, RESULT_NOT_CHECKABLE,
                 "covers neither file nor payload, as in some genuine files: an identity only");
}

/**
 * Hashes the file; on the way, what the SHA-256 in its suffix usually covers. Hashing is most of
 * the work of a verification, so it is done once.
 */
static void hash_file(verification *run)
{
    const size_t tail = SHA256_SIZE + sizeof(uint16_t) + MODULE_CRC_SIZE;
    size_t size = run->readable ? run->report->parsed.image.size : 0;
    size_t covered = size > tail ? size - tail : 0;
    sha256_state state, fork;
    sha256_begin(&state);
    sha256_add(&state, span_slice(run->file, 0, covered));
    fork = state;
    sha256_end(&fork, run->whole);
    sha256_add(&state, span_slice(run->file, covered, run->file.size));
    sha256_end(&state, run->report->sha256);
}

osb_status verify_file(span file, const verify_expectation *expected, verify_report *report,
                       osb_error *error)
{
    osb_error problem = {0};
    verification run = {
        .file = file, .expected = expected, .report = report, .worst = GRAVITY_NONE};
    *report = (verify_report){0};
    const char *name = expected->file_name ? expected->file_name : "module";
    osb_status status = module_parse(file, name, &report->parsed, &problem);
    run.readable = status == OSB_OK;
    hash_file(&run);
    const release_module *cataloged = expected->cataloged;
    bool pinned = cataloged && cataloged->pinned;

    check_length(&run, status, &problem);
    check_crc(&run, status, &problem);
    check_published_size(&run);
    check_hash(&run, "published hash", expected->published_sha256, "none is published",
               GRAVITY_BROKEN);
    check_name(&run);
    check_platform(&run);
    check_catalog(&run);
    check_hash(&run, "pinned hash", pinned ? cataloged->sha256 : NULL, "the catalog pins none",
               GRAVITY_MISLABEL);
    check_identity(&run);
    check_contents(&run);
    check_lock(&run);

    if (run.worst == GRAVITY_NONE)
        return OSB_OK;
    if (error)
        *error = run.failure;
    return run.failure.status;
}
