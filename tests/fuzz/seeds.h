#pragma once
/** What the files that write seeds share. */
#include "base/span.h"

/** Keeps an input of a target in the corpus. */
void seed_keep(const char *target, const char *name, span content);

/* seeds_device.c */
/** What simulated boards answer: service replies, messages, descriptors, statuses, layouts. */
void seed_device_bytes(void);

/* seeds_http.c */
/** Answers of web servers. */
void seed_http(void);
