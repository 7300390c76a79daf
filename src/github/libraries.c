#include "github/libraries.h"

#include <curl/curl.h>
#include <json-c/json_c_version.h>
#include <sodium.h>

void libraries_print(FILE *out)
{
    const curl_version_info_data *curl = curl_version_info(CURLVERSION_NOW);
    (void)fprintf(out, "libcurl %s (%s)\nlibsodium %s\njson-c %s\n", curl->version,
        curl->ssl_version ? curl->ssl_version : "no TLS", sodium_version_string(),
        json_c_version());
}
