#!/bin/sh
# Puts the variables of the environment into the template, and becomes nginx.
# "start.sh -t" only tests the configuration.
set -eu
here=$(dirname "$0")
: "${NGINX_TEMP:=/tmp}"
names='${RISORIUS_SITE} ${NGINX_HTTP_PORT} ${NGINX_HTTPS_PORT} ${NGINX_UPSTREAM} ${NGINX_RESOLVER} ${NGINX_CERTIFICATE}
    ${NGINX_CERTIFICATE_KEY} ${NGINX_STATIC} ${NGINX_PHOTOS} ${NGINX_PAGES} ${NGINX_UPLOAD_LIMIT} ${NGINX_BODY_LIMIT} ${NGINX_RELOAD_SECONDS} ${NGINX_TEMP} ${NGINX_SHARED}'
envsubst "$names" <"$here/nginx.conf.template" >"$NGINX_TEMP/nginx.conf"
# New processes every so often: the old ones, and whatever slow body they still hold, end after the same time.
case " $* " in *" -t "*) ;; *)
    while sleep "$NGINX_RELOAD_SECONDS" && kill -HUP $$; do :; done &
esac
exec nginx -e stderr -c "$NGINX_TEMP/nginx.conf" -g "daemon off;" "$@"
