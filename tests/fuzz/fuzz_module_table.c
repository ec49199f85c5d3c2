/*
 * Module tables in all forms: protobuf new and old, the describe text of old systems, and what
 * those before them cut out of it. Cut off at any byte, a table is still read or refused, never
 * half of both.
 */
#include "fuzz/asked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static module_table table; /* large */
    osb_error error = {0};
    osb_status status = module_table_parse((span){data, size}, "board", &table, &error);
    PROMISE(status == OSB_OK || status == OSB_ERR_PROTOCOL);
    PROMISE(status == OSB_OK || (*error.message && *error.hint && *error.subject));
    if (status == OSB_OK)
        promise_table(&table);
    status = module_table_from_legacy((span){data, size}, "board", &table, &error);
    PROMISE(status == OSB_OK || status == OSB_ERR_PROTOCOL);
    if (status == OSB_OK)
        promise_table(&table);
    if (size)
        (void)!module_table_parse((span){data, size / 2}, "board", &table, NULL);
    return 0;
}
