#!/bin/sh
# build.sh [FOLDER]: compiles the native operation and puts it where GEGL looks (Linux).
# Needs a C compiler, pkg-config and GEGL's headers: apt install gcc pkg-config libgegl-dev
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-${XDG_DATA_HOME:-$HOME/.local/share}/gegl-0.4/plug-ins}
mkdir -p "$folder"
# shellcheck disable=SC2046  the flags are words
"${CC:-cc}" -O2 -std=c11 -D_GNU_SOURCE -Wall -Wextra -Wno-unused-parameter -Wno-cast-function-type -shared -fPIC \
  -I"$here" "$here/orangemask-invert-c41.c" -o "$folder/orangemask-invert-c41.so" \
  $(pkg-config --cflags --libs gegl-0.4) -lm
echo "$folder/orangemask-invert-c41.so"
