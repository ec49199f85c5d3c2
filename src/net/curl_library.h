#pragma once
/** libcurl, opened when the first URL is: it takes longer to load than most commands run. */
#include <curl/curl.h>

#include "base/library.h"

#define CURL_FUNCTIONS(each)                                                                       \
    each(curl_easy_cleanup) each(curl_easy_getinfo) each(curl_easy_header) each(curl_easy_init)    \
        each(curl_easy_reset) each(curl_easy_setopt) each(curl_easy_strerror) each(curl_free)      \
            each(curl_global_cleanup) each(curl_global_init) each(curl_multi_add_handle)           \
                each(curl_multi_cleanup) each(curl_multi_info_read) each(curl_multi_init)          \
                    each(curl_multi_perform) each(curl_multi_poll) each(curl_multi_remove_handle)  \
                        each(curl_multi_strerror) each(curl_slist_append)                          \
                            each(curl_slist_free_all) each(curl_url) each(curl_url_cleanup)        \
                                each(curl_url_get) each(curl_url_set)

/** Its functions, under their own names. */
typedef struct curl_library {
    CURL_FUNCTIONS(LIBRARY_MEMBER)
} curl_library;

osb_status curl_library_open(curl_library *curl, osb_error *error) OSB_MUST_CHECK;

/**
 * Declares a local pointer with the name of a function of the library. For those that curl.h wraps
 * in a macro that checks the types of options: under that name the macro goes on working.
 */
#define CURL_LOCAL(curl, name) __typeof__(name) *const name = (curl)->name
