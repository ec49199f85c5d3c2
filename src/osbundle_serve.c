/*
 * The facade's service: simulated boards on a real USB stack, until the caller has enough.
 *
 * What goes over the wire is sim/usbip.c. Invariant: the world it serves is the context's own, so
 * boards in folders are locked and keep what is written to them.
 */
#include "osbundle_context.h"

#include "sim/usbip.h"

static const char default_listen[] = "127.0.0.1:3240";

typedef struct service {
    osb_context *context;
    const osb_serve *wanted;
    json_t *boards;
} service;

static json_t *board_document(const sim_board *board)
{
    JSON_OWNED *all = sim_board_to_json(board);
    return json_pack("{s:s, s:s, s:s}", "device_id", json_text(all, "device_id", ""), "platform",
                     json_text(all, "platform", ""), "mode", json_text(all, "mode", ""));
}

static void tell_ready(void *context, const char *address)
{
    const service *self = context;
    if (!self->wanted->ready)
        return;
    JSON_OWNED *document =
        json_pack("{s:s, s:i, s:b, s:s?, s:b, s:O}", "type", "osbundle-sim-serve", "schema", 1,
                  "attached", self->wanted->attach, "listen", address, "real_time",
                  self->wanted->real_time, "boards", self->boards);
    self->wanted->ready(self->wanted->ready_context, document);
}

static bool is_enough(void *context)
{
    const service *self = context;
    return context_is_cancelled(self->context);
}

static osb_status check(const osb_serve *wanted, osb_error *error)
{
    if (!wanted->spec_count)
        return osb_fail(error, OSB_ERR_USAGE, "sim serve",
                        "name PLATFORM@VERSION or a folder that 'osbundle sim new' made",
                        "there is no board to serve");
    if (wanted->attach && wanted->listen)
        return osb_fail(error, OSB_ERR_USAGE, "sim serve", "leave one of them out",
                        "--attach and --listen exclude each other");
    return OSB_OK;
}

osb_status osb_sim_serve(osb_context *context, const osb_serve *wanted, osb_error *error)
{
    service self = {.context = context, .wanted = wanted};
    TRY(check(wanted, error));
    JSON_OWNED *boards = json_array();
    self.boards = boards;
    sim_world *world;
    TRY(sim_world_make(&context->known, &context->platforms, &world, error));
    osb_status status = OSB_OK;
    for (size_t i = 0; i < wanted->spec_count && status == OSB_OK; i++) {
        sim_board *board;
        status = context_plug_in(context, world, wanted->specs[i], i, &board, error);
        if (status == OSB_OK)
            json_array_append_new(boards, board_document(board));
    }
    const usbip_options options = {.listen = wanted->listen ? wanted->listen : default_listen,
                                   .attach = wanted->attach,
                                   .real_time = wanted->real_time,
                                   .ready = tell_ready,
                                   .cancelled = is_enough,
                                   .context = &self};
    if (status == OSB_OK)
        status = usbip_serve(world, &options, error);
    sim_world_free(world);
    return status;
}
