#pragma once
/** The product that an application belongs to, in either of its two forms. */
#include "model/module.h"
#include "model/module_extension.h"

/**
 * Appends the module as one of another product: raw bytes or PRODUCT_DATA, as it carries them.
 * @param product id 0xffff: none
 * @return OSB_ERR_REFUSED for a module that has no place for it, or is compressed or encrypted
 */
osb_status module_write_product(const module *parsed, const char *name, product_data product,
                                buf *file, osb_error *error) OSB_MUST_CHECK;
