#pragma once
/** Every control request that osbundle asks, chosen by a number, with what each promises. */
#include "fuzz/answers.h"
#include "protocol/module_report.h"
#include "protocol/requests.h"

enum {
    ASKED_DEVICE_ID,
    ASKED_SYSTEM_VERSION,
    ASKED_RAW_VERSION,
    ASKED_MODE,
    ASKED_PROTECTION,
    ASKED_MODULES,
    ASKED_UPDATE_START,
    ASKED_UPDATE_DATA,
    ASKED_UPDATE_FINISH,
    ASKED_UPDATE_CANCEL,
    ASKED_RESET,
    ASKED_DFU_MODE,
    ASKED_COUNT,
    ASKED_OLD = 0x80 /**< flag: a system that takes payload and reply in one transfer each */
};

static inline void promise_table(const module_table *table)
{
    PROMISE(table->count <= REPORT_MODULES_MAX);
    for (size_t i = 0; i < table->count; i++)
        PROMISE(table->modules[i].dependency_count <= REPORT_DEPENDENCIES_MAX);
}

static inline osb_status ask_update_data(const control_channel *channel, osb_error *error)
{
    static const uint8_t chunk[5000] = {1};
    const size_t size = channel->single_transfer ? 1000 : sizeof chunk;
    return request_update_data(channel, (span){chunk, size}, error);
}

/** Asks request number `which`; what comes back keeps its promises. */
static inline osb_status ask(const control_channel *channel, unsigned which, osb_error *error)
{
    static module_table table; /* large */
    char text[REQUEST_TEXT_SIZE] = "";
    request_mode mode = REQUEST_MODE_NORMAL;
    request_protection guard = REQUEST_PROTECTION_OPEN;
    uint32_t chunk_size = 1;
    osb_status status = OSB_OK;
    table.count = 0;
    switch (which) {
    case ASKED_DEVICE_ID:
        status = request_device_id(channel, text, error);
        break;
    case ASKED_SYSTEM_VERSION:
        status = request_system_version(channel, text, error);
        break;
    case ASKED_RAW_VERSION:
        status = request_raw_version(channel->link, text, error);
        break;
    case ASKED_MODE:
        status = request_device_mode(channel, &mode, error);
        break;
    case ASKED_PROTECTION:
        status = request_protected_state(channel, &guard, error);
        break;
    case ASKED_MODULES:
        status = request_module_info(channel, &table, error);
        break;
    case ASKED_UPDATE_START:
        status = request_update_start(channel, 100000, &chunk_size, error);
        break;
    case ASKED_UPDATE_DATA:
        return ask_update_data(channel, error);
    case ASKED_UPDATE_FINISH:
        return request_update_finish(channel, error);
    case ASKED_UPDATE_CANCEL:
        return request_update_cancel(channel, error);
    case ASKED_RESET:
        return request_reset(channel, error);
    case ASKED_DFU_MODE:
        return request_enter_dfu(channel, error);
    }
    promise_text(text, sizeof text);
    PROMISE(mode <= REQUEST_MODE_LISTENING && guard <= REQUEST_PROTECTION_SERVICE);
    PROMISE(chunk_size >= 1 && chunk_size < CONTROL_PAYLOAD_MAX);
    if (status == OSB_OK)
        promise_table(&table);
    return status;
}
