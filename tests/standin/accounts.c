#include "accounts.h"

#include <stdlib.h>
#include <string.h>

#include "account_json.h"
#include "page.h"
#include "xalloc.h"

static const int64_t SEARCH_LIMIT = 30; /* github.com's, a minute */

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
    /* What a stranger may not see is not there. */
    if (!call->repository || (call->repository->private && call->repository->owner->foreign))
        return false;
    call->link_path = xprintf("/repositories/%lld%s", (long long)call->repository->id,
        request_rest(call->request, numbered ? 2 : 3));
    return true;
}

void answer_root(struct call *call)
{
    static const char *const links[][2] = {
        {"current_user_url", "/user"},
        {"authorizations_url", "/authorizations"},
        {"code_search_url", "/search/code?q={query}{&page,per_page,sort,order}"},
        {"commit_search_url", "/search/commits?q={query}{&page,per_page,sort,order}"},
        {"emails_url", "/user/emails"},
        {"emojis_url", "/emojis"},
        {"events_url", "/events"},
        {"feeds_url", "/feeds"},
        {"followers_url", "/user/followers"},
        {"following_url", "/user/following{/target}"},
        {"gists_url", "/gists{/gist_id}"},
        {"issue_search_url", "/search/issues?q={query}{&page,per_page,sort,order}"},
        {"issues_url", "/issues"},
        {"keys_url", "/user/keys"},
        {"label_search_url", "/search/labels?q={query}&repository_id={repository_id}"},
        {"notifications_url", "/notifications"},
        {"organization_url", "/orgs/{org}"},
        {"organization_repositories_url", "/orgs/{org}/repos{?type,page,per_page,sort}"},
        {"organization_teams_url", "/orgs/{org}/teams"},
        {"public_gists_url", "/gists/public"},
        {"rate_limit_url", "/rate_limit"},
        {"repository_url", "/repos/{owner}/{repo}"},
        {"repository_search_url", "/search/repositories?q={query}{&page,per_page,sort,order}"},
        {"current_user_repositories_url", "/user/repos{?type,page,per_page,sort}"},
        {"starred_url", "/user/starred{/owner}{/repo}"},
        {"starred_gists_url", "/gists/starred"},
        {"user_url", "/users/{user}"},
        {"user_organizations_url", "/user/orgs"},
        {"user_repositories_url", "/users/{user}/repos{?type,page,per_page,sort}"},
        {"user_search_url", "/search/users?q={query}{&page,per_page,sort,order}"},
    };
    struct json_object *object = json_object_new_object();
    char *base = request_base_url(call->request);

    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
        add_text(object, links[i][0], xprintf("%s%s", base, links[i][1]));
    add_string(object, "current_user_authorizations_html_url",
        "https://github.com/settings/connections/applications{/client_id}");
    free(base);
    reply_json(call->reply, 200, object);
}

static struct json_object *rate_to_json(int64_t limit, int64_t remaining, int64_t reset)
{
    struct json_object *object = json_object_new_object();

    add_int(object, "limit", limit);
    add_int(object, "remaining", remaining);
    add_int(object, "reset", reset);
    add_int(object, "used", limit - remaining);
    return object;
}

void answer_rate_limit(struct call *call)
{
    const struct rate *rate = &call->state->rate;
    struct json_object *body, *core, *resources;

    if (!rate->on) {
        reply_error(call->reply, 404, "Rate limiting is not enabled.");
        return;
    }
    core = rate_to_json(rate->limit, rate->remaining, rate->reset);
    resources = json_object_new_object();
    json_object_object_add(resources, "core", core);
    json_object_object_add(
        resources, "search", rate_to_json(SEARCH_LIMIT, SEARCH_LIMIT, rate->reset));
    body = json_object_new_object();
    json_object_object_add(body, "resources", resources);
    json_object_object_add(body, "rate", json_object_get(core));
    reply_json(call->reply, 200, body);
}

void answer_login(struct call *call)
{
    const struct account *account = state_account(call->state, call->state->config.login);

    reply_json(call->reply, 200, private_user_json(call, account));
}

void answer_user(struct call *call)
{
    reply_json(call->reply, 200, public_user_json(call, call->account));
}

void answer_organization(struct call *call)
{
    reply_json(call->reply, 200, full_organization_json(call, call->account));
}

void answer_repository(struct call *call)
{
    reply_json(call->reply, 200, full_repository_json(call, call->repository));
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
        if (a->organization && !a->foreign)
            list[total++] = a;
    }
    qsort(list, total, sizeof(struct account *), by_login);
    page_range(page, total, &begin, &end);
    for (size_t i = begin; i < end; i++)
        json_object_array_add(array, organization_json(call, list[i]));
    free(list);
    page_link(call, page, total);
    reply_json(call->reply, 200, array);
}

typedef bool wanted_fn(const struct call *call, const struct repository *repository);
typedef struct json_object *repository_json_fn(
    const struct call *call, const struct repository *repository);

static int by_full_name(const void *a, const void *b)
{
    const struct repository *const *left = a, *const *right = b;

    return strcmp((*left)->key, (*right)->key);
}

static void answer_repositories(
    struct call *call, wanted_fn *wanted, repository_json_fn *to_json)
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
        json_object_array_add(array, to_json(call, list[i]));
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
    bool wanted = organization ? !repository->owner->foreign
                               : repository->owner ==
                                     state_account(call->state, call->state->config.login);

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
    return repository->owner == call->account &&
           !(repository->private && call->account->foreign);
}

static bool public_of_account(const struct call *call, const struct repository *repository)
{
    return repository->owner == call->account && !repository->private;
}

void answer_login_repositories(struct call *call)
{
    answer_repositories(call, of_login, own_repository_json);
}

void answer_account_repositories(struct call *call)
{
    answer_repositories(call, of_account, repository_json);
}

void answer_public_repositories(struct call *call)
{
    answer_repositories(call, public_of_account, repository_json);
}
