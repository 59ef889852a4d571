#!/bin/sh
# Makes the secrets that can be made by chance, where they aren't there yet; nothing that is there is changed.
# The certificate and its key come from you: docker/secrets/tls_certificate.pem and docker/secrets/tls_key.pem.
set -eu
folder="$(dirname "$0")/secrets"
mkdir -p "$folder"
# The folder keeps others out. The files are readable, because each container reads them as a user of its own.
chmod 0700 "$folder"
for name in secret_key database_password database_application_password broker_password backup_passphrase metrics_token; do
    if [ ! -s "$folder/$name" ]; then
        head -c 48 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$folder/$name"
        chmod 0444 "$folder/$name"
        echo "made docker/secrets/$name"
    fi
done
# Photos encrypted at rest (compose.sealed.yml): secrets.sh sealed
if [ "${1:-}" = sealed ] && [ ! -s "$folder/master_key" ]; then
    head -c 32 /dev/urandom | base64 >"$folder/master_key"
    chmod 0444 "$folder/master_key"
    echo "made docker/secrets/master_key"
fi
# TLS to database and broker (compose.tls.yml): secrets.sh tls. An authority that signs nothing else; its own key is not kept.
if [ "${1:-}" = tls ] && [ ! -s "$folder/authority.pem" ]; then
    days=1825
    key="$(mktemp)"
    openssl req -x509 -newkey rsa:3072 -nodes -keyout "$key" -out "$folder/authority.pem" -days $days -subj "/CN=Risorius" 2>/dev/null
    for name in database broker; do
        asked="$(mktemp)"
        openssl req -newkey rsa:3072 -nodes -keyout "$folder/${name}_key.pem" -out "$asked" -subj "/CN=$name" \
            -addext "subjectAltName=DNS:$name" 2>/dev/null
        openssl x509 -req -in "$asked" -CA "$folder/authority.pem" -CAkey "$key" -CAcreateserial -days $days \
            -copy_extensions copy -out "$folder/${name}_certificate.pem" 2>/dev/null
        rm -f "$asked"
    done
    rm -f "$key" "$folder/authority.srl"
    chmod 0444 "$folder/authority.pem" "$folder"/*_certificate.pem "$folder"/*_key.pem
    echo "made certificates for database and broker, good for five years"
fi
echo "Keep a copy of docker/secrets/backup_passphrase in another place: without it no backup can be opened."
[ ! -s "$folder/master_key" ] || echo "And one of docker/secrets/master_key: without it no photo can be."
for name in tls_certificate.pem tls_key.pem; do
    [ -s "$folder/$name" ] || echo "docker/secrets/$name is missing: put it there, readable (chmod 0444)"
done
