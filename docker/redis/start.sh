#!/bin/sh
# Redis with a password, which stands in no process list: in a file that only its user can read.
set -eu
umask 077
configuration="$REDIS_TEMP/redis.conf"
cat >"$configuration" <<END
bind ${REDIS_BIND:-* -::*}
port $REDIS_PORT
dir $REDIS_TEMP
requirepass $(cat "$REDIS_PASSWORD_FILE")
save ""
appendonly no
maxmemory 256mb
maxmemory-policy noeviction
tcp-keepalive 60
END
# With a certificate it speaks TLS alone.
if [ -n "${REDIS_TLS_CERTIFICATE:-}" ]; then
    sed -i "s/^port .*/port 0/" "$configuration"
    cat >>"$configuration" <<END
tls-port $REDIS_PORT
tls-cert-file $REDIS_TLS_CERTIFICATE
tls-key-file $REDIS_TLS_KEY
tls-ca-cert-file $REDIS_TLS_AUTHORITY
tls-auth-clients no
tls-protocols "TLSv1.2 TLSv1.3"
END
fi
exec redis-server "$configuration"
