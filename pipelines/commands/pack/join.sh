#!/bin/sh
# Joins what `deno task parts` cut, with nothing but a shell: checks the SHA-256 of every part, puts them together, checks the whole, and only
# then gives it its name. Stands beside the parts:   sh join [NAME...]   (default: every file that has a manifest here)
set -eu
cd "$(dirname "$0")"

hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }

fail() {
  rm -f "$partial"
  echo "Cannot join \"$name\": $1" >&2
  exit 1
}

join_one() {
  name=${1%.sha256}
  partial=$name.partial-$$
  manifest=$name.sha256
  [ -f "$manifest" ] || fail "there is no manifest \"$manifest\" beside this script"
  whole=$(sed -n "\$s/ .*//p" "$manifest")
  if [ -f "$name" ] && [ "$(hash_of "$name")" = "$whole" ]; then return; fi
  : > "$partial"
  while read -r hash part; do
    if [ "$part" = "$name" ]; then continue; fi
    [ -f "$part" ] || fail "part \"$part\" is missing, its SHA-256 is $hash"
    found=$(hash_of "$part")
    [ "$found" = "$hash" ] || fail "part \"$part\" has SHA-256 $found, expected $hash"
    cat "$part" >> "$partial"
  done < "$manifest"
  found=$(hash_of "$partial")
  [ "$found" = "$whole" ] || fail "joined it has SHA-256 $found, expected $whole"
  mv "$partial" "$name"
  echo "joined $name"
}

if [ $# -eq 0 ]; then set -- *.sha256; fi
for one in "$@"; do join_one "$one"; done
