#pragma once
/** Whether bundles and mirrors are believed. Private to osbundle*.c. */
#include "osbundle_context.h"

/** Where a key is trusted, lets every source's index be held against it. */
void context_set_guard(osb_context *context);
