/*
 * What release sites answer: one document, read as each of the forms that are known. Whatever it
 * is, what was read names plain files, each once, and what was refused says why.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "base/path.h"
#include "base/text.h"
#include "model/version.h"
#include "net/source_backend.h"
#include "net/source_json.h"

static const char url[] = "https://example.org/releases";

static void judge_error(const osb_error *error)
{
    PROMISE(error->status == OSB_ERR_INTEGRITY && *error->message && *error->hint);
    for (const char *at = error->message; *at; at++)
        PROMISE((unsigned char)*at >= ' ' && (unsigned char)*at < 0x7f);
}

static void judge_release(osb_status status, const source_listing *listing, const osb_error *error)
{
    if (status != OSB_OK) {
        judge_error(error);
        return;
    }
    for (size_t i = 0; i < listing->count; i++) {
        const source_file *file = &listing->files[i];
        PROMISE(path_is_plain_name(file->name) && *file->location);
        for (size_t k = 0; k < i; k++)
            PROMISE(!text_equal(file->name, listing->files[k].name));
    }
}

static void judge_releases(osb_status status, buf *found, const osb_error *error)
{
    ARENA_OWNED memory = {0};
    const source_listing *listings;
    size_t count;
    if (status != OSB_OK) {
        judge_error(error);
        return;
    }
    PROMISE(source_listings_take(found, &memory, url, &listings, &count, NULL) == OSB_OK);
    for (size_t i = 0; i < count; i++) {
        version parsed;
        PROMISE(version_parse(listings[i].version, &parsed));
        PROMISE(path_is_plain_name(listings[i].version));
        PROMISE(!i || version_compare_text(listings[i - 1].version, listings[i].version) >= 0);
    }
}

static void read_release(const json_t *document)
{
    ARENA_OWNED memory = {0};
    osb_error error = {0};
    source_listing listing = {0};
    osb_status status = github_release_from_json(document, url, &memory, &listing, &error);
    judge_release(status, &listing, &error);
    listing = (source_listing){0};
    status = particle_release_from_json(document, url, json_text(document, "version", "5.3.1"),
                                        &memory, &listing, &error);
    judge_release(status, &listing, &error);
}

static void read_page(const json_t *document)
{
    osb_error error = {0};
    bool is_last;
    BUF_OWNED github = source_listings_make();
    BUF_OWNED particle = source_listings_make();
    judge_releases(github_page_from_json(document, url, &github, &error), &github, &error);
    judge_releases(particle_page_from_json(document, url, &particle, &is_last, &error), &particle,
                   &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *read = NULL;
    if (json_parse((span){data, size}, "input", &read, NULL) != OSB_OK)
        return 0;
    JSON_OWNED *document = read;
    read_release(document);
    read_page(document);
    return 0;
}
