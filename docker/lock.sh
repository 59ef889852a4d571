#!/bin/sh
# Renews the locked requirements from pyproject.toml's lists. Needs uv; every lock agrees with the widest one.
set -eu
cd "$(dirname "$0")/.."
mac="(platform_machine == 'arm64' and sys_platform == 'darwin')"
arm="(platform_machine == 'aarch64' and sys_platform == 'linux')"
intel="(platform_machine == 'x86_64' and sys_platform == 'linux')"
# Said once at the head of each lock, not of every package.
machines=" and ($mac or $arm or $intel)"
supported=" ; python_full_version < '3.14'"

lock() {
    out=$1
    shift
    made=$(mktemp)
    if [ -f "$out" ] && [ "${UPGRADE:-}" = "" ]; then cp "$out" "$made"; fi
    uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-emit-index-url --no-emit-find-links --output-file "$made" "$@"
    {
        echo "# Locked by \`make locks\` from pyproject.toml: for Python 3.11 to 3.13 on Linux (x86-64, arm64) and macOS (arm64)."
        echo "# Install with: pip install --no-deps --require-hashes -r $out"
        sed "s/$machines//; s/$supported\( and \|\)/\1/; s/^\([^ ]*\) and /\1 ; /" "$made"
    } >"$out"
    rm "$made"
    echo "$out: $(grep -c == "$out") packages"
}

lock tests/requirements.txt --extra worker --extra s3 --extra report --extra training --extra lint --extra dev --extra tests
lock ml_training/requirements.txt --extra worker --extra training --constraint tests/requirements.txt
lock tests/lint-requirements.txt --extra lint --constraint tests/requirements.txt
lock tests/dev-requirements.txt --extra worker --extra s3 --extra report --extra dev --constraint tests/requirements.txt
lock requirements.txt --extra worker --extra s3 --extra report --constraint tests/requirements.txt
lock docker/web-requirements.txt --extra s3 --extra report --constraint tests/requirements.txt
