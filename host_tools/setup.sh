#!/bin/sh
# Sets Gritspace up: a .venv with pinned packages, and the system's tools. Run by `make setup`, from anywhere.
# A second run changes nothing and needs no network: .venv/setup-stamp remembers what was installed, and from what.
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }
fail() { # a sentence, and the end
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
clang clang llvm
wasm-ld lld lld
node nodejs node
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
    say "not installed, needed for \`make lint\`, cycle estimates, the browser's module or the hardware: $extras"
    say "  install when you want them: $(install_line "$useful")"
  fi
  [ -z "$absent" ] || fail "the demo and the tests need: $absent
setup: install them, then run make again:  $(install_line "$needed")"
}

install_line() {
  if [ "$(uname)" = Darwin ]; then echo "brew install $(missing "$1" homebrew)"
  else echo "sudo apt-get install $(missing "$1" debian)"; fi
}

# The Pythons that every package has wheels for; the first is what the pins were made with.
pythons='3.11 3.12 3.13 3.14'

find_python() {
  for candidate in ${PYTHON:-} $(printf 'python%s ' $pythons) /usr/bin/python3 python3 python; do
    if command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; then
      echo "$candidate"
      return
    fi
  done
}

found_pythons() { # what is there instead: "python3 is 3.10.12"
  for candidate in ${PYTHON:-} python3 python; do
    version="$("$candidate" -c 'import platform; print(platform.python_version())' 2>/dev/null)" || continue
    echo "$candidate is $version"
    return
  done
  echo "there is no python3"
}

python_help() { # the one command that brings a Python here
  if [ "$(uname)" = Darwin ]; then echo "brew install python@3.13"
  elif command -v apt-get >/dev/null && apt-cache show python3.13 >/dev/null 2>&1; then
    echo "sudo apt-get install python3.13 python3.13-venv"
  elif command -v apt-get >/dev/null && apt-cache show python3.12 >/dev/null 2>&1; then
    echo "sudo apt-get install python3.12 python3.12-venv"
  elif command -v apt-get >/dev/null && apt-cache show python3.11 >/dev/null 2>&1; then
    echo "sudo apt-get install python3.11 python3.11-venv"
  elif command -v dnf >/dev/null; then echo "sudo dnf install python3.13"
  elif command -v uv >/dev/null; then echo "uv python install 3.13 && make PYTHON=\"\$(uv python find 3.13)\" setup"
  else
    echo "python3 -m venv ~/.uv && ~/.uv/bin/pip install uv && ~/.uv/bin/uv python install 3.13 && make PYTHON=\"\$(~/.uv/bin/uv python find 3.13)\" setup"
  fi
}

pip_install() {
  # shellcheck disable=SC2086
  .venv/bin/python -m pip install $quiet --disable-pip-version-check "$@"
}

python_packages() {
  stamp="$(pwd) $(cat pyproject.toml setup.py constraints.txt constraints-torch.txt host_tools/setup.sh | cksum)"
  if [ -x .venv/bin/python ] && [ "$(cat .venv/setup-stamp 2>/dev/null)" = "$stamp" ]; then return; fi
  python="$(find_python)"
  [ -n "$python" ] || fail "a Python from 3.11 to 3.14 is needed; $(found_pythons). This brings one:
setup:   $(python_help)
setup: or name one: make PYTHON=/path/to/python setup"
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    package="python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv"
    install_by_apt "$package" ||
      fail "$python cannot make virtual environments; install what is missing: sudo apt-get install $package"
  fi
  say "installing the pinned Python packages into .venv (a few minutes, once)"
  rm -f .venv/setup-stamp
  [ -x .venv/bin/python ] && .venv/bin/python -c 'import pip' 2>/dev/null || "$python" -m venv --clear .venv
  quiet=-q
  if [ -t 2 ]; then quiet=; fi
  # Everything by its hash; PyTorch by version, from the index that you chose (constraints-torch.txt).
  pip_install --require-hashes --no-deps -r constraints.txt &&
    pip_install -r constraints-torch.txt &&
    pip_install --no-deps --no-build-isolation -e . ||
    fail "the Python packages could not be installed (pip's message is above); mend that and run make setup again"
  printf '%s\n' "$stamp" >.venv/setup-stamp
}

# What reads the board back (gerbonara, InteractiveHtmlBom) needs KiCad's own Python beside it: an environment of its own,
# which sees the wxPython and the NumPy that KiCad brought.
board_readers() {
  kicad="${KICAD_PYTHON:-/usr/bin/python3}"
  [ -d "${KICAD_FOOTPRINTS:-/usr/share/kicad/footprints}" ] || return 0
  ! cmp -s hardware/board/readers.txt .venv/readers/stamp || return 0
  "$kicad" -c 'import pcbnew, venv' 2>/dev/null || return 0
  say "installing what reads the board back into .venv/readers (once)"
  "$kicad" -m venv --clear --system-site-packages .venv/readers &&
    .venv/readers/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps \
      -r hardware/board/readers.txt >/dev/null &&
    cp hardware/board/readers.txt .venv/readers/stamp ||
    say "the board's readers could not be installed (pip's message is above): \`make board\` goes without its second opinion"
}

python_packages
system_tools
board_readers
