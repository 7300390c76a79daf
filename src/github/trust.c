#include "github/trust.h"

#include <stddef.h>
#include <string.h>

/* What OpenSSL found (X509_V_ERR_...: numbers of its ABI, as openssl-verify(1) prints them). */
static const struct {
    long result;
    const char *problem;
} results[] = {
    {1, "the server's certificate is for another host"}, /* found by libcurl */
    {9, "the server's certificate is not valid yet, or this machine's clock is wrong"},
    {10, "the server's certificate has expired, or this machine's clock is wrong"},
    {18, "the server's certificate is signed by itself: give it with -o cacert=FILE if you "
         "trust it"},
    {19, "the issuer of the server's certificate is not known: for a server with a CA of its "
         "own give -o cacert=FILE"},
    {20, "the issuer of the server's certificate is not known: for a server with a CA of its "
         "own give -o cacert=FILE"},
    {21, "the issuer of the server's certificate is not known: for a server with a CA of its "
         "own give -o cacert=FILE"},
};

/* OpenSSL's reasons, as libcurl's message has them. */
static const struct {
    const char *words, *problem;
} reasons[] = {
    {"wrong version number", "what answers there does not speak TLS: is it http, or another "
                             "port?"},
    {"unexpected eof",
        "what answers there ended the connection; perhaps it does not speak TLS: "
        "is it http, or another port?"},
    {"SSL_ERROR_SYSCALL",
        "what answers there ended the connection; perhaps it does not speak TLS: "
        "is it http, or another port?"},
    {"alert protocol version", "the server has no TLS 1.2 or newer"},
    {"unsupported protocol", "the server has no TLS 1.2 or newer"},
};

static const char *handshake_problem(const char *words)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
        if (strstr(words, reasons[i].words))
            return reasons[i].problem;
    return NULL;
}

const char *trust_problem(CURL *easy, CURLcode code, const char *words)
{
    long result = 0;

    if (code == CURLE_SSL_CONNECT_ERROR)
        return handshake_problem(words);
    if (code == CURLE_SSL_CACERT_BADFILE)
        return "no certificates can be read from the file of -o cacert or $SSL_CERT_FILE";
    if (code != CURLE_PEER_FAILED_VERIFICATION)
        return NULL;
    curl_easy_getinfo(easy, CURLINFO_SSL_VERIFYRESULT, &result);
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (results[i].result == result)
            return results[i].problem;
    return NULL;
}
