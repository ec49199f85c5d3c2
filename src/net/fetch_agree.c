/*
 * Whether all sources that describe a release mean the same modules.
 *
 * A source that has nothing to say of a module does not disagree. Invariant: what is compared is
 * the content that was downloaded and verified, never one listing with another.
 */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "net/fetch_private.h"
#include "trust/release_name.h"

/** Two files that are for the same slot, but are named apart, need not be the same build. */
static bool means_the_same(const source_file *a, const source_file *b)
{
    release_name name;
    return text_equal(a->name, b->name) || !release_name_parse(a->name, &name) ||
           !release_name_parse(b->name, &name);
}

static osb_status disagree(const fetch_item *item, const fetch_offer *other, const char *what,
                           const char *ours, const char *theirs, osb_error *error)
{
    return osb_fail(error, OSB_ERR_INTEGRITY, item->file->name,
                    "find out which of the two is right, and leave the other one out",
                    "two sources disagree: %s %s at %.80s, %s at %.80s", what, ours,
                    source_url(item->from), theirs, source_url(other->from));
}

/** The hash that a source gives a file, or that the file has where looking at it costs nothing. */
static osb_status hash_at(source *from, const source_file *file, uint8_t digest[SHA256_SIZE],
                          bool *is_known, osb_error *error)
{
    *is_known = file->has_sha256 || source_is_here(from);
    if (file->has_sha256)
        memcpy(digest, file->sha256, SHA256_SIZE);
    else if (*is_known) {
        download copy = {.file = file, .content = buf_make(MODULE_FILE_MAX)};
        osb_status status = source_download(from, &copy, 1, NULL, error);
        if (status == OSB_OK)
            sha256(buf_span(&copy.content), digest);
        buf_free(&copy.content);
        return status;
    }
    return OSB_OK;
}

static osb_status compare(const fetch_item *item, const fetch_offer *other, const source_file *file,
                          osb_error *error)
{
    char ours[SHA256_HEX_SIZE], theirs[SHA256_HEX_SIZE];
    uint8_t digest[SHA256_SIZE];
    bool is_known;
    TRY(hash_at(other->from, file, digest, &is_known, error));
    if (is_known && memcmp(digest, item->loaded.sha256, SHA256_SIZE) != 0) {
        text_hex(ours, (span){item->loaded.sha256, SHA256_SIZE});
        text_hex(theirs, (span){digest, SHA256_SIZE});
        return disagree(item, other, "SHA-256", ours, theirs, error);
    }
    if (file->promise.has_crc32 && file->promise.crc32 != item->crc32) {
        text_format(ours, sizeof ours, "%08" PRIx32, item->crc32);
        text_format(theirs, sizeof theirs, "%08" PRIx32, file->promise.crc32);
        return disagree(item, other, "CRC-32", ours, theirs, error);
    }
    if (file->size && file->size != item->content.size) {
        text_format(ours, sizeof ours, "%zu bytes", item->content.size);
        text_format(theirs, sizeof theirs, "%" PRIu64 " bytes", file->size);
        return disagree(item, other, "size", ours, theirs, error);
    }
    return OSB_OK;
}

osb_status fetch_agree(const fetch_job *job, const fetch_set *set, osb_error *error)
{
    for (size_t i = 0; i < set->count; i++) {
        const fetch_item *item = &set->items[i];
        for (size_t k = 0; k < job->offer_count && !item->older; k++) {
            const fetch_offer *other = &job->offers[k];
            if (other->from == item->from)
                continue;
            const source_file *file =
                fetch_best_file(job->board, item->place, &other->listing, job->cataloged);
            if (file && means_the_same(item->file, file))
                TRY(compare(item, other, file, error));
        }
    }
    return OSB_OK;
}
