/*
 * Going on with what is there: parts of files by Range and If-Range, lists by If-None-Match.
 *
 * Bytes are only ever appended to bytes of which the server says, by a strong validator, that they
 * are of the same file (RFC 9110, 13.1.5 and 14.2). A server that cannot say so begins anew, as
 * does one that sends another range than the one that was asked for.
 */
#include "net/http_resume.h"

#include <string.h>

#include "base/digest.h"
#include "base/text.h"
#include "net/http_header.h"

/** What the Link header said, kept with a list: a server need not repeat it. */
static const char remark_more[] = "more", remark_last[] = "last";

static bool has_hash(span content, const uint8_t *expected)
{
    uint8_t found[SHA256_SIZE];
    sha256(content, found);
    return !memcmp(found, expected, SHA256_SIZE);
}

/** A part as long as its file: it is the file, or its last byte is asked for to find out. */
static void judge_whole_part(transfer *item)
{
    const http_request *request = item->request;
    if (request->sha256 && has_hash(buf_span(request->content), request->sha256))
        item->state = TRANSFER_DONE;
    else {
        request->content->size--;
        item->tally->done--;
    }
}

static void begin_part(transfer *item)
{
    http_request *request = item->request;
    received_part_open(item->options->kept, request->url, request->content, &item->note,
                       &item->part);
    request->resumed = request->content->size != 0;
    item->tally->done += request->content->size;
    if (request->size && request->content->size > request->size)
        resume_forget(item);
    else if (request->size && request->content->size == request->size)
        judge_whole_part(item);
}

static void begin_list(transfer *item)
{
    const http_request *request = item->request;
    osb_status status =
        received_list_read(item->options->kept, request->url, request->content, &item->note, NULL);
    item->tally->done += request->content->size;
    item->holds_list = status == OSB_OK && !request->content->overflow;
    if (!item->holds_list)
        resume_forget(item);
}

void resume_begin(transfer *item)
{
    item->part.descriptor = -1;
    item->request->resumed = false;
    if (item->options->kept && item->request->keep == HTTP_KEEP_PART)
        begin_part(item);
    else if (item->options->kept && item->request->keep == HTTP_KEEP_LIST)
        begin_list(item);
}

bool resume_is_possible(const transfer *item)
{
    const http_request *request = item->request;
    if (request->keep == HTTP_KEEP_LIST && !item->holds_list)
        return false;
    return request->content->size && *item->note.validator;
}

bool resume_add_headers(transfer *item)
{
    char range[40];
    const bool is_list = item->request->keep == HTTP_KEEP_LIST;
    if (!resume_is_possible(item))
        return true;
    item->asks_change = is_list;
    item->asks_range = !is_list;
    if (is_list)
        return transfer_add_header(item, "If-None-Match", item->note.validator);
    text_format(range, sizeof range, "bytes=%zu-", item->request->content->size);
    return transfer_add_header(item, "Range", range) &&
           transfer_add_header(item, "If-Range", item->note.validator);
}

/** Whether a 206 is what was asked for: everything from where we are, of the same file. */
static bool range_fits(transfer *item)
{
    content_range range;
    const http_request *request = item->request;
    const char *text = transfer_header(item, "content-range");
    const char *etag = transfer_header(item, "etag");
    if (!item->asks_range || !text || !content_range_parse(text, &range))
        return false;
    if (range.first != request->content->size || (range.total && range.last + 1 != range.total))
        return false;
    if (request->size && range.last + 1 != request->size)
        return false;
    /* Only an answer to a wrong If-Range would have another one. */
    return !etag || item->note.validator[0] != '"' || text_equal(etag, item->note.validator);
}

/** The note of a 200: for lists any ETag will do, for parts it has to vouch for every byte. */
static void take_note(transfer *item)
{
    const char *etag = transfer_header(item, "etag");
    const char *validator = item->request->keep == HTTP_KEEP_LIST
                                ? etag
                                : strong_validator(etag, transfer_header(item, "last-modified"),
                                                   transfer_header(item, "date"));
    item->note = (received_note){0};
    if (validator && strlen(validator) < sizeof item->note.validator)
        text_copy(item->note.validator, sizeof item->note.validator, validator);
}

/** Whether the bytes are not those of the file, but packed in a way that nobody asked for. */
static bool is_encoded(transfer *item)
{
    const char *encoding = transfer_header(item, "content-encoding");
    return encoding && *encoding && !text_equal(encoding, "identity") &&
           item->request->keep != HTTP_KEEP_LIST;
}

static answer_head judge(transfer *item)
{
    if (is_encoded(item))
        return HEAD_ENCODED;
    if (transfer_code(item) == HTTP_PARTIAL_CONTENT)
        return range_fits(item) ? HEAD_FITS : HEAD_WRONG_RANGE;
    transfer_rewind(item);
    item->request->resumed = item->holds_list = false;
    take_note(item);
    received_part_begin(&item->part, item->request->url, &item->note);
    return HEAD_FITS;
}

answer_head resume_judge(transfer *item)
{
    if (item->head == HEAD_UNSEEN)
        item->head = judge(item);
    return item->head;
}

void resume_confirm(transfer *item)
{
    http_request *request = item->request;
    request->has_more = text_equal(item->note.remark, remark_more);
    request->has_link = request->has_more || text_equal(item->note.remark, remark_last);
    item->state = TRANSFER_DONE;
}

void resume_save_list(transfer *item)
{
    const http_request *request = item->request;
    if (!item->options->kept || request->keep != HTTP_KEEP_LIST || !*item->note.validator)
        return;
    text_copy(item->note.remark, sizeof item->note.remark,
              request->has_more   ? remark_more
              : request->has_link ? remark_last
                                  : "");
    osb_error problem;
    if (received_list_save(item->options->kept, request->url, buf_span(request->content),
                           &item->note, &problem) != OSB_OK)
        log_line(item->options->log, LOG_INFO, "http", "%s is not kept: %s", request->name,
                 problem.message);
}

void resume_forget(transfer *item)
{
    transfer_rewind(item);
    item->note = (received_note){0};
    item->request->resumed = false;
    received_part_forget(&item->part);
}
