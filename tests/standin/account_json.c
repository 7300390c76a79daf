#include "account_json.h"

#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "server_clock.h"
#include "xalloc.h"

/* 2018-02-03T04:05:06Z: the first account; every id is a little later. */
static const time_t FIRST_CREATED = 1517630706;
static const time_t CREATION_STEP = 8677;

/* A field whose value is the object's own URL and a suffix. */
struct url_field {
    const char *key;
    const char *suffix;
};

static const struct url_field user_urls[] = {
    {"url", ""},
    {"followers_url", "/followers"},
    {"following_url", "/following{/other_user}"},
    {"gists_url", "/gists{/gist_id}"},
    {"starred_url", "/starred{/owner}{/repo}"},
    {"subscriptions_url", "/subscriptions"},
    {"organizations_url", "/orgs"},
    {"repos_url", "/repos"},
    {"events_url", "/events{/privacy}"},
    {"received_events_url", "/received_events"},
    {NULL, NULL},
};

static const struct url_field organization_urls[] = {
    {"url", ""},
    {"repos_url", "/repos"},
    {"events_url", "/events"},
    {"hooks_url", "/hooks"},
    {"issues_url", "/issues"},
    {"members_url", "/members{/member}"},
    {"public_members_url", "/public_members{/member}"},
    {NULL, NULL},
};

static const struct url_field repository_urls[] = {
    {"url", ""},
    {"forks_url", "/forks"},
    {"keys_url", "/keys{/key_id}"},
    {"collaborators_url", "/collaborators{/collaborator}"},
    {"teams_url", "/teams"},
    {"hooks_url", "/hooks"},
    {"issue_events_url", "/issues/events{/number}"},
    {"events_url", "/events"},
    {"assignees_url", "/assignees{/user}"},
    {"branches_url", "/branches{/branch}"},
    {"tags_url", "/tags"},
    {"blobs_url", "/git/blobs{/sha}"},
    {"git_tags_url", "/git/tags{/sha}"},
    {"git_refs_url", "/git/refs{/sha}"},
    {"trees_url", "/git/trees{/sha}"},
    {"statuses_url", "/statuses/{sha}"},
    {"languages_url", "/languages"},
    {"stargazers_url", "/stargazers"},
    {"contributors_url", "/contributors"},
    {"subscribers_url", "/subscribers"},
    {"subscription_url", "/subscription"},
    {"commits_url", "/commits{/sha}"},
    {"git_commits_url", "/git/commits{/sha}"},
    {"comments_url", "/comments{/number}"},
    {"issue_comment_url", "/issues/comments{/number}"},
    {"contents_url", "/contents/{+path}"},
    {"compare_url", "/compare/{base}...{head}"},
    {"merges_url", "/merges"},
    {"archive_url", "/{archive_format}{/ref}"},
    {"downloads_url", "/downloads"},
    {"issues_url", "/issues{/number}"},
    {"pulls_url", "/pulls{/number}"},
    {"milestones_url", "/milestones{/number}"},
    {"notifications_url", "/notifications{?since,all,participating}"},
    {"labels_url", "/labels{/name}"},
    {"releases_url", "/releases{/id}"},
    {"deployments_url", "/deployments"},
    {NULL, NULL},
};

void add_string(struct json_object *object, const char *key, const char *value)
{
    json_object_object_add(object, key, json_object_new_string(value));
}

void add_int(struct json_object *object, const char *key, int64_t value)
{
    json_object_object_add(object, key, json_object_new_int64(value));
}

void add_bool(struct json_object *object, const char *key, bool value)
{
    json_object_object_add(object, key, json_object_new_boolean(value));
}

void add_time(struct json_object *object, const char *key, time_t when)
{
    char text[CLOCK_ISO_SIZE];

    clock_iso(when, text);
    add_string(object, key, text);
}

void add_text(struct json_object *object, const char *key, char *text)
{
    add_string(object, key, text);
    free(text);
}

static void add_nulls(struct json_object *object, const char *const *keys)
{
    for (size_t i = 0; keys[i]; i++)
        json_object_object_add(object, keys[i], NULL);
}

static void add_zeros(struct json_object *object, const char *const *keys)
{
    for (size_t i = 0; keys[i]; i++)
        add_int(object, keys[i], 0);
}

static void add_urls(struct json_object *object, const struct url_field *fields,
    const struct call *call, const char *kind, const char *name)
{
    char *base = request_base_url(call->request);

    for (size_t i = 0; fields[i].key; i++)
        add_text(
            object, fields[i].key, xprintf("%s/%s/%s%s", base, kind, name, fields[i].suffix));
    free(base);
}

static void add_account_dates(struct json_object *object, const struct account *account)
{
    time_t created = FIRST_CREATED + account->id % 4096 * CREATION_STEP;

    add_time(object, "created_at", created);
    add_time(object, "updated_at", created + CREATION_STEP);
}

static int64_t count_repositories(
    const struct call *call, const struct account *owner, bool is_private)
{
    int64_t count = 0;

    for (struct repository *r = call->state->repositories; r; r = r->hh.next)
        count += r->owner == owner && r->private == is_private;
    return count;
}

static void add_avatar(struct json_object *object, const struct account *account)
{
    add_text(object, "avatar_url",
        xprintf("https://avatars.githubusercontent.com/u/%lld?v=4", (long long)account->id));
}

/* An account as the owner of something ("simple-user"). */
static struct json_object *simple_user_json(
    const struct call *call, const struct account *account)
{
    struct json_object *object = json_object_new_object();

    add_string(object, "login", account->login);
    add_int(object, "id", account->id);
    add_text(object, "node_id", xprintf("U_kgDO%lld", (long long)account->id));
    add_avatar(object, account);
    add_string(object, "gravatar_id", "");
    add_urls(object, user_urls, call, "users", account->login);
    add_text(object, "html_url", xprintf("https://github.com/%s", account->login));
    add_string(object, "type", account->organization ? "Organization" : "User");
    add_string(object, "user_view_type", "public");
    add_bool(object, "site_admin", false);
    return object;
}

struct json_object *public_user_json(const struct call *call, const struct account *account)
{
    static const char *const unset[] = {
        "company", "location", "email", "hireable", "bio", "twitter_username", NULL};
    static const char *const zero[] = {"public_gists", "followers", "following", NULL};
    struct json_object *object = simple_user_json(call, account);

    add_string(object, "name", "Zoë Peña 🔑"); /* what a client must take: no ASCII */
    add_nulls(object, unset);
    add_string(object, "blog", "");
    add_int(object, "public_repos", count_repositories(call, account, false));
    add_zeros(object, zero);
    add_account_dates(object, account);
    return object;
}

struct json_object *private_user_json(const struct call *call, const struct account *account)
{
    static const char *const zero[] = {"private_gists", "disk_usage", "collaborators", NULL};
    struct json_object *object = public_user_json(call, account);
    int64_t count = count_repositories(call, account, true);

    add_string(object, "user_view_type", "private");
    add_int(object, "total_private_repos", count);
    add_int(object, "owned_private_repos", count);
    add_zeros(object, zero);
    add_bool(object, "two_factor_authentication", true);
    return object;
}

struct json_object *organization_json(const struct call *call, const struct account *account)
{
    struct json_object *object = json_object_new_object();

    add_string(object, "login", account->login);
    add_int(object, "id", account->id);
    add_text(object, "node_id", xprintf("O_kgDO%lld", (long long)account->id));
    add_urls(object, organization_urls, call, "orgs", account->login);
    add_avatar(object, account);
    add_string(object, "description", "");
    return object;
}

struct json_object *full_organization_json(
    const struct call *call, const struct account *account)
{
    static const char *const zero[] = {"public_gists", "followers", "following", NULL};
    struct json_object *object = organization_json(call, account);

    add_text(object, "html_url", xprintf("https://github.com/%s", account->login));
    add_bool(object, "has_organization_projects", true);
    add_bool(object, "has_repository_projects", true);
    add_int(object, "public_repos", count_repositories(call, account, false));
    add_zeros(object, zero);
    add_account_dates(object, account);
    json_object_object_add(object, "archived_at", NULL);
    add_string(object, "type", "Organization");
    return object;
}

struct json_object *repository_json(
    const struct call *call, const struct repository *repository)
{
    struct json_object *object = json_object_new_object();
    time_t created = FIRST_CREATED + repository->id % 8192 * CREATION_STEP;

    add_int(object, "id", repository->id);
    add_text(object, "node_id", xprintf("R_kgDO%lld", (long long)repository->id));
    add_string(object, "name", repository->name);
    add_string(object, "full_name", repository->full_name);
    add_bool(object, "private", repository->private);
    json_object_object_add(object, "owner", simple_user_json(call, repository->owner));
    add_text(object, "html_url", xprintf("https://github.com/%s", repository->full_name));
    json_object_object_add(object, "description", NULL);
    add_bool(object, "fork", false);
    add_urls(object, repository_urls, call, "repos", repository->full_name);
    add_time(object, "created_at", created);
    add_time(object, "updated_at", created + CREATION_STEP);
    add_time(object, "pushed_at", created + CREATION_STEP);
    add_bool(object, "archived", repository->archived);
    add_bool(object, "disabled", false);
    add_string(object, "visibility", repository->private ? "private" : "public");
    add_string(object, "default_branch", "main");
    return object;
}

struct json_object *own_repository_json(
    const struct call *call, const struct repository *repository)
{
    static const char *const unset[] = {"homepage", "language", "mirror_url", "license", NULL};
    static const char *const zero[] = {"size", "stargazers_count", "watchers_count", "watchers",
        "forks_count", "forks", "open_issues_count", "open_issues", NULL};
    static const char *const features[] = {"has_issues", "has_projects", "has_wiki", NULL};
    struct json_object *object = repository_json(call, repository);
    const char *name = repository->full_name;

    add_text(object, "git_url", xprintf("git://github.com/%s.git", name));
    add_text(object, "ssh_url", xprintf("git@github.com:%s.git", name));
    add_text(object, "clone_url", xprintf("https://github.com/%s.git", name));
    add_text(object, "svn_url", xprintf("https://github.com/%s", name));
    add_nulls(object, unset);
    add_zeros(object, zero);
    for (size_t i = 0; features[i]; i++)
        add_bool(object, features[i], true);
    add_bool(object, "has_pages", false);
    add_bool(object, "has_discussions", false);
    const char *version = api_version(call->state, call->request);
    if (!version || strcmp(version, "2026-03-10") < 0) /* which removed it */
        add_bool(object, "has_downloads", true);
    return object;
}

struct json_object *full_repository_json(
    const struct call *call, const struct repository *repository)
{
    static const char *const zero[] = {"network_count", "subscribers_count", NULL};
    struct json_object *object = own_repository_json(call, repository);

    add_zeros(object, zero);
    return object;
}
