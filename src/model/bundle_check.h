#pragma once
/** Holding a bundle's assets against what its application wants. Used by bundle.c only. */
#include "model/bundle.h"

/** Fills the findings of a bundle whose application and assets are there. */
osb_status bundle_find_doubts(bundle *opened, arena *memory, osb_error *error) OSB_MUST_CHECK;
