#!/usr/bin/env bash
# Weighs what each transfer carries: the tracked files, and the named pieces of what `deno task pack` wrote. Fails where one is 64 MiB or more.
set -eu
tree=$(git ls-files -z | xargs -0 cat | wc -c)
weigh() {
  local name=$1 bytes
  shift
  bytes=$((tree + $(cat "$@" | wc -c)))
  echo "$name: $((bytes * 10 / 1048576))e-1 MiB of 64"
  [ "$bytes" -lt $((64 * 1048576)) ]
}
weigh first .gpu/deno.gz.*
weigh second .gpu/node_modules.tar.gz.* .gpu/libvulkan.so.1.* .gpu/join .gpu/run
