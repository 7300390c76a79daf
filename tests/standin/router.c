#include "router.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "environments.h"
#include "secrets.h"
#include "selected_repositories.h"
#include "xalloc.h"

#define ORGANIZATION "/orgs/{org}"
#define REPOSITORY "/repos/{owner}/{repo}"
#define ENVIRONMENT REPOSITORY "/environments/{environment}"

#define ROUTE(...) \
    { \
        __VA_ARGS__ \
    }

/* The endpoints of a store of secrets, whoever owns it. */
#define SECRETS(path, find, permission) \
    ROUTE("GET", path, find, answer_secrets, permission "=read"), \
        ROUTE("GET", path "/public-key", find, answer_public_key, permission "=read"), \
        ROUTE("GET", path "/{name}", find, answer_secret, permission "=read"), \
        ROUTE("PUT", path "/{name}", find, answer_put_secret, permission "=write"), \
        ROUTE("DELETE", path "/{name}", find, answer_delete_secret, permission "=write")

/* With which repositories an organization's secret is shared. */
#define SELECTION(path, find, permission) \
    ROUTE("GET", path, find, answer_selection, permission "=read"), \
        ROUTE("PUT", path, find, answer_put_selection, permission "=write"), \
        ROUTE("PUT", path "/{id}", find, answer_select, permission "=write,metadata=read"), \
        ROUTE( \
            "DELETE", path "/{id}", find, answer_deselect, permission "=write,metadata=read")

/* The first that matches answers, so a fixed name stands before a {parameter}. */
static const struct route routes[] = {
    {"GET", "/", NULL, answer_root, NULL},
    {"GET", "/rate_limit", NULL, answer_rate_limit, NULL},
    {"GET", "/user", NULL, answer_login, NULL},
    {"GET", "/user/orgs", NULL, answer_login_organizations, NULL},
    {"GET", "/user/repos", NULL, answer_login_repositories, "metadata=read"},
    {"GET", "/users/{name}", find_account, answer_user, NULL},
    {"GET", "/users/{name}/repos", find_account, answer_public_repositories, "metadata=read"},
    {"GET", ORGANIZATION, find_organization, answer_organization, NULL},
    {"GET", ORGANIZATION "/repos", find_organization, answer_account_repositories,
        "metadata=read"},
    SECRETS(ORGANIZATION "/actions/secrets", find_organization_secrets, "organization_secrets"),
    SELECTION(ORGANIZATION "/actions/secrets/{name}/repositories", find_organization_secrets,
        "organization_secrets"),
    {"GET", REPOSITORY, find_repository, answer_repository, "metadata=read"},
    {"GET", REPOSITORY "/actions/organization-secrets", find_repository_shared_secrets,
        answer_shared_secrets, "secrets=read"},
    SECRETS(REPOSITORY "/actions/secrets", find_repository_secrets, "secrets"),
    {"GET", REPOSITORY "/environments", find_repository, answer_environments, "actions=read"},
    {"GET", ENVIRONMENT, find_environment, answer_environment, "actions=read"},
    SECRETS(ENVIRONMENT "/secrets", find_environment_secrets, "environments"),
};

/* The path's parts after numbers were turned into names. */
struct path {
    const char *parts[REQUEST_SEGMENTS_MAX + 1];
    size_t count;
};

int64_t router_id(const char *text)
{
    char *end;
    long long id = strtoll(text, &end, 10);

    return *text >= '0' && *text <= '9' && *end == '\0' ? id : -1;
}

/* Replaces the first parts of the path. */
static void path_begin(
    struct path *path, size_t replaced, const char *const *parts, size_t count)
{
    memmove(path->parts + count, path->parts + replaced,
        (path->count - replaced) * sizeof(path->parts[0]));
    memcpy(path->parts, parts, count * sizeof(parts[0]));
    path->count = path->count - replaced + count;
}

/* False when the path starts with a number that nothing has. */
static bool names_for_numbers(const struct state *state, struct path *path)
{
    int64_t id = path->count >= 2 ? router_id(path->parts[1]) : -1;

    if (path->count >= 2 && strcmp(path->parts[0], "repositories") == 0) {
        const struct repository *r = state_repository_by_id(state, id);

        if (!r)
            return false;
        path_begin(path, 2, (const char *[]){"repos", r->owner->login, r->name}, 3);
    } else if (id >= 0 && (strcmp(path->parts[0], "organizations") == 0 ||
                              strcmp(path->parts[0], "user") == 0)) {
        const struct account *a = state_account_by_id(state, id);

        if (!a)
            return false;
        path_begin(path, 2, (const char *[]){a->organization ? "orgs" : "users", a->login}, 2);
    }
    return true;
}

static const struct repository *moved_repository(
    const struct state *state, const struct path *path)
{
    if (path->count < 3 || strcmp(path->parts[0], "repos") != 0 ||
        state_repository(state, path->parts[1], path->parts[2]))
        return NULL;
    return state_former_repository(state, path->parts[1], path->parts[2]);
}

static void redirect(
    const struct request *request, struct reply *reply, const struct repository *repository)
{
    bool reads = strcmp(request->method, "GET") == 0 || strcmp(request->method, "HEAD") == 0;
    struct json_object *body = json_object_new_object();
    char *base = request_base_url(request);
    char *url = xprintf("%s/repositories/%lld%s%s%s", base, (long long)repository->id,
        request_rest(request, 3), *request->query ? "?" : "", request->query);

    reply_header(reply, "Location", "%s", url);
    json_object_object_add(body, "message",
        json_object_new_string(reads ? "Moved Permanently" : "Temporary Redirect"));
    json_object_object_add(body, "url", json_object_new_string(url));
    json_object_object_add(body, "documentation_url",
        json_object_new_string("https://docs.github.com/rest/guides/"
                               "best-practices-for-using-the-rest-api#follow-redirects"));
    reply_json(reply, reads ? 301 : 307, body);
    free(url);
    free(base);
}

static bool matches(const char *template, const struct path *path, struct call *call)
{
    size_t part = 0, param = 0;

    /* Another template may have matched in part before. */
    memset(call->params, 0, sizeof(call->params));
    for (const char *at = template; at[0] == '/' && at[1]; part++) {
        size_t size = strcspn(at + 1, "/");

        if (part == path->count)
            return false;
        if (at[1] == '{')
            call->params[param++] = path->parts[part];
        else if (strlen(path->parts[part]) != size ||
                 memcmp(path->parts[part], at + 1, size) != 0)
            return false;
        at += 1 + size;
    }
    return part == path->count;
}

static const struct route *find_route(const struct path *path, struct call *call)
{
    const char *method = call->request->method;

    if (strcmp(method, "HEAD") == 0)
        method = "GET";
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(routes[i].method, method) == 0 && matches(routes[i].template, path, call))
            return &routes[i];
    }
    return NULL;
}

static void follow(const struct path *path, struct call *call)
{
    const struct route *route = find_route(path, call);

    if (!route || (route->find && !route->find(call))) {
        reply_error(call->reply, 404, "Not Found");
        return;
    }
    if (route->permission)
        reply_header(call->reply, "X-Accepted-GitHub-Permissions", "%s", route->permission);
    if (!call->link_path)
        call->link_path = xstrdup(call->request->path);
    route->answer(call);
}

void router_answer(struct state *state, const struct request *request, struct reply *reply)
{
    struct call call = {.state = state, .request = request, .reply = reply};
    const struct repository *moved;
    struct path path = {.count = request->segment_count};

    if (request->malformed) {
        reply_error(reply, 400, "Bad Request");
        return;
    }
    for (size_t i = 0; i < path.count; i++) {
        path.parts[i] = request->segments[i];
        /* "/a/" and "/a//b" name nothing; "/" alone is the root. */
        if (!*path.parts[i] && path.count > 1) {
            reply_error(reply, 404, "Not Found");
            return;
        }
    }
    if (path.count == 1 && !*path.parts[0])
        path.count = 0;
    if (!names_for_numbers(state, &path)) {
        reply_error(reply, 404, "Not Found");
        return;
    }
    moved = moved_repository(state, &path);
    if (moved)
        redirect(request, reply, moved);
    else
        follow(&path, &call);
    free(call.link_path);
}
