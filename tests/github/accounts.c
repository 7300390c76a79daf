#include "accounts.h"

#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "xalloc.h"

static void add_string(struct json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, json_object_new_string(value));
}

/* Takes the URL. */
static void add_url(struct json_object *object, const char *key, char *url)
{
    add_string(object, key, url);
    free(url);
}

bool find_account(struct call *call)
{
    call->account = state_account(call->state, call->params[0]);
    if (!call->account)
        return false;
    call->link_path =
        xprintf("/%s/%lld%s", call->account->organization ? "organizations" : "user",
            (long long)call->account->id, request_rest(call->request, 2));
    return true;
}

bool find_organization(struct call *call)
{
    const struct account *account = state_account(call->state, call->params[0]);

    return account && account->organization && find_account(call);
}

bool find_repository(struct call *call)
{
    /* In "/repositories/1/x" the repository is two parts of the path, else three. */
    bool numbered = strcmp(call->request->segments[0], "repositories") == 0;

    call->repository = state_repository(call->state, call->params[0], call->params[1]);
    if (!call->repository)
        return false;
    call->link_path = xprintf("/repositories/%lld%s", (long long)call->repository->id,
        request_rest(call->request, numbered ? 2 : 3));
    return true;
}

static struct json_object *account_to_json(
    const struct call *call, const struct account *account)
{
    struct json_object *object = json_object_new_object();
    char *base = request_base_url(call->request);

    add_string(object, "login", account->login);
    json_object_object_add(object, "id", json_object_new_int64(account->id));
    add_url(object, "node_id", xprintf("U_kgDO%lld", (long long)account->id));
    add_url(object, "url",
        xprintf("%s/%s/%s", base, account->organization ? "orgs" : "users", account->login));
    add_url(object, "html_url", xprintf("https://github.com/%s", account->login));
    add_url(object, "repos_url", xprintf("%s/users/%s/repos", base, account->login));
    add_string(object, "type", account->organization ? "Organization" : "User");
    json_object_object_add(object, "site_admin", json_object_new_boolean(false));
    free(base);
    return object;
}

static struct json_object *repository_to_json(
    const struct call *call, const struct repository *repository)
{
    struct json_object *object = json_object_new_object();
    char *base = request_base_url(call->request);

    json_object_object_add(object, "id", json_object_new_int64(repository->id));
    add_url(object, "node_id", xprintf("R_kgDO%lld", (long long)repository->id));
    add_string(object, "name", repository->name);
    add_string(object, "full_name", repository->full_name);
    json_object_object_add(object, "private", json_object_new_boolean(repository->private));
    json_object_object_add(object, "owner", account_to_json(call, repository->owner));
    add_url(object, "html_url", xprintf("https://github.com/%s", repository->full_name));
    json_object_object_add(object, "description", NULL);
    json_object_object_add(object, "fork", json_object_new_boolean(false));
    add_url(object, "url", xprintf("%s/repos/%s", base, repository->full_name));
    json_object_object_add(object, "archived", json_object_new_boolean(repository->archived));
    json_object_object_add(object, "disabled", json_object_new_boolean(false));
    add_string(object, "visibility", repository->private ? "private" : "public");
    add_string(object, "default_branch", "main");
    free(base);
    return object;
}

void answer_root(struct call *call)
{
    struct json_object *object = json_object_new_object();
    char *base = request_base_url(call->request);

    add_url(object, "current_user_url", xprintf("%s/user", base));
    add_url(object, "rate_limit_url", xprintf("%s/rate_limit", base));
    add_url(object, "repository_url", xprintf("%s/repos/{owner}/{repo}", base));
    free(base);
    reply_json(call->reply, 200, object);
}

void answer_rate_limit(struct call *call)
{
    const struct rate *rate = &call->state->rate;
    struct json_object *body, *core, *resources;

    if (!rate->on) {
        reply_error(call->reply, 404, "Rate limiting is not enabled.");
        return;
    }
    core = json_object_new_object();
    json_object_object_add(core, "limit", json_object_new_int64(rate->limit));
    json_object_object_add(core, "remaining", json_object_new_int64(rate->remaining));
    json_object_object_add(core, "reset", json_object_new_int64(rate->reset));
    json_object_object_add(core, "used", json_object_new_int64(rate->limit - rate->remaining));
    resources = json_object_new_object();
    json_object_object_add(resources, "core", core);
    body = json_object_new_object();
    json_object_object_add(body, "resources", resources);
    reply_json(call->reply, 200, body);
}

void answer_login(struct call *call)
{
    const struct account *account = state_account(call->state, call->state->config.login);

    reply_json(call->reply, 200, account_to_json(call, account));
}

void answer_account(struct call *call)
{
    reply_json(call->reply, 200, account_to_json(call, call->account));
}

void answer_repository(struct call *call)
{
    reply_json(call->reply, 200, repository_to_json(call, call->repository));
}

static int by_login(const void *a, const void *b)
{
    const struct account *const *left = a, *const *right = b;

    return strcmp((*left)->key, (*right)->key);
}

void answer_login_organizations(struct call *call)
{
    size_t total = 0, begin, end;
    const struct account **list =
        xcalloc(HASH_COUNT(call->state->accounts) + 1, sizeof(struct account *));
    struct json_object *array = json_object_new_array();
    struct page page = page_of(call->request);

    for (struct account *a = call->state->accounts; a; a = a->hh.next) {
        if (a->organization)
            list[total++] = a;
    }
    qsort(list, total, sizeof(struct account *), by_login);
    page_range(page, total, &begin, &end);
    for (size_t i = begin; i < end; i++)
        json_object_array_add(array, account_to_json(call, list[i]));
    free(list);
    page_link(call, page, total);
    reply_json(call->reply, 200, array);
}

typedef bool wanted_fn(const struct call *call, const struct repository *repository);

static int by_full_name(const void *a, const void *b)
{
    const struct repository *const *left = a, *const *right = b;

    return strcmp((*left)->key, (*right)->key);
}

static void answer_repositories(struct call *call, wanted_fn *wanted)
{
    size_t total = 0, begin, end;
    const struct repository **list =
        xcalloc(HASH_COUNT(call->state->repositories) + 1, sizeof(struct repository *));
    struct json_object *array = json_object_new_array();
    struct page page = page_of(call->request);

    for (struct repository *r = call->state->repositories; r; r = r->hh.next) {
        if (wanted(call, r))
            list[total++] = r;
    }
    qsort(list, total, sizeof(struct repository *), by_full_name);
    page_range(page, total, &begin, &end);
    for (size_t i = begin; i < end; i++)
        json_object_array_add(array, repository_to_json(call, list[i]));
    free(list);
    page_link(call, page, total);
    reply_json(call->reply, 200, array);
}

/* GET /user/repos lists by affiliation or, in its older form, by type. */
static bool of_login(const struct call *call, const struct repository *repository)
{
    char *affiliation = request_query(call->request, "affiliation");
    char *type = request_query(call->request, "type");
    bool organization = repository->owner->organization;
    bool wanted = organization ||
                  repository->owner == state_account(call->state, call->state->config.login);

    if (affiliation)
        wanted = wanted &&
                 strstr(affiliation, organization ? "organization_member" : "owner") != NULL;
    else if (type && (strcmp(type, "owner") == 0 || strcmp(type, "member") == 0))
        wanted = wanted && (strcmp(type, "member") == 0) == organization;
    free(affiliation);
    free(type);
    return wanted;
}

static bool of_account(const struct call *call, const struct repository *repository)
{
    return repository->owner == call->account;
}

static bool public_of_account(const struct call *call, const struct repository *repository)
{
    return repository->owner == call->account && !repository->private;
}

void answer_login_repositories(struct call *call)
{
    answer_repositories(call, of_login);
}

void answer_account_repositories(struct call *call)
{
    answer_repositories(call, of_account);
}

void answer_public_repositories(struct call *call)
{
    answer_repositories(call, public_of_account);
}
