#!/bin/sh
# Puts the variables of the environment into the template, and becomes nginx.
# "start.sh -t" only tests the configuration.
set -eu
here=$(dirname "$0")
: "${NGINX_TEMP:=/tmp}"
names='${RISORIUS_SITE} ${NGINX_HTTP_PORT} ${NGINX_HTTPS_PORT} ${NGINX_UPSTREAM} ${NGINX_RESOLVER} ${NGINX_CERTIFICATE}
    ${NGINX_CERTIFICATE_KEY} ${NGINX_STATIC} ${NGINX_PHOTOS} ${NGINX_PAGES} ${NGINX_UPLOAD_LIMIT} ${NGINX_TEMP}'
envsubst "$names" <"$here/nginx.conf.template" >"$NGINX_TEMP/nginx.conf"
exec nginx -e stderr -c "$NGINX_TEMP/nginx.conf" -g "daemon off;" "$@"
