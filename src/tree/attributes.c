#include "tree/attributes.h"

#include <stdio.h>

#include "nodes/node.h"

/* The times have the API's format. */
static void write_created_at(const struct node *node, char out[static FILE_ATTRIBUTE_SIZE])
{
    text_from_time(out, node->btime);
}

static void write_updated_at(const struct node *node, char out[static FILE_ATTRIBUTE_SIZE])
{
    text_from_time(out, node->mtime);
}

static void write_visibility(const struct node *node, char out[static FILE_ATTRIBUTE_SIZE])
{
    snprintf(out, FILE_ATTRIBUTE_SIZE, "%s", visibility_name(node->visibility));
}

const struct file_attribute secret_attributes[] = {
    {"user.created_at", write_created_at},
    {"user.updated_at", write_updated_at},
    {"user.visibility", write_visibility},
    {0},
};
