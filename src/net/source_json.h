#pragma once
/** What the APIs of release sites answer, read into listings. Nothing here asks anybody. */
#include "base/json.h"
#include "net/source.h"

/** "v5.3.1" and "5.3.1" name the version 5.3.1. */
const char *github_version_of_tag(const char *tag);

/**
 * One release as GitHub tells of it. Files whose upload broke off are left out.
 * @return OSB_ERR_INTEGRITY naming the file whose name, address, size or digest is unusable, or
 *         that is there twice
 */
osb_status github_release_from_json(const json_t *document, const char *url, arena *memory,
                                    source_listing *listing, osb_error *error) OSB_MUST_CHECK;

/** Adds the releases of one page; drafts, and what is no version (old board images), are left out.
 */
osb_status github_page_from_json(const json_t *page, const char *url, buf *listings,
                                 osb_error *error) OSB_MUST_CHECK;

/**
 * One release as Particle's cloud tells of it, with its promises of each module.
 * @return OSB_ERR_INTEGRITY as github_release_from_json, or when it is about another release
 */
osb_status particle_release_from_json(const json_t *document, const char *url, const char *wanted,
                                      arena *memory, source_listing *listing,
                                      osb_error *error) OSB_MUST_CHECK;

/** Adds the releases of one page. `is_last`: there is no other behind it. */
osb_status particle_page_from_json(const json_t *page, const char *url, buf *listings,
                                   bool *is_last, osb_error *error) OSB_MUST_CHECK;
