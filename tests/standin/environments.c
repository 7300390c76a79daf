#include "environments.h"

#include <stdlib.h>
#include <string.h>

#include "account_json.h"
#include "accounts.h"
#include "page.h"
#include "percent.h"
#include "xalloc.h"

bool find_environment(struct call *call)
{
    if (!find_repository(call))
        return false;
    call->environment = state_environment(call->repository, call->params[2]);
    return call->environment != NULL;
}

static struct json_object *environment_to_json(
    const struct call *call, const struct environment *environment)
{
    struct json_object *object = json_object_new_object();
    const char *repository = environment->repository->full_name;
    char *base = request_base_url(call->request);
    char *name = percent_encode(environment->name);

    add_int(object, "id", environment->id);
    add_text(object, "node_id", xprintf("EN_kwDO%lld", (long long)environment->id));
    add_string(object, "name", environment->name);
    add_text(object, "url", xprintf("%s/repos/%s/environments/%s", base, repository, name));
    add_text(object, "html_url",
        xprintf("https://github.com/%s/deployments/activity_log?environments_filter=%s",
            repository, name));
    add_time(object, "created_at", environment->created_at);
    add_time(object, "updated_at", environment->created_at);
    json_object_object_add(object, "protection_rules", json_object_new_array());
    json_object_object_add(object, "deployment_branch_policy", NULL);
    free(name);
    free(base);
    return object;
}

static int by_key(const void *a, const void *b)
{
    const struct environment *const *left = a, *const *right = b;

    return strcmp((*left)->key, (*right)->key);
}

void answer_environments(struct call *call)
{
    size_t total = 0, begin, end;
    struct environment *all = call->repository->environments;
    const struct environment **list =
        xcalloc(HASH_COUNT(all) + 1, sizeof(struct environment *));
    struct json_object *body = json_object_new_object(), *array = json_object_new_array();
    struct page page = page_of(call->request);

    for (struct environment *e = all; e; e = e->hh.next)
        list[total++] = e;
    qsort(list, total, sizeof(struct environment *), by_key);
    page_range(page, total, &begin, &end);
    for (size_t i = begin; i < end; i++)
        json_object_array_add(array, environment_to_json(call, list[i]));
    free(list);
    add_int(body, "total_count", (int64_t)total);
    json_object_object_add(body, "environments", array);
    page_link(call, page, total);
    reply_json(call->reply, 200, body);
}

void answer_environment(struct call *call)
{
    reply_json(call->reply, 200, environment_to_json(call, call->environment));
}
