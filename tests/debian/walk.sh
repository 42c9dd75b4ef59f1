#!/bin/sh
# README's first commands on a Debian that has nothing yet: a minimal root file system, an empty HOME, then set-up, a
# short demo and the quick tests. Run by `make test-debian`; it needs root (debootstrap, chroot, mount) and says so.
#
# SUITE  which Debian: trixie (13) without; bookworm is 12.
# ROOTFS where it lies: build/debian/SUITE without; kept, so that a second run begins with set-up.
# DEMO   the demo's command: make demo without.
# TESTS  what pytest is asked to run there: all that is not slow without.
# BIND   folders of this machine that are seen there too, read only (a package mirror), with blanks between.
# PIP_* and /etc/pip.conf are taken along; what pip downloads is kept in ROOTFS for the next run, outside of HOME.
set -eu
cd "$(dirname "$0")/../.."
suite=${SUITE:-trixie}
root=$(realpath -m "${ROOTFS:-build/debian/$suite}")
tests=${TESTS:-tests}
demo=${DEMO:-make demo}

say() { printf 'test-debian: %s\n' "$*" >&2; }
fail() { say "$*"; exit 2; }

[ "$(id -u)" = 0 ] || fail "root is needed to make a root file system and to enter it: sudo make test-debian"
for tool in debootstrap chroot mount; do
  command -v "$tool" >/dev/null || fail "$tool is missing: apt-get install debootstrap mount coreutils"
done

if [ ! -e "$root/etc/debian_version" ]; then
  say "a minimal Debian $suite into $root"
  mkdir -p "$root"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" >"$root.log" 2>&1 ||
    fail "debootstrap failed; its words are in $root.log"
fi

mounted=
leave() { for point in $mounted; do umount -l "$point" 2>/dev/null || true; done; }
trap leave EXIT
trap 'exit 130' INT TERM
enter() { # what is mounted, where, and how
  mkdir -p "$2"
  # shellcheck disable=SC2086 # options are a list
  mount $3 "$1" "$2"
  mounted="$2 $mounted"
}
enter proc "$root/proc" "-t proc"
enter /dev "$root/dev" "--bind"
enter /dev/pts "$root/dev/pts" "--bind"
enter tmpfs "$root/dev/shm" "-t tmpfs"
for folder in ${BIND:-}; do enter "$folder" "$root$folder" "--bind -o ro"; done
for file in /etc/resolv.conf /etc/hosts /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
  if [ -e "$file" ]; then
    mkdir -p "$root$(dirname "$file")"
    cp -L "$file" "$root$file"
  fi
done

# What is committed, as a download has it, and nothing of what was made here.
home=/home/new
rm -rf "${root:?}$home"
mkdir -p "$root$home/gritspace"
git archive HEAD | tar -x -C "$root$home/gritspace"

there() { # a step: its name, then the command; its wall and processor time
  name=$1
  shift
  say "$name: $*"
  # shellcheck disable=SC2046 # one word an assignment
  chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=$home LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
    PIP_CACHE_DIR=/var/cache/pip ${OMP_NUM_THREADS:+OMP_NUM_THREADS=$OMP_NUM_THREADS} \
    $(env | grep '^PIP_[A-Z_]*=[^ ]*$' || true) /bin/bash -c "cd $home/gritspace; TIMEFORMAT='$name: %R s, processor %U s'; time { $*; }"
}
there "what README asks for" "apt-get -qq update && apt-get -qq install -y --no-install-recommends make python3 git >/dev/null 2>&1"
there "make setup" "make setup"
there "a second make setup" "make setup"
there "demo" "$demo"
there "doctor" ".venv/bin/gritspace doctor"
there "a mistake" "! .venv/bin/gritspace run nothing.grit a.wav b.wav"
there "quick tests" "git init -q . && git add -A >/dev/null && make WORKERS=${WORKERS:-2} test-quick PYTEST='$tests'"
say "Debian $(cat "$root/etc/debian_version"): set up, walked through and tested"
