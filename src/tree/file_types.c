#include "tree/file_types.h"

#include <sys/stat.h>

#include "nodes/staging.h"
#include "sync/policy.h"
#include "tree/access_dirs.h"
#include "tree/access_file.h"
#include "tree/attributes.h"
#include "tree/bulk.h"
#include "tree/operations.h"
#include "tree/report.h"
#include "tree/value_file.h"

const struct file_type fixed_directory = {
    .format = S_IFDIR,
    .lookup = tree_lookup_fixed,
};

const struct file_type listed_directory = {
    .format = S_IFDIR,
    .lookup = listed_lookup,
    .list = listed_list,
};

const struct file_type access_directory = {
    .format = S_IFDIR,
    .member = MEMBER_BESIDE,
    .lookup = access_lookup,
    .list = access_list,
    .make = access_mkdir,
    .remove_directory = access_rmdir,
    .idle = access_idle,
};

const struct file_type policy_directory = {
    .format = S_IFDIR,
    .member = MEMBER_POLICY,
    .is_fleeting = true,
    .lookup = policy_lookup,
    .list = policy_list,
    .release = policy_release,
    .lost = policy_lost,
};

const struct file_type secret_file = {
    .format = S_IFREG,
    .member = MEMBER_HELD,
    .open = secret_open,
    .opened = &open_secret,
    .size = value_file_size,
    .truncate = open_file_truncate_by_path,
    .store = upload_start,
    .remove = secret_unlink,
    .rename = secret_rename,
    .attributes = secret_attributes,
};

const struct file_type staging_file = {
    .format = S_IFREG,
    .member = MEMBER_STAGED,
    .is_fleeting = true,
    .open = staging_open,
    .opened = &open_staging,
    .size = value_file_size,
    .truncate = staging_truncate_by_path,
    .remove = staging_unlink,
    .rename = staging_rename,
    .release = staging_release,
    .orphan = staging_orphan,
    .lost = staging_lost,
};

const struct file_type bulk_file = {
    .format = S_IFREG,
    .is_fleeting = true,
    .open = bulk_open,
    .opened = &open_bulk,
    .size = value_file_size,
    .truncate = open_file_truncate_by_path,
    .store = bulk_start,
    .remove = bulk_unlink,
};

const struct file_type visibility_file = {
    .format = S_IFREG,
    .is_fleeting = true,
    .open = visibility_file_open,
    .opened = &open_access_file,
    .size = access_file_size,
    .truncate = open_file_truncate_by_path,
};

const struct file_type repositories_file = {
    .format = S_IFREG,
    .is_fleeting = true,
    .open = repositories_file_open,
    .opened = &open_access_file,
    .size = access_file_size,
    .truncate = open_file_truncate_by_path,
};

const struct file_type report_file = {
    .format = S_IFREG,
    .is_fleeting = true,
    .open = report_open,
    .opened = &open_report,
    .size = report_size,
};

const struct file_type secret_link = {
    .format = S_IFLNK,
    .target = secret_link_target,
};
