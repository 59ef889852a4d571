#!/bin/sh
# Makes the secrets that can be made by chance, where they aren't there yet; nothing that is there is changed.
# The certificate and its key come from you: docker/secrets/tls_certificate.pem and docker/secrets/tls_key.pem.
set -eu
folder="$(dirname "$0")/secrets"
mkdir -p "$folder"
# The folder keeps others out. The files are readable, because each container reads them as a user of its own.
chmod 0700 "$folder"
for name in secret_key database_password broker_password; do
    if [ ! -s "$folder/$name" ]; then
        head -c 48 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$folder/$name"
        chmod 0444 "$folder/$name"
        echo "made docker/secrets/$name"
    fi
done
for name in tls_certificate.pem tls_key.pem; do
    [ -s "$folder/$name" ] || echo "docker/secrets/$name is missing: put it there, readable (chmod 0444)"
done
