#!/bin/sh
# Put Orangemask into ~/.local and its plug-ins into GIMP and darktable, or take all away again.
#
#     ./install.sh [--uninstall]
#
# Needs no root and no network. Run it again after an upgrade; presets and settings stay.
set -eu

here=$(cd "$(dirname "$0")" && pwd -P)
target=$HOME/.local/share/orangemask
bin=$HOME/.local/bin
names='orangemask orangemask-bridge'

fail() { echo "install.sh: $*" >&2; exit 1; }

ours() { [ -L "$1" ] && case $(readlink "$1") in "$target"/*) true ;; *) false ;; esac; }

case ${1-} in
'')
    for name in $names; do
        [ ! -e "$bin/$name" ] || ours "$bin/$name" || fail "$bin/$name is another program; remove it first"
    done
    # The folders that were not there before, the innermost first.
    made=''
    for folder in "$HOME/.local" "$HOME/.local/share" "$bin"; do
        [ -d "$folder" ] || { mkdir "$folder"; made="$folder
$made"; }
    done
    if [ "$here" != "$target" ]; then
        if [ -f "$target/.made" ]; then made=$(cat "$target/.made"); fi
        rm -rf "$target.new" "$target.old"
        cp -a "$here" "$target.new"
        printf '%s' "$made" > "$target.new/.made"
        [ ! -e "$target" ] || mv "$target" "$target.old"
        mv "$target.new" "$target"
        rm -rf "$target.old"
    fi
    for name in $names; do ln -sfn "$target/$name" "$bin/$name"; done
    echo "installed $("$target/orangemask" --version) in $target, with links in $bin"
    "$target/orangemask" install all || echo "no plug-in was installed; later: $bin/orangemask install all"
    ;;
--uninstall)
    [ -x "$target/orangemask" ] || fail "there is no $target"
    "$target/orangemask" install all --uninstall
    for name in $names; do if ours "$bin/$name"; then rm "$bin/$name"; fi; done
    made=$(cat "$target/.made" 2>/dev/null || true)
    rm -rf "$target"
    echo "removed $target"
    echo "$made" | while read -r folder; do
        [ -z "$folder" ] || rmdir "$folder" 2>/dev/null || true
    done
    ;;
*) fail "unknown option $1; allowed: --uninstall" ;;
esac
