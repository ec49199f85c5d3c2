#pragma once
/** Pictures by Graphviz's dot, where it is installed. */
#include "base/error.h"

/**
 * Draws a dot document as SVG into `path`, which is removed again when that fails.
 * @return OSB_ERR_NOT_FOUND when no dot is on the PATH
 */
osb_status dot_draw_svg(const char *document, const char *path, osb_error *error) OSB_MUST_CHECK;
