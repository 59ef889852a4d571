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
exec redis-server "$configuration"
