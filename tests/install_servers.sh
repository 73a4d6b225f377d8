#!/usr/bin/env bash
# Installs what the tests need and Python cannot bring: nginx, Redis, PostgreSQL, MariaDB, valgrind to count
# instructions, openssl to hash certificates, Chromium with a Chinese font for pictures of notebooks, zsh and fish to
# complete commands in, mandoc and groff to check man pages, tmux as a terminal, and Node.js to drive the fake; or else
# the Debian packages that it is given.
# Does nothing for what is there. `make test`, `make bench` and `.ci/run` call it. Needs apt-get, and root or a sudo that
# asks no password.
set -euo pipefail

PATH="$PATH:/usr/sbin:/sbin" # where Debian puts servers; not on the PATH of an ordinary user

has() {
    case "$1" in
    groff-base) command -v groff >/dev/null ;;
    fontconfig) command -v fc-list >/dev/null ;;
    postgresql) ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 ;;
    mariadb-server) command -v mariadbd >/dev/null ;;
    nodejs) command -v node >/dev/null ;;
    fonts-wqy-microhei) [ -n "$(fc-list :lang=zh-cn file 2>/dev/null)" ] ;; # any Chinese font will do
    *) command -v "$1" >/dev/null ;;
    esac
}

packages=(nginx redis-server postgresql mariadb-server valgrind openssl chromium fontconfig fonts-wqy-microhei)
packages+=(zsh fish mandoc groff-base nodejs tmux)
if [ "$#" -gt 0 ]; then
    packages=("$@")
fi
missing=()
for package in "${packages[@]}"; do
    has "$package" || missing+=("$package")
done
if [ "${#missing[@]}" -eq 0 ]; then
    exit 0
fi

explain() {
    echo "install_servers: $1" >&2
    echo "install_servers: on Debian: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
}

command -v apt-get >/dev/null || explain "${missing[*]}: missing, and there is no apt-get here"

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    if ! sudo -n true 2>/dev/null; then
        explain "${missing[*]}: missing, and installing needs root"
    fi
    as_root=(sudo -n)
fi

# Debian starts a server as soon as it is installed, on port 80. Exit code 101 of this policy says no; the tests start
# their own nginx on a port of their own. What stood there before is put back.
policy=/usr/sbin/policy-rc.d
kept="$policy.before-wxaudit"
restore_policy() {
    "${as_root[@]}" rm -f "$policy"
    if [ -e "$kept" ]; then
        "${as_root[@]}" mv "$kept" "$policy"
    fi
}
trap restore_policy EXIT
if [ -e "$policy" ]; then
    "${as_root[@]}" mv "$policy" "$kept"
fi
printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
"${as_root[@]}" chmod 755 "$policy"

apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get --quiet=2 -o DPkg::Lock::Timeout=300 "$@" </dev/null
}
echo "install_servers: installing ${missing[*]}"
apt_get update || explain "apt-get update failed"
apt_get install --yes --no-install-recommends "${missing[@]}" >/dev/null || explain "apt-get could not install them"
for package in "${missing[@]}"; do
    has "$package" || explain "$package was installed but is not to be found"
done
