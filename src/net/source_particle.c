/*
 * Releases at Particle's device cloud, or at whatever answers like its REST API: one release for
 * one platform, all releases page by page, files below the address that a release names.
 *
 * What it tells of each module is no hash, but CRC-32 and header, which are held against the module
 * that arrives. Facts: particle-api-js src/Particle.js (the paths), particle-cli
 * src/lib/device-os-version-util.js (base_url and filename, no token for files),
 * binary-version-reader lib/HalModuleParser.js (crc, prefixInfo, suffixInfo). Invariant: the token
 * goes to the API's own server only.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "net/http.h"
#include "net/source_backend.h"
#include "net/source_json.h"
#include "net/url.h"

enum {
    RELEASE_JSON_MAX = 4 * 1024 * 1024,
    PAGE_JSON_MAX = 16 * 1024 * 1024,
    PAGE_SIZE = 100,
    PAGES_MAX = 20
};

typedef struct particle_source {
    source base;
    char api[URL_SIZE]; /**< "https://HOST/v1" */
    http *client;
} particle_source;

static particle_source *particle(source *self)
{
    return (particle_source *)(void *)self;
}

static osb_status get_json(particle_source *self, const char *url, size_t maximum,
                           json_t **document, osb_error *error)
{
    BUF_OWNED text = buf_make(maximum);
    http_request request = {.url = url,
                            .name = url,
                            .accept = "application/json",
                            .bearer = self->base.options.particle_token,
                            .keep = HTTP_KEEP_LIST,
                            .content = &text};
    TRY(http_get(self->client, &request, 1, NULL, error));
    osb_status status = json_parse(buf_span(&text), url, document, error);
    if (status != OSB_OK)
        osb_error_set_hint(error, "a log-in page or proxy may have answered instead of the API: "
                                  "check the connection and the source");
    return status;
}

static osb_status fail_unknown(const particle_source *self, const char *os_version,
                               osb_error *error)
{
    const platform *board = self->base.board;
    return osb_fail(error, OSB_ERR_NOT_FOUND, os_version,
                    "see 'osbundle list --remote' for what there is", "no such release%s%s at %s",
                    board ? " for " : "", board ? board->name : "", self->api);
}

static osb_status particle_find(source *base, const char *os_version, arena *memory,
                                source_listing *listing, osb_error *error)
{
    char url[URL_SIZE], encoded[3 * VERSION_SIZE], about[32] = "";
    particle_source *self = particle(base);
    JSON_OWNED *document = NULL;
    const char *wanted = os_version[0] == 'v' ? os_version + 1 : os_version;
    if (base->board)
        text_format(about, sizeof about, "?platform_id=%u", base->board->id);
    if (strlen(wanted) >= VERSION_SIZE || !url_encode(wanted, encoded, sizeof encoded) ||
        !text_format(url, sizeof url, "%s/device-os/versions/%s%s", self->api, encoded, about))
        return fail_unknown(self, wanted, error);
    osb_status status = get_json(self, url, RELEASE_JSON_MAX, &document, error);
    if (status == OSB_ERR_NOT_FOUND)
        return fail_unknown(self, wanted, error);
    TRY(status);
    return particle_release_from_json(document, url, wanted, memory, listing, error);
}

static osb_status get_page(particle_source *self, unsigned number, buf *found, bool *is_last,
                           osb_error *error)
{
    char url[URL_SIZE];
    JSON_OWNED *page = NULL;
    if (!text_format(url, sizeof url, "%s/device-os/versions?per_page=%d&page=%u", self->api,
                     PAGE_SIZE, number))
        return osb_fail(error, OSB_ERR_USAGE, self->base.url, "use a shorter one",
                        "the source is too long");
    TRY(get_json(self, url, PAGE_JSON_MAX, &page, error));
    return particle_page_from_json(page, url, found, is_last, error);
}

/** Whether the page that was added from `begin` on is the one before once more. */
static bool is_repeated(const buf *found, size_t begin, size_t page_size)
{
    return page_size && begin >= page_size && found->size - begin == page_size &&
           memcmp(found->data + begin, found->data + begin - page_size, page_size) == 0;
}

/** Until a page is empty: a server may put less on a page than it is asked for. */
static osb_status particle_list(source *base, arena *memory, const source_listing **listings,
                                size_t *count, osb_error *error)
{
    BUF_OWNED found = source_listings_make();
    size_t page_size = 0;
    bool is_last = false;
    for (unsigned number = 1; number <= PAGES_MAX && !is_last; number++) {
        const size_t begin = found.size;
        TRY(get_page(particle(base), number, &found, &is_last, error));
        is_last = is_last || is_repeated(&found, begin, page_size);
        page_size = found.size - begin;
    }
    return source_listings_take(&found, memory, base->url, listings, count, error);
}

static osb_status particle_download(source *base, download *downloads, size_t count,
                                    const fetch_progress *progress, osb_error *error)
{
    return http_download(particle(base)->client, downloads, count, progress, error);
}

static void particle_close(source *base)
{
    http_close(particle(base)->client);
    free(base);
}

static const source_operations operations = {
    .find = particle_find,
    .list = particle_list,
    .download = particle_download,
    .close = particle_close,
};

osb_status particle_open(const char *rest, const net_options *options, source **opened,
                         osb_error *error)
{
    url_parts parts;
    TRY(url_check(rest, options->allow_http, &parts, error));
    if (!text_ends_with(parts.path, "/v1") || strpbrk(rest, "?#"))
        return osb_fail(error, OSB_ERR_USAGE, rest, "use particle+https://HOST/v1",
                        "not the address of a Particle cloud API");
    particle_source *made = calloc(1, sizeof *made);
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
