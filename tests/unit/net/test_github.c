/*
 * Releases from an API that answers like GitHub's: tags with and without "v", assets, digests,
 * pages, drafts, and answers that are none.
 */
#include "unit/net/web_server.h"

#include "unit/trust/fixtures.h"

#include "net/source.h"

#define DIGEST "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void answer_json(const web_request *request, const char *headers, const char *text)
{
    web_answer(request, "200 OK", headers, text, strlen(text));
}

static void answer_tag(const web_request *request, const char *tag)
{
    char text[3000];
    if (!strcmp(tag, "v5.3.1"))
        snprintf(text, sizeof text,
                 "{\"tag_name\":\"v5.3.1\",\"draft\":false,\"prerelease\":false,\"assets\":["
                 "{\"name\":\"p2-bootloader@5.3.1.bin\",\"size\":11,\"digest\":\"sha256:" DIGEST
                 "\",\"state\":\"uploaded\","
                 "\"browser_download_url\":"
                 "\"http://127.0.0.1:%u/download/p2-bootloader%%405.3.1.bin\"},"
                 "{\"name\":\"p2-system-part1@5.3.1.bin\",\"size\":12,\"digest\":null,"
                 "\"browser_download_url\":\"https://example.org/x\"},"
                 "{\"name\":\"p2-broken-off@5.3.1.bin\",\"size\":0,\"state\":\"starter\","
                 "\"browser_download_url\":\"https://example.org/y\"}]}",
                 request->port);
    else if (!strcmp(tag, "1.0.0"))
        snprintf(text, sizeof text, "{\"tag_name\":\"1.0.0\",\"prerelease\":true,\"assets\":[]}");
    else if (!strcmp(tag, "v5.4.0%2Bledger"))
        snprintf(text, sizeof text, "{\"tag_name\":\"v5.4.0+ledger\",\"assets\":[]}");
    else if (!strcmp(tag, "v9.0.0"))
        snprintf(text, sizeof text, "{\"tag_name\":\"v9.0.0\",\"draft\":true,\"assets\":[]}");
    else if (!strcmp(tag, "v9.0.1"))
        snprintf(text, sizeof text, "{\"tag_name\":\"v5.3.1\",\"assets\":[]}");
    else if (!strcmp(tag, "v9.0.2"))
        snprintf(text, sizeof text,
                 "{\"tag_name\":\"v9.0.2\",\"assets\":[{\"name\":\"a@1.bin\",\"size\":1,"
                 "\"digest\":\"sha256:abc\",\"browser_download_url\":\"https://example.org/\"}]}");
    else if (!strcmp(tag, "v9.0.3"))
        snprintf(text, sizeof text,
                 "{\"tag_name\":\"v9.0.3\",\"assets\":[{\"name\":\"../a\",\"size\":1,"
                 "\"browser_download_url\":\"https://example.org/\"}]}");
    else if (!strcmp(tag, "v9.0.4"))
        snprintf(text, sizeof text, "<html>please log in</html>");
    else {
        web_answer(request, "404 Not Found", "", "{}", 2);
        return;
    }
    answer_json(request, "", text);
}

static void answer_list(const web_request *request, const char *page)
{
    if (!strcmp(page, "1"))
        answer_json(request, "",
                    "[{\"tag_name\":\"v5.3.1\"},{\"tag_name\":\"v6.0.0-rc.1\",\"prerelease\":true},"
                    "{\"tag_name\":\"v9.0.0\",\"draft\":true},{\"tag_name\":\"photon_043\"},"
                    "{\"tag_name\":\"v../../x\"}]");
    else if (!strcmp(page, "2"))
        answer_json(request, "", "[{\"tag_name\":\"v10.0.0\"},{\"tag_name\":\"2.3.1\"}]");
    else
        answer_json(request, "", "[]");
}

/** Says by its Link header that the first page is all there is. */
static void answer_linked(const web_request *request)
{
    answer_json(request, "Link: <http://127.0.0.1/x?page=1>; rel=\"first\"\r\n",
                "[{\"tag_name\":\"v5.3.1\"}]");
}

static void handle(const web_request *request)
{
    static const char tags[] = "/repos/o/n/releases/tags/";
    static const char list[] = "/repos/o/n/releases?per_page=100&page=";
    const char *path = request->path;
    if (!strncmp(path, tags, sizeof tags - 1))
        answer_tag(request, path + sizeof tags - 1);
    else if (!strncmp(path, list, sizeof list - 1))
        answer_list(request, path + sizeof list - 1);
    else if (!strncmp(path, "/repos/o/linked/releases?", 25))
        answer_linked(request);
    else if (!strncmp(path, "/repos/o/endless/releases?", 26))
        answer_json(request, "", "[{\"tag_name\":\"v5.3.1\"}]");
    else if (!strcmp(path, "/download/p2-bootloader%405.3.1.bin"))
        web_answer(request, "200 OK", "", "eleven byte", 11);
    else
        web_answer(request, "404 Not Found", "", "{}", 2);
}

static int server_start(void **state)
{
    web_server *server = calloc(1, sizeof *server);
    *state = server;
    return web_start(server, handle) ? 0 : -1;
}

static int server_stop(void **state)
{
    web_stop(*state);
    free(*state);
    return 0;
}

static source *open_source(void **state, const char *repository)
{
    const web_server *server = *state;
    net_options options = {0};
    source *opened;
    char url[200];
    snprintf(url, sizeof url, "github+http://127.0.0.1:%u/repos/o/%s", server->port, repository);
    assert_int_equal(source_open(url, &options, &opened, NULL), OSB_OK);
    assert_string_equal(source_url(opened), url);
    return opened;
}

static void a_release_is_found_with_its_files(void **state)
{
    source *site = open_source(state, "n");
    ARENA_OWNED memory = {0};
    source_listing listing;
    char hex[SHA256_HEX_SIZE];
    assert_int_equal(source_find(site, "5.3.1", &memory, &listing, NULL), OSB_OK);
    assert_string_equal(listing.version, "5.3.1");
    assert_false(listing.prerelease);
    assert_int_equal(listing.count, 2); /* the one whose upload broke off is none */
    assert_string_equal(listing.files[0].name, "p2-bootloader@5.3.1.bin");
    assert_int_equal(listing.files[0].size, 11);
    assert_true(listing.files[0].has_sha256);
    text_hex(hex, (span){listing.files[0].sha256, SHA256_SIZE});
    assert_string_equal(hex, DIGEST);
    assert_false(listing.files[1].has_sha256);
    source_close(site);
}

static void one_question_serves_all_platforms(void **state)
{
    source *site = open_source(state, "n");
    for (size_t i = 0; i < 5; i++) {
        ARENA_OWNED memory = {0};
        source_listing listing;
        assert_int_equal(source_find(site, "5.3.1", &memory, &listing, NULL), OSB_OK);
        assert_int_equal(listing.count, 2);
    }
    assert_int_equal(((web_server *)*state)->seen->requests, 1);
    source_close(site);
}

static void tags_without_v_are_found_too(void **state)
{
    source *site = open_source(state, "n");
    ARENA_OWNED memory = {0};
    source_listing listing;
    assert_int_equal(source_find(site, "1.0.0", &memory, &listing, NULL), OSB_OK);
    assert_true(listing.prerelease);
    assert_int_equal(source_find(site, "5.4.0+ledger", &memory, &listing, NULL), OSB_OK);
    source_close(site);
}

static void files_lie_where_the_site_of_the_api_has_them(void **state)
{
    static const char *const known[][2] = {
        {"github+https://api.github.com/repos/o/n", "https://github.com"},
        {"github+https://ghe.example.com/api/v3/repos/o/n", "https://ghe.example.com"},
        {"github+https://mirror.example.com/repos/o/n", "https://mirror.example.com"}};
    net_options options = {0};
    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        source *site;
        char location[SOURCE_LOCATION], expected[SOURCE_LOCATION];
        assert_int_equal(source_open(known[i][0], &options, &site, NULL), OSB_OK);
        assert_true(source_locate(site, "v5.4.0+ledger", "p2-a@5.4.0+ledger.bin", location));
        snprintf(expected, sizeof expected, "%s/o/n/releases/download/%s", known[i][1],
                 "v5.4.0%2Bledger/p2-a%405.4.0%2Bledger.bin");
        assert_string_equal(location, expected);
        source_close(site);
    }
}

static void what_is_not_there_is_not_found(void **state)
{
    source *site = open_source(state, "n");
    ARENA_OWNED memory = {0};
    source_listing listing;
    osb_error error = {0};
    assert_int_equal(source_find(site, "7.7.7", &memory, &listing, &error), OSB_ERR_NOT_FOUND);
    assert_string_equal(error.subject, "7.7.7");
    assert_int_equal(source_find(site, "9.0.0", &memory, &listing, NULL), OSB_ERR_NOT_FOUND);
    assert_int_equal(source_find(site, "../../x", &memory, &listing, NULL), OSB_ERR_NOT_FOUND);
    source_close(site);
}

static void broken_answers_are_not_believed(void **state)
{
    static const char *const versions[] = {"9.0.1", "9.0.2", "9.0.3"};
    source *site = open_source(state, "n");
    for (size_t i = 0; i < 3; i++) {
        ARENA_OWNED memory = {0};
        source_listing listing;
        if (source_find(site, versions[i], &memory, &listing, NULL) != OSB_ERR_INTEGRITY)
            fail_msg("%s was believed", versions[i]);
    }
    ARENA_OWNED memory = {0};
    source_listing listing;
    osb_error error = {0};
    assert_int_equal(source_find(site, "9.0.4", &memory, &listing, &error), OSB_ERR_NETWORK);
    assert_non_null(strstr(error.message, "web page"));
    source_close(site);
}

static void all_pages_are_listed_newest_first(void **state)
{
    static const char *const expected[] = {"10.0.0", "6.0.0-rc.1", "5.3.1", "2.3.1"};
    source *site = open_source(state, "n");
    ARENA_OWNED memory = {0};
    const source_listing *listings;
    size_t count;
    assert_int_equal(source_list(site, &memory, &listings, &count, NULL), OSB_OK);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(listings[i].version, expected[i]);
        assert_int_equal(listings[i].prerelease, i == 1);
    }
    assert_int_equal(((web_server *)*state)->seen->requests, 3);
    source_close(site);
}

static void the_link_header_ends_the_list(void **state)
{
    source *site = open_source(state, "linked");
    ARENA_OWNED memory = {0};
    const source_listing *listings;
    size_t count;
    assert_int_equal(source_list(site, &memory, &listings, &count, NULL), OSB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(((web_server *)*state)->seen->requests, 1);
    source_close(site);
}

static void pages_are_bounded(void **state)
{
    source *site = open_source(state, "endless");
    ARENA_OWNED memory = {0};
    const source_listing *listings;
    size_t count;
    assert_int_equal(source_list(site, &memory, &listings, &count, NULL), OSB_OK);
    assert_int_equal(((web_server *)*state)->seen->requests, 10);
    source_close(site);
}

static void files_are_downloaded_by_their_urls(void **state)
{
    source *site = open_source(state, "n");
    ARENA_OWNED memory = {0};
    source_listing listing;
    assert_int_equal(source_find(site, "5.3.1", &memory, &listing, NULL), OSB_OK);
    download item = {.file = &listing.files[0], .content = buf_make(11)};
    assert_int_equal(source_download(site, &item, 1, NULL, NULL), OSB_OK);
    assert_int_equal(item.content.size, 11);
    assert_memory_equal(item.content.data, "eleven byte", 11);
    buf_free(&item.content);
    source_close(site);
}

static void strange_sources_are_not_opened(void **state)
{
    static const struct {
        const char *url;
        osb_status status;
    } cases[] = {
        {"github+http://example.org/repos/o/n", OSB_ERR_REFUSED},
        {"github+https://example.org/o/n", OSB_ERR_USAGE},
        {"github+https://example.org/repos/o", OSB_ERR_USAGE},
        {"github+https://example.org/repos/o/n/releases", OSB_ERR_USAGE},
        {"github+https://example.org/repos/o/n?x=1", OSB_ERR_USAGE},
        {"github+https://me:secret@example.org/repos/o/n", OSB_ERR_USAGE},
        {"https://example.org/repos/o/n", OSB_ERR_USAGE},
        {"gopher://example.org/", OSB_ERR_USAGE},
        {"file://example.org/folder", OSB_ERR_USAGE},
        {"", OSB_ERR_USAGE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net_options options = {0};
        osb_error error = {0};
        source *opened;
        if (source_open(cases[i].url, &options, &opened, &error) != cases[i].status)
            fail_msg("%s: %s", cases[i].url, osb_status_name(error.status));
        assert_null(strstr(error.subject, "secret"));
        assert_true(*error.hint);
    }
}

int main(void)
{
#define SERVED(name) cmocka_unit_test_setup_teardown(name, server_start, server_stop)
    const struct CMUnitTest tests[] = {
        SERVED(a_release_is_found_with_its_files),
        SERVED(one_question_serves_all_platforms),
        SERVED(tags_without_v_are_found_too),
        SERVED(what_is_not_there_is_not_found),
        cmocka_unit_test(files_lie_where_the_site_of_the_api_has_them),
        SERVED(broken_answers_are_not_believed),
        SERVED(all_pages_are_listed_newest_first),
        SERVED(the_link_header_ends_the_list),
        SERVED(pages_are_bounded),
        SERVED(files_are_downloaded_by_their_urls),
        cmocka_unit_test(strange_sources_are_not_opened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
