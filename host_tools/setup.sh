#!/bin/sh
# Sets Gritspace up: a .venv with pinned packages, and the system's tools. Run by `make setup`, from anywhere.
# A second run changes nothing and needs no network: .venv/setup-stamp remembers what was installed, and from what.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 2
}

# command, Debian package, Homebrew package; the first group is needed for the demo and the tests, the second for more.
needed='arm-none-eabi-gcc gcc-arm-none-eabi arm-none-eabi-gcc
arm-none-eabi-libc libnewlib-arm-none-eabi -
qemu-system-arm qemu-system-arm qemu
cc gcc -
c++ g++ -'
useful='llvm-mca llvm llvm
clang-format clang-format clang-format
cppcheck cppcheck cppcheck
ngspice ngspice ngspice
sox sox sox
kicad-symbols kicad-symbols -'

present() {
  case $1 in
    arm-none-eabi-libc)
      [ -d /usr/lib/arm-none-eabi/newlib ] || [ -d /usr/include/newlib ] ||
        [ -n "$(arm-none-eabi-gcc --specs=nano.specs -print-file-name=libc.a 2>/dev/null | grep /)" ] ;;
    kicad-symbols) [ -d /usr/share/kicad/symbols ] || [ -d /Applications/KiCad ] ;;
    llvm-mca) command -v llvm-mca >/dev/null || ls /usr/bin/llvm-mca-* /opt/homebrew/opt/llvm/bin/llvm-mca >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

missing() { # the packages of column $2 for what is absent in the list $1
  printf '%s\n' "$1" | while read -r tool debian homebrew; do
    present "$tool" || if [ "$2" = debian ]; then echo "$debian"; else [ "$homebrew" = - ] || echo "$homebrew"; fi
  done | tr '\n' ' '
}

apt_as_root() {
  if [ "$(id -u)" = 0 ]; then env DEBIAN_FRONTEND=noninteractive apt-get "$@"
  else sudo -n env DEBIAN_FRONTEND=noninteractive apt-get "$@"; fi
}

install_by_apt() { # packages; true if they could be installed
  command -v apt-get >/dev/null || return 1
  [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null || return 1
  say "installing by apt: $*"
  quiet='-qq -o=Dpkg::Use-Pty=0'
  # shellcheck disable=SC2086 # options and packages are lists
  apt_as_root install -y --no-install-recommends $quiet "$@" >&2 2>/dev/null ||
    { apt_as_root update -qq >&2 && apt_as_root install -y --no-install-recommends $quiet "$@" >&2; }
}

system_tools() {
  absent="$(missing "$needed" debian)"
  extras="$(missing "$useful" debian)"
  [ -n "$absent$extras" ] || return 0
  # shellcheck disable=SC2086
  install_by_apt $absent $extras || { [ -z "$absent" ] || install_by_apt $absent || true; }
  absent="$(missing "$needed" debian)"
  extras="$(missing "$useful" debian)"
  if [ -n "$extras" ]; then
    say "not installed, needed for \`make lint\`, cycle estimates or the hardware: $extras"
    say "  install when you want them: $(install_line "$useful")"
  fi
  [ -z "$absent" ] || fail "the demo and the tests need: $absent
setup: install them, then run make again:  $(install_line "$needed")"
}

install_line() {
  if [ "$(uname)" = Darwin ]; then echo "brew install $(missing "$1" homebrew)"
  else echo "sudo apt-get install $(missing "$1" debian)"; fi
}

find_python() {
  for candidate in ${PYTHON:-} python3.11 /usr/bin/python3.11 python3 python; do
    if command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys; raise SystemExit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

python_packages() {
  stamp="$(pwd) $(cat pyproject.toml constraints.txt host_tools/setup.sh | cksum)"
  if [ -x .venv/bin/python ] && [ "$(cat .venv/setup-stamp 2>/dev/null)" = "$stamp" ]; then return; fi
  python="$(find_python)"
  [ -n "$python" ] || fail "Python 3.11 was not found; install it (Debian 12: sudo apt-get install python3.11 python3.11-venv;
setup: macOS: brew install python@3.11; elsewhere pyenv install 3.11) or name it: make PYTHON=/path/to/python3.11 setup"
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    install_by_apt python3.11-venv ||
      fail "$python cannot make virtual environments; install what is missing: sudo apt-get install python3.11-venv"
  fi
  say "installing the pinned Python packages into .venv (a few minutes, once)"
  rm -f .venv/setup-stamp
  [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null || "$python" -m venv --clear .venv
  quiet=-q
  if [ -t 2 ]; then quiet=; fi
  # shellcheck disable=SC2086
  .venv/bin/python -m pip install $quiet --disable-pip-version-check -c constraints.txt setuptools &&
    .venv/bin/python -m pip install $quiet --disable-pip-version-check -c constraints.txt --no-build-isolation -e '.[dev,docs,hardware,research]' ||
    fail "the Python packages could not be installed (pip's message is above); mend that and run make setup again"
  printf '%s\n' "$stamp" >.venv/setup-stamp
}

python_packages
system_tools
