#include "tree/kind.h"

#include "github/url.h"
#include "tree/access.h"
#include "tree/name.h"
#include "tree/node.h"
#include "tree/policy.h"
#include "tree/report.h"
#include "tree/tree.h"

/* GET on the directory's own path lists it. */
static int list_own_path(const struct tree *tree, const struct node *dir, struct buffer *ret)
{
    (void)tree;
    return node_api_path(dir, ret);
}

/* Accounts come from three endpoints; the token's own lists private repositories only as
 * "List repositories for the authenticated user". */
static int list_owner(const struct tree *tree, const struct node *dir, struct buffer *ret)
{
    if (strcasecmp(dir->name, tree_login(tree)) == 0)
        return buffer_add_string(ret, "/user/repos?affiliation=owner");
    const char *parts[] = {dir->is_organization ? "orgs" : "users", dir->name, "repos"};
    return url_add_path(ret, parts, 3);
}

static int list_owners(const struct tree *tree, const struct node *dir, struct buffer *ret)
{
    (void)tree, (void)dir;
    return buffer_add_string(ret, "/user/orgs");
}

/* GET on the path of the thing itself. */
static int one_own_path(const struct node *dir, const char *name, struct buffer *ret)
{
    int err = node_api_path(dir, ret);
    return err ? err : url_add_path(ret, &name, 1);
}

static int one_account(const struct node *dir, const char *name, struct buffer *ret)
{
    const char *parts[] = {"users", name};
    (void)dir;
    return url_add_path(ret, parts, 2);
}

/* GitHub lists the repositories that are selected only while a selection is what counts. */
static bool selection_is_present(const struct node *policy_node)
{
    return policy_visibility(policy_node) == VISIBILITY_SELECTED;
}

static bool any_name(const char *name)
{
    return *name != '\0';
}

static const struct fixed_child in_root[] = {
    {"orgs", KIND_ORGANIZATIONS}, {"repos", KIND_OWNERS}, {0}};
static const struct fixed_child in_repository[] = {
    {"actions", KIND_REPOSITORY_STORE}, {"environments", KIND_ENVIRONMENTS}, {0}};
static const struct fixed_child in_environment[] = {{"secrets", KIND_ENVIRONMENT_SECRETS}, {0}};
static const struct fixed_child in_organization[] = {{"actions", KIND_ORGANIZATION_STORE}, {0}};
static const struct fixed_child in_organization_store[] = {
    {"access", KIND_ACCESS}, {"secrets", KIND_ORGANIZATION_SECRETS}, {0}};
static const struct fixed_child in_policy[] = {
    {"visibility", KIND_VISIBILITY}, {"repositories", KIND_SELECTION}, {0}};
static const struct fixed_child in_repository_store[] = {
    {"organization-secrets", KIND_LINKS}, {"secrets", KIND_REPOSITORY_SECRETS}, {0}};
static const struct fixed_child in_reports[] = {
    {"errors", KIND_ERRORS}, {"status", KIND_STATUS}, {0}};

#define DIRECTORY(name, ...) \
    { \
        .type = NODE_DIRECTORY, .mode = 0700, .what = (name), __VA_ARGS__ \
    }

/* A directory that the API lists. */
#define LISTED(name, of, row, path, ...) \
    DIRECTORY(name, .child = (of), .list_row = (row), .one_row = (row), .list_path = (path), \
        __VA_ARGS__)

#define SECRETS(name, ...) \
    LISTED(name, KIND_SECRET, ROW_SECRET, list_own_path, .one_path = one_own_path, \
        .plausible = name_is_secret, .complete = true, __VA_ARGS__)

/* clang-format off */
static const struct kind kinds[] = {
    [KIND_ROOT] = DIRECTORY("the root", .fixed = in_root),

    [KIND_OWNERS] = DIRECTORY("the list of owners", .child = KIND_OWNER,
        .list_row = ROW_ORGANIZATION, .one_row = ROW_ACCOUNT, .list_path = list_owners,
        .one_path = one_account, .plausible = name_is_account, .lists_login = true),
    [KIND_OWNER] = LISTED("the owner", KIND_REPOSITORY, ROW_REPOSITORY, list_owner,
        .one_path = one_own_path, .plausible = name_is_repository),
    [KIND_REPOSITORY] = DIRECTORY("the repository", .fixed = in_repository),
    [KIND_REPOSITORY_STORE] = DIRECTORY("the repository's store",
        .fixed = in_repository_store),
    [KIND_REPOSITORY_SECRETS] = SECRETS("the repository's secrets", .limit = 100),
    [KIND_LINKS] = LISTED("the organization's secrets for the repository",
        KIND_LINK, ROW_SECRET, list_own_path,
        .plausible = name_is_secret, .complete = true),
    [KIND_LINK] = {.type = NODE_LINK, .mode = 0777, .what = "the link"},

    [KIND_ENVIRONMENTS] = LISTED("the repository's environments",
        KIND_ENVIRONMENT, ROW_ENVIRONMENT, list_own_path,
        .one_path = one_own_path, .plausible = any_name),
    [KIND_ENVIRONMENT] = DIRECTORY("the environment", .fixed = in_environment),
    [KIND_ENVIRONMENT_SECRETS] = SECRETS("the environment's secrets", .limit = 100),

    [KIND_ORGANIZATIONS] = DIRECTORY("the list of organizations",
        .child = KIND_ORGANIZATION, .list_row = ROW_ORGANIZATION, .one_row = ROW_ACCOUNT,
        .list_path = list_owners, .one_path = one_own_path, .plausible = name_is_account),
    [KIND_ORGANIZATION] = DIRECTORY("the organization", .fixed = in_organization),
    [KIND_ORGANIZATION_STORE] = DIRECTORY("the organization's store",
        .fixed = in_organization_store),
    [KIND_ORGANIZATION_SECRETS] = SECRETS("the organization's secrets",
        .has_policy = true, .limit = 1000),
    [KIND_ACCESS] = DIRECTORY("the access policies",
        .lookup = access_lookup, .list = access_list),
    [KIND_POLICY] = DIRECTORY("the access policy", .fixed = in_policy,
        .lookup = policy_lookup, .list = policy_list),
    [KIND_VISIBILITY] = {.type = NODE_CONTROL, .mode = 0600, .what = "the control file"},
    [KIND_SELECTION] = {.type = NODE_CONTROL, .mode = 0600, .what = "the control file",
        .present = selection_is_present},

    [KIND_SECRET] = {.type = NODE_SECRET, .mode = 0200, .what = "the secret"},
    [KIND_STAGING] = {.type = NODE_STAGING, .mode = 0200, .what = "the staging file"},
    [KIND_BULK] = {.type = NODE_BULK, .mode = 0200, .what = "the bulk file"},

    [KIND_REPORTS] = DIRECTORY("the reports", .fixed = in_reports),
    [KIND_ERRORS] = {.type = NODE_REPORT, .mode = 0400, .what = "the report",
        .report = report_errors},
    [KIND_STATUS] = {.type = NODE_REPORT, .mode = 0400, .what = "the report",
        .report = report_status},
};
/* clang-format on */

const struct kind *kind_get(enum kind_id id)
{
    return &kinds[id];
}
