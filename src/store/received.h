#pragma once
/**
 * What came over the network and is kept so that it need not come again: the beginnings of files
 * whose download has not ended (tmp/part-...), and lists with the validator by which their server
 * can say that they still hold (lists/...). Both are named by the SHA-256 of their URL.
 *
 * Nothing here is believed: a part counts only once the whole file has passed every check, a list
 * only once its server has said that it has not changed. All of it may be removed at any time.
 */
#include "base/path.h"
#include "store/cache.h"

enum {
    RECEIVED_VALIDATOR_SIZE = 256,
    RECEIVED_REMARK_SIZE = 16
};

/** What a server said of the bytes that are kept. */
typedef struct received_note {
    char validator[RECEIVED_VALIDATOR_SIZE]; /**< ETag or Last-Modified, as it was sent */
    char remark[RECEIVED_REMARK_SIZE];       /**< a word of who keeps it; no line feed */
} received_note;

/** Appends a list to `content`. OSB_ERR_NOT_FOUND; OSB_ERR_INTEGRITY for what is no such file. */
osb_status received_list_read(const cache *opened, const char *url, buf *content,
                              received_note *note, osb_error *error) OSB_MUST_CHECK;
osb_status received_list_save(cache *opened, const char *url, span content,
                              const received_note *note, osb_error *error) OSB_MUST_CHECK;

/** A part that is being written. Only one process at a time has that of a URL. */
typedef struct received_part {
    int descriptor;     /**< -1: none, nothing is kept */
    size_t header_size; /**< bytes of the file before those of the part; 0: not begun */
    char path[PATH_SIZE];
} received_part;

/**
 * Opens the part of a URL for writing and appends what there is of it to `content`, with the note
 * of its server. Without a part `note` is empty. A part that somebody else is writing, or that
 * cannot be made, stays closed: a download does without.
 */
void received_part_open(cache *opened, const char *url, buf *content, received_note *note,
                        received_part *part);
/** Forgets the bytes so far; those that are appended next are of this note. */
void received_part_begin(received_part *part, const char *url, const received_note *note);
/** Writes bytes at `offset` of the part. When that fails (a full disk) the part is closed. */
void received_part_write(received_part *part, size_t offset, span bytes);
/** Empties the part: its bytes are not to be gone on from. */
void received_part_forget(received_part *part);
/** Keeps what was written; a part without any is removed. */
void received_part_close(received_part *part);

/** Removes the part of a URL, once its file is published or was found to be bad. */
void received_part_remove(const cache *opened, const char *url);
