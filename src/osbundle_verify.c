/*
 * The facade's files: verify.
 *
 * Gathers what is known about each file from elsewhere - its name, its place in the cache, the
 * catalog, the user's lock - and lets trust/verify judge. Invariant: a file that could not be
 * judged is a problem, never a silent success.
 */
#include "osbundle_context.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "model/names_json.h"
#include "osbundle_crew.h"
#include "osbundle_files.h"
#include "osbundle_lock.h"
#include "osbundle_targets.h"
#include "trust/release_name.h"
#include "trust/verify.h"

/** What elsewhere is known about the file; `held` keeps the catalog's entry. */
static void expect_release(const osb_context *context, const char *release_version,
                           module_slot slot, verify_expectation *expected, release *held)
{
    if (release_version &&
        catalog_release(&context->known, release_version, expected->board, held, NULL) == OSB_OK)
        expected->cataloged = release_find(held, slot);
}

/** What a file's name promises; what its header says where the name is not a release file's. */
static void expect_of_file(const osb_context *context, span file, verify_expectation *expected,
                           release *held)
{
    release_name name;
    module header;
    bool named = release_name_parse(expected->file_name, &name);
    expected->board = named ? platform_by_name(&context->platforms, name.platform) : NULL;
    const platform_slot *slot =
        expected->board ? release_name_slot(expected->board, name.part) : NULL;
    if (slot) {
        expect_release(context, name.version, slot->slot, expected, held);
        return;
    }
    if (module_parse(file, expected->file_name, &header, NULL) != OSB_OK)
        return;
    expected->board = platform_by_id(&context->platforms, header.platform_id);
    if (expected->board)
        expect_release(
            context,
            catalog_os_version(&context->known, expected->board, header.slot, header.version),
            header.slot, expected, held);
}

/** Whether genuine files are like that though no board is ever given them: a P2's MBR, or what is
 * packed for an update over the air or encrypted for a chip. */
static bool is_kept_from_boards(const platform *board, const module *parsed)
{
    const platform_slot *place = platform_find_slot(board, parsed->slot);
    const unsigned packed = MODULE_COMPRESSED | MODULE_COMBINED | MODULE_ENCRYPTED;
    return place && (place->route == ROUTE_NEVER || parsed->flags & packed);
}

/** Here nobody wants to flash it, so if that is all that there is to say, the file is sound. */
static void forgive_never_flashed(const platform *board, verify_report *report, crew_answer *answer)
{
    verify_line *refused = NULL;
    size_t failed = 0;
    for (size_t i = 0; i < report->line_count; i++) {
        if (report->lines[i].result != RESULT_FAILED)
            continue;
        refused = &report->lines[i];
        failed++;
    }
    if (failed != 1 || !text_equal(refused->check, "slot range") ||
        !is_kept_from_boards(board, &report->parsed))
        return;
    refused->result = RESULT_NOT_CHECKABLE;
    answer->status = OSB_OK;
}

/** The document of a report; what may never be flashed is one failed check of many here. */
static void answer_with(const verify_report *report, const char *path, crew_answer *answer)
{
    answer->document = verify_report_to_json(report, path_name(path));
    json_object_set_new(answer->document, "path", json_foreign_name(path));
    if (answer->status == OSB_ERR_REFUSED)
        answer->status = answer->error.status = OSB_ERR_INTEGRITY;
}

/** When no module can be reached, that is the one check; `answer` holds why. */
static void answer_unreached(const char *check, const char *path, crew_answer *answer)
{
    verify_report report = {.line_count = 1};
    report.lines[0] = (verify_line){.check = check, .result = RESULT_FAILED};
    text_copy(report.lines[0].detail, sizeof report.lines[0].detail, answer->error.message);
    answer_with(&report, path, answer);
    json_object_set_new(answer->document, "sha256", json_null());
}

static void judge(span file, const verify_expectation *expected, verify_report *report,
                  crew_answer *answer)
{
    answer->status = verify_file(file, expected, report, &answer->error);
    if (answer->status == OSB_ERR_REFUSED && expected->board)
        forgive_never_flashed(expected->board, report, answer);
}

/** Another line: whether every asset that the application wants is there as it wants it. */
static void judge_assets(const bundle *opened, const char *path, verify_report *report,
                         crew_answer *answer)
{
    osb_error problem = {0};
    if (report->line_count == VERIFY_LINES_MAX)
        return;
    verify_line *line = &report->lines[report->line_count++];
    osb_status status = bundle_require_assets(opened, path, &problem);
    *line = (verify_line){.check = "assets",
                          .result = status == OSB_OK ? RESULT_PASSED : RESULT_FAILED};
    if (status == OSB_OK)
        text_format(line->detail, sizeof line->detail, "%zu, as the application wants them",
                    opened->asset_count);
    else
        text_format(line->detail, sizeof line->detail, "%s: %s", problem.subject, problem.message);
    if (status == OSB_OK || answer->status != OSB_OK)
        return;
    answer->status = status;
    answer->error = problem;
}

/** An application bundle: the application with all its checks, and its assets. */
static void verify_bundle(const target_list *run, span file, const target *about,
                          crew_answer *answer)
{
    const char *path = about->path;
    ARENA_OWNED memory = {0};
    bundle opened;
    release held;
    verify_report report;
    uint8_t digest[SHA256_SIZE];
    answer->status = files_open_bundle(file, path, &memory, &opened, &answer->error);
    if (answer->status != OSB_OK) {
        answer_unreached("bundle", path, answer);
        return;
    }
    sha256(file, digest);
    const bundle_file *application = opened.application_file;
    verify_expectation expected = {.file_name = application->name,
                                   .lock = run->lock,
                                   .must_be_locked = !about->inside,
                                   .bundle_sha256 = digest};
    expect_of_file(run->context, application->content, &expected, &held);
    judge(application->content, &expected, &report, answer);
    judge_assets(&opened, path, &report, answer);
    memcpy(report.sha256, digest, SHA256_SIZE);
    answer_with(&report, path, answer);
}

static void verify_on_disk(const target_list *run, const target *about, buf *content,
                           crew_answer *answer)
{
    const char *path = about->path;
    release held;
    verify_report report;
    verify_expectation expected = {
        .file_name = path_name(path), .lock = run->lock, .must_be_locked = !about->inside};
    answer->status = files_read(path, content, &answer->error);
    if (answer->status != OSB_OK)
        return;
    if (file_is_zip(buf_span(content))) {
        verify_bundle(run, buf_span(content), about, answer);
        return;
    }
    expect_of_file(run->context, buf_span(content), &expected, &held);
    judge(buf_span(content), &expected, &report, answer);
    answer_with(&report, path, answer);
}

/** Judges while the cache wants to know what the hash is, so that the file is hashed once. */
typedef struct cached_judgement {
    const verify_expectation *expected;
    verify_report report;
    crew_answer *answer;
} cached_judgement;

static void judge_cached(void *context, span file, uint8_t digest[SHA256_SIZE])
{
    cached_judgement *self = context;
    judge(file, self->expected, &self->report, self->answer);
    memcpy(digest, self->report.sha256, SHA256_SIZE);
}

static void verify_cached(const target_list *run, const target *about, buf *content,
                          crew_answer *answer)
{
    release held;
    const osb_context *context = run->context;
    const cached_module *entry = &about->record->modules[about->place];
    bool published = *entry->from; /* a lock does not say where its files were found */
    verify_expectation expected = {.file_name = entry->file,
                                   .published_size = published ? entry->size : 0,
                                   .published_sha256 = published ? entry->sha256 : NULL,
                                   .slot = &entry->slot,
                                   .lock = run->lock};
    cached_judgement judged = {.expected = &expected, .answer = answer};
    osb_error problem = {0};
    expected.board = platform_by_name(&context->platforms, about->record->platform);
    if (expected.board)
        expect_release(context, about->record->version, entry->slot, &expected, &held);
    osb_status status =
        cas_read_hashed(context->store, entry->sha256, judge_cached, &judged, content, &problem);
    if (status != OSB_OK) {
        answer->error = problem;
        answer->status = answer->error.status = OSB_ERR_INTEGRITY;
        answer_unreached("cached object", about->path, answer);
        return;
    }
    answer_with(&judged.report, about->path, answer);
}

static void verify_target(const void *shared, size_t index, buf *content, crew_answer *answer)
{
    const target_list *run = shared;
    const target *about = target_at(run, index);
    answer->argument = about->argument;
    answer->path = about->path;
    if (about->problem) {
        answer->status = about->problem->status;
        answer->error = *about->problem;
    } else if (about->record) {
        verify_cached(run, about, content, answer);
    } else {
        verify_on_disk(run, about, content, answer);
        answer->stray = file_is_stray(about->path, about->inside, answer->status);
    }
}

osb_status osb_verify(osb_context *context, const char *const *words, size_t count,
                      const char *lock_path, osb_tell tell, void *tell_context, osb_error *error)
{
    TARGETS_OWNED found = {.context = context};
    lockfile lock;
    if (lock_path) {
        TRY(context_read_lock(context, lock_path, LOCK_CHECK, &found.memory, &lock, error));
        found.lock = &lock;
    }
    TRY(targets_find(&found, words, count, error));
    crew_job job = {.count = target_count(&found),
                    .work = verify_target,
                    .shared = &found,
                    .content_max = MODULE_FILE_MAX};
    return crew_run(context, &job, tell, tell_context, error);
}
