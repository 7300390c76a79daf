#include "tree/places.h"

#include "github/url.h"
#include "nodes/name.h"
#include "nodes/tree.h"
#include "sync/policy.h"
#include "tree/file_types.h"
#include "tree/report.h"
#include "tree/stores.h"

/* The listing is a GET of the directory's own path. */
static int list_own_path(const struct tree *tree, const struct node *dir, struct buffer *ret)
{
    (void)tree;
    return node_api_path(dir, ret);
}

/* The repositories of an owner come from one of three endpoints. For the token's own account
 * that is "List repositories for the authenticated user": no other lists its private
 * repositories. */
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

/* A thing is read by a GET of its own path. */
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

/* GitHub lists the selected repositories only while the visibility is `selected`. */
static bool selection_is_present(const struct node *policy_node)
{
    return policy_visibility(policy_node) == VISIBILITY_SELECTED;
}

static bool any_name(const char *name)
{
    return *name != '\0';
}

/* clang-format off */

#define DIRECTORY_OF(sort, name, ...) \
    { \
        .type = &(sort), .mode = 0700, .what = (name), __VA_ARGS__ \
    }

#define DIRECTORY(name, ...) DIRECTORY_OF(fixed_directory, name, __VA_ARGS__)

/* A directory that the API lists, and that is no directory of a store's entries. */
#define LISTED(name, of, row, path, ...) \
    DIRECTORY_OF(listed_directory, name, .child = (of), .list_row = (row), .one_row = (row), .list_path = (path), \
        __VA_ARGS__)

#define SECRETS(name, of, ...) \
    DIRECTORY_OF(listed_directory, name, .child = &secret, .store = &(of), \
        .list_path = list_own_path, .one_path = one_own_path, .complete = true, \
        .staging = &staging, .bulk = &bulk, __VA_ARGS__)

#define FIXED(...) \
    .fixed = (const struct fixed_child[]) \
    { \
        __VA_ARGS__, {0} \
    }

/* The files in every directory of secrets. */
static const struct kind secret = {
    .type = &secret_file, .mode = 0200, .what = "the secret"};
static const struct kind staging = {
    .type = &staging_file, .mode = 0200, .what = "the staging file"};
static const struct kind bulk = {
    .type = &bulk_file, .mode = 0200, .what = "the bulk file"};

/* repos/OWNER/REPO/environments/ENV/secrets */
static const struct kind environment_secrets = SECRETS("the environment's secrets",
    secrets_store);
static const struct kind environment = DIRECTORY("the environment",
    FIXED({"secrets", &environment_secrets}));
static const struct kind environments = LISTED("the repository's environments",
    &environment, ROW_ENVIRONMENT, list_own_path,
    .one_path = one_own_path, .plausible = any_name);

/* repos/OWNER/REPO/actions */
static const struct kind link = {.type = &secret_link, .mode = 0777, .what = "the link"};
static const struct kind links = LISTED("the organization's secrets for the repository",
    &link, ROW_SECRET, list_own_path, .plausible = name_is_secret, .complete = true);
static const struct kind repository_secrets = SECRETS("the repository's secrets",
    secrets_store);
static const struct kind repository_store = DIRECTORY("the repository's store",
    FIXED({"organization-secrets", &links}, {"secrets", &repository_secrets}));

/* repos */
static const struct kind repository = DIRECTORY("the repository",
    FIXED({"actions", &repository_store}, {"environments", &environments}));
static const struct kind owner = LISTED("the owner", &repository, ROW_REPOSITORY, list_owner,
    .one_path = one_own_path, .plausible = name_is_repository);
static const struct kind owners = DIRECTORY_OF(listed_directory, "the list of owners", .child = &owner,
    .list_row = ROW_ORGANIZATION, .one_row = ROW_ACCOUNT, .list_path = list_owners,
    .one_path = one_account, .plausible = name_is_account, .lists_login = true);

/* orgs/ORG/actions/access */
static const struct kind visibility = {
    .type = &visibility_file, .mode = 0600, .what = "the control file"};
static const struct kind selection = {.type = &repositories_file, .mode = 0600,
    .what = "the control file", .present = selection_is_present};
static const struct kind policy = DIRECTORY_OF(policy_directory, "the access policy",
    FIXED({"visibility", &visibility}, {"repositories", &selection}));
static const struct kind access_policies = DIRECTORY_OF(access_directory,
    "the access policies", .child = &policy, .beside = "secrets");

/* orgs */
static const struct kind organization_secrets = SECRETS("the organization's secrets",
    organization_secrets_store, .beside = "access");
static const struct kind organization_store = DIRECTORY("the organization's store",
    FIXED({"access", &access_policies}, {"secrets", &organization_secrets}));
static const struct kind organization = DIRECTORY("the organization",
    FIXED({"actions", &organization_store}));
static const struct kind organizations = DIRECTORY_OF(listed_directory, "the list of organizations",
    .child = &organization, .list_row = ROW_ORGANIZATION, .one_row = ROW_ACCOUNT,
    .list_path = list_owners, .one_path = one_own_path, .plausible = name_is_account);

/* .ghsecretfs */
static const struct kind errors = {
    .type = &report_file, .mode = 0400, .what = "the report", .report = report_errors};
static const struct kind status = {
    .type = &report_file, .mode = 0400, .what = "the report", .report = report_status};

const struct kind place_root = DIRECTORY("the root",
    FIXED({"orgs", &organizations}, {"repos", &owners}));
const struct kind place_reports = DIRECTORY("the reports",
    FIXED({"errors", &errors}, {"status", &status}));

/* clang-format on */
