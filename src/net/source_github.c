/*
 * Releases of a GitHub repository, or of anything that answers like its REST API: one release by
 * its tag, all releases page by page, files by their download URLs.
 *
 * Knows nothing of boards. Facts: docs.github.com, "REST API endpoints for releases" and "for
 * release assets" (tag_name, draft, prerelease, assets[] with name, size, digest, state,
 * browser_download_url). Invariant: the token goes to the API's own server only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/version.h"
#include "net/http.h"
#include "net/source_backend.h"
#include "net/source_json.h"
#include "net/url.h"

enum {
    RELEASE_JSON_MAX = 16 * 1024 * 1024,
    PAGE_JSON_MAX = 64 * 1024 * 1024, /**< lists carry all files of all releases */
    PAGE_SIZE = 100,                  /**< the API's maximum */
    PAGES_MAX = 10
};

typedef struct github_source {
    source base;
    char api[URL_SIZE]; /**< "https://HOST/repos/OWNER/NAME" */
    http *client;
    bool is_rationed; /**< the last question was refused because there were too many */
    bool is_closed;   /**< the API answers no more questions: files are found by their addresses */
    json_t *found;    /**< the release that was found last: one question serves all platforms */
    char found_version[VERSION_SIZE];
} github_source;

static github_source *github(source *self)
{
    return (github_source *)(void *)self;
}

/** Gets one document of the API; `request` keeps what the Link header said. */
static osb_status get_json(github_source *self, const char *url, size_t maximum,
                           http_request *request, json_t **document, osb_error *error)
{
    BUF_OWNED text = buf_make(maximum);
    *request = (http_request){.url = url,
                              .name = url,
                              .accept = "application/vnd.github+json",
                              .bearer = self->base.options.github_token,
                              .keep = HTTP_KEEP_LIST,
                              .content = &text};
    osb_status status = http_get(self->client, request, 1, NULL, error);
    self->is_rationed = request->rationed;
    TRY(status);
    status = json_parse(buf_span(&text), url, document, error);
    if (status != OSB_OK)
        osb_error_set_hint(error, "a log-in page or proxy may have answered instead of the API: "
                                  "check the connection and the source");
    return status;
}

static osb_status fail_unknown(const github_source *self, const char *os_version, osb_error *error)
{
    return osb_fail(error, OSB_ERR_NOT_FOUND, os_version,
                    "see 'osbundle list --remote' for what there is", "no such release at %s",
                    self->api);
}

static osb_status get_release(github_source *self, const char *mark, const char *os_version,
                              json_t **document, char url[URL_SIZE], osb_error *error)
{
    char encoded[3 * VERSION_SIZE];
    http_request request;
    if (!url_encode(os_version, encoded, sizeof encoded) ||
        !text_format(url, URL_SIZE, "%s/releases/tags/%s%s", self->api, mark, encoded))
        return fail_unknown(self, os_version, error);
    return get_json(self, url, RELEASE_JSON_MAX, &request, document, error);
}

/** Asks for the tag with and without "v", and keeps what is found: questions are rationed. */
static osb_status look_up(github_source *self, const char *wanted, osb_error *error)
{
    char url[URL_SIZE];
    JSON_OWNED *document = NULL;
    osb_status status = get_release(self, "v", wanted, &document, url, error);
    if (status == OSB_ERR_NOT_FOUND)
        status = get_release(self, "", wanted, &document, url, error);
    if (status == OSB_ERR_NOT_FOUND || (status == OSB_OK && json_true_at(document, "draft")))
        return fail_unknown(self, wanted, error);
    TRY(status);
    if (!text_equal(github_version_of_tag(json_text(document, "tag_name", "")), wanted))
        return osb_fail(error, OSB_ERR_INTEGRITY, url, "report this to whoever runs the source",
                        "the answer is about another release");
    json_decref(self->found);
    self->found = json_incref(document);
    text_copy(self->found_version, sizeof self->found_version, wanted);
    return OSB_OK;
}

/* Without the API ------------------------------------------------------------------------- */

/** Behind "/repos/" of the API's address: "OWNER/NAME". */
static const char *repository_of(const char *api)
{
    const char *repos = strstr(api, "/repos/");
    return repos ? repos + strlen("/repos/") : "";
}

/**
 * The site that the API tells of: github.com for api.github.com; else the same server, without the
 * "/api/v3" of GitHub Enterprise.
 */
static bool site_of(const char *api, char site[SOURCE_LOCATION])
{
    static const char public_api[] = "https://api.github.com/", enterprise[] = "/api/v3";
    if (text_starts_with(api, public_api))
        return text_format(site, SOURCE_LOCATION, "https://github.com");
    size_t size = (size_t)(repository_of(api) - strlen("/repos/") - api);
    if (!text_format(site, SOURCE_LOCATION, "%.*s", (int)size, api))
        return false;
    if (text_ends_with(site, enterprise))
        site[strlen(site) - strlen(enterprise)] = '\0';
    return true;
}

/** The pattern of download URLs, which GitHub documents under "Linking to releases". */
static bool github_locate(const source *base, const char *os_version, const char *name,
                          char location[SOURCE_LOCATION])
{
    char site[SOURCE_LOCATION], tag[3 * VERSION_SIZE], file[3 * RELEASE_FILE_NAME];
    const char *api = ((const github_source *)(const void *)base)->api;
    return site_of(api, site) && url_encode(github_version_of_tag(os_version), tag, sizeof tag) &&
           url_encode(name, file, sizeof file) &&
           text_format(location, SOURCE_LOCATION, "%s/%s/releases/download/v%s/%s", site,
                       repository_of(api), tag, file);
}

/** Whether files may be had though the API does not answer: rationed, or another server is down. */
static bool may_do_without(const github_source *self)
{
    char site[SOURCE_LOCATION];
    return self->is_rationed || (site_of(self->api, site) && !text_starts_with(self->api, site));
}

static osb_status add_guess(const github_source *self, const char *os_version, const char *name,
                            buf *files, osb_error *error)
{
    source_file file = {.is_guess = true};
    text_copy(file.name, sizeof file.name, name);
    if (!github_locate(&self->base, os_version, name, file.location))
        return osb_fail(error, OSB_ERR_USAGE, self->base.url, "use a shorter one",
                        "the source is too long");
    buf_append(files, (span){(const uint8_t *)&file, sizeof file});
    return OSB_OK;
}

/** The files of one platform: as the catalog has them, else as files have been named since 1.1.0.
 */
static osb_status guess_files(const github_source *self, const char *os_version,
                              const platform *board, buf *files, osb_error *error)
{
    release cataloged;
    const catalog *known = self->base.options.known;
    if (known && catalog_release(known, os_version, board, &cataloged, NULL) == OSB_OK) {
        for (size_t i = 0; i < cataloged.module_count; i++)
            TRY(add_guess(self, os_version, cataloged.modules[i].file, files, error));
        return OSB_OK;
    }
    for (size_t i = 0; i < board->slot_count; i++) {
        char name[RELEASE_FILE_NAME];
        const platform_slot *place = &board->slots[i];
        const bool is_lto = board->mcu == MCU_STM32F2 && place->slot.function == MODULE_BOOTLOADER;
        text_format(name, sizeof name, "%s-%s@%s%s.bin", board->name, place->name, os_version,
                    is_lto ? "+lto" : "");
        if (place->route != ROUTE_NEVER && place->slot.function != MODULE_USER_PART)
            TRY(add_guess(self, os_version, name, files, error));
    }
    return OSB_OK;
}

static osb_status guess_release(const github_source *self, const char *wanted, arena *memory,
                                source_listing *listing, osb_error *error)
{
    BUF_OWNED files = source_files_make();
    version parsed;
    const platform_list *boards = self->base.options.platforms;
    for (size_t i = 0; !self->base.board && boards && i < boards->count; i++)
        TRY(guess_files(self, wanted, &boards->items[i], &files, error));
    if (self->base.board)
        TRY(guess_files(self, wanted, self->base.board, &files, error));
    listing->prerelease = version_parse(wanted, &parsed) && parsed.prerelease[0];
    return source_files_take(&files, memory, listing, error);
}

static osb_status github_find(source *base, const char *os_version, arena *memory,
                              source_listing *listing, osb_error *error)
{
    github_source *self = github(base);
    osb_error problem = {0};
    osb_status status = OSB_OK;
    const char *wanted = github_version_of_tag(os_version);
    if (strlen(wanted) >= sizeof self->found_version)
        return fail_unknown(self, wanted, error);
    if (!self->is_closed && (!self->found || !text_equal(self->found_version, wanted)))
        status = look_up(self, wanted, &problem);
    if (status == OSB_ERR_NETWORK && may_do_without(self)) {
        self->is_closed = true;
        log_line(base->options.log, LOG_WARNING, "sources",
                 "%s: %s; files are asked for by their addresses, without sizes and hashes",
                 base->url, problem.message);
    } else if (status != OSB_OK) {
        if (error)
            *error = problem;
        return status;
    }
    text_copy(listing->version, sizeof listing->version, wanted);
    return self->is_closed
               ? guess_release(self, wanted, memory, listing, error)
               : github_release_from_json(self->found, base->url, memory, listing, error);
}

/* Lists ----------------------------------------------------------------------------------- */

static osb_status get_page(github_source *self, unsigned number, buf *listings, bool *more,
                           osb_error *error)
{
    char url[URL_SIZE];
    http_request request;
    JSON_OWNED *page = NULL;
    text_format(url, sizeof url, "%s/releases?per_page=%d&page=%u", self->api, PAGE_SIZE, number);
    TRY(get_json(self, url, PAGE_JSON_MAX, &request, &page, error));
    TRY(github_page_from_json(page, url, listings, error));
    *more = json_array_size(page) && (!request.has_link || request.has_more);
    return OSB_OK;
}

static osb_status github_list(source *base, arena *memory, const source_listing **listings,
                              size_t *count, osb_error *error)
{
    BUF_OWNED found = source_listings_make();
    bool more = true;
    if (github(base)->is_closed)
        return osb_fail(error, OSB_ERR_NETWORK, base->url, "try again later",
                        "its API answers no questions at present");
    for (unsigned number = 1; more && number <= PAGES_MAX; number++)
        TRY(get_page(github(base), number, &found, &more, error));
    return source_listings_take(&found, memory, base->url, listings, count, error);
}

static osb_status github_download(source *base, download *downloads, size_t count,
                                  const fetch_progress *progress, osb_error *error)
{
    return http_download(github(base)->client, downloads, count, progress, error);
}

static void github_close(source *base)
{
    http_close(github(base)->client);
    json_decref(github(base)->found);
    free(base);
}

static const source_operations operations = {
    .find = github_find,
    .list = github_list,
    .download = github_download,
    .locate = github_locate,
    .close = github_close,
};

/** Whether a path ends in /repos/OWNER/NAME (GitHub Enterprise has something before it). */
static bool is_repository(const char *path)
{
    const char *repos = strstr(path, "/repos/");
    if (!repos)
        return false;
    const char *owner = repos + strlen("/repos/");
    const char *slash = strchr(owner, '/');
    return slash && slash > owner && slash[1] && !strchr(slash + 1, '/');
}

osb_status github_open(const char *rest, const net_options *options, source **opened,
                       osb_error *error)
{
    url_parts parts;
    TRY(url_check(rest, options->allow_http, &parts, error));
    if (!is_repository(parts.path) || strpbrk(rest, "?#"))
        return osb_fail(error, OSB_ERR_USAGE, rest, "use github+https://HOST/repos/OWNER/NAME",
                        "not the API address of a repository");
    github_source *made = calloc(1, sizeof *made);
    if (!made)
        return osb_fail_memory(error);
    made->base.operations = &operations;
    text_copy(made->api, sizeof made->api, rest);
    osb_status status = http_open(options, &http_limits_default, &made->client, error);
    if (status != OSB_OK) {
        free(made);
        return status;
    }
    *opened = &made->base;
    return OSB_OK;
}
