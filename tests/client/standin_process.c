#include "standin_process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"

/* Of an answer of the control interface: a journal with whole pages in it. */
#define ANSWER_MAX (16u << 20)

extern char **environ;

static pid_t spawn(const char *program, int input, int output)
{
    char *argv[] = {(char *)"github-standin", (char *)"--until-eof", NULL};
    posix_spawn_file_actions_t actions;
    pid_t pid = -1;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    assert_int_equal(posix_spawn(&pid, program, &actions, NULL, argv, environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    return pid;
}

void standin_start(struct standin *standin)
{
    const char *program = getenv("GITHUB_STANDIN");
    int input[2], output[2];
    char line[200];

    if (!program)
        fail_msg("GITHUB_STANDIN is not set to the path of github-standin");
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    standin->pid = spawn(program, input[0], output[1]);
    standin->input = input[1];
    close(input[0]);
    close(output[1]);
    FILE *file = fdopen(output[0], "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    assert_int_equal(sscanf(line, "{\"port\":%d,", &standin->port), 1);
    snprintf(standin->url, sizeof standin->url, "http://127.0.0.1:%d", standin->port);
}

void standin_stop(struct standin *standin)
{
    if (standin->pid <= 0)
        return;
    close(standin->input);
    waitpid(standin->pid, NULL, 0);
    standin->pid = 0;
}

static int connect_to(const struct standin *standin)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
        .sin_port = htons((uint16_t)standin->port),
        .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* The answer's body, to free(), with a NUL after it. */
static char *control(const struct standin *standin, const char *method, const char *what,
    const char *body, int *ret_status, size_t *ret_len)
{
    size_t len = 0;
    ssize_t n;
    char *answer = malloc(ANSWER_MAX);
    int fd = connect_to(standin);
    assert_non_null(answer);
    assert_true(dprintf(fd,
                    "%s /_standin/%s HTTP/1.1\r\nHost: control\r\nConnection: close\r\n"
                    "Content-Length: %zu\r\n\r\n%s",
                    method, what, strlen(body), body) > 0);
    while ((n = read(fd, answer + len, ANSWER_MAX - 1 - len)) > 0)
        len += (size_t)n;
    close(fd);
    answer[len] = '\0';
    assert_int_equal(sscanf(answer, "HTTP/1.1 %d", ret_status), 1);
    char *start = strstr(answer, "\r\n\r\n");
    assert_non_null(start);
    start += 4;
    *ret_len = len - (size_t)(start - answer);
    memmove(answer, start, *ret_len + 1);
    return answer;
}

void standin_post(const struct standin *standin, const char *what, const char *json)
{
    int status;
    size_t len;
    char *body = strdup(json);
    assert_non_null(body);
    for (char *c = body; *c; c++)
        if (*c == '\'')
            *c = '"';
    char *answer = control(standin, "POST", what, body, &status, &len);
    if (status / 100 != 2)
        fail_msg("POST %s %s: %s", what, body, answer);
    free(answer);
    free(body);
}

struct json_object *standin_get(const struct standin *standin, const char *what)
{
    int status;
    size_t len;
    char *answer = control(standin, "GET", what, "", &status, &len);
    assert_int_equal(status, 200);
    struct json_object *json = json_tokener_parse(answer);
    assert_non_null(json);
    free(answer);
    return json;
}

void standin_delete(const struct standin *standin, const char *what)
{
    int status;
    size_t len;
    free(control(standin, "DELETE", what, "", &status, &len));
    assert_int_equal(status, 204);
}

unsigned char *standin_plaintext(
    const struct standin *standin, const char *path, size_t *ret_len)
{
    char what[300];
    int status;
    snprintf(what, sizeof what, "plaintext?path=%s", path);
    char *answer = control(standin, "GET", what, "", &status, ret_len);
    if (status == 200)
        return (unsigned char *)answer;
    assert_int_equal(status, 404);
    free(answer);
    return NULL;
}
