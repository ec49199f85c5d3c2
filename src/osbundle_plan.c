/*
 * The facade's plans, as JSON and as a graph.
 *
 * Fetches what is not cached; writes nothing to a board.
 */
#include "model/plan_graph.h"
#include "osbundle_request.h"

osb_status osb_plan(osb_context *context, const osb_goal *goal, json_t **result, osb_error *error)
{
    REQUEST_OWNED work = request_make(context, goal);
    *result = NULL;
    TRY(request_take_board(&work, AIM_LOOK, error));
    TRY(request_plan(&work, error));
    *result = plan_to_json(&work.steps);
    return OSB_OK;
}

osb_status osb_plan_graph(osb_context *context, const osb_goal *goal, json_t **result,
                          osb_error *error)
{
    REQUEST_OWNED work = request_make(context, goal);
    BUF_OWNED text = buf_make(256 * 1024);
    *result = NULL;
    TRY(request_take_board(&work, AIM_LOOK, error));
    TRY(request_plan(&work, error));
    struct goal wanted = request_goal(&work);
    plan_graph(&work.state, &wanted, &work.steps, &text);
    TRY(buf_check(&text, "graph", error));
    *result = json_stringn((const char *)text.data, text.size);
    return *result ? OSB_OK : osb_fail(error, OSB_ERR_INTERNAL, "graph", NULL, "is no UTF-8 text");
}
