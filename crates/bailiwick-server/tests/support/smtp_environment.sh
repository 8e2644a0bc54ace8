#!/bin/sh
# Prepares the Python environment of the SMTP server that the tests send to, once, and prints its interpreter.
# Usage: smtp_environment.sh DIRECTORY
set -eu
here=$(cd "$(dirname "$0")" && pwd)
target=$1/smtp-environment
if ! [ -x "$target/bin/python" ]; then
    # Tests run in processes of their own and may all come here at once: whoever is first moves its copy into place.
    draft=$target.$$
    trap 'rm -rf "$draft"' EXIT
    python3 -m venv "$draft" >&2
    "$draft/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/requirements.txt" >&2
    # Into an existing directory `mv` would move it below; -T refuses unless that is empty.
    mv -T "$draft" "$target" 2>/dev/null || [ -x "$target/bin/python" ]
fi
echo "$target/bin/python"
