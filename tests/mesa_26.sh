#!/usr/bin/env bash
# Runs a command with Mesa 26's lavapipe, whose matrix units (8x8x8, slow and right) show what --kernels matrix computes where there is no GPU:
#   tests/mesa_26.sh deno test -A tests/kernels -- --kernels matrix,cooperative
# On Debian, as root, with debootstrap: the first call makes a Debian unstable (700 MB) in SIGNUM_MESA, by default /opt/signum_mesa, from the mirror
# that this machine uses. The working folder, Deno and its cache are bound into it for the length of the command; nothing else of it is seen.
set -eu
export SIGNUM_ADAPTER=lavapipe
root=${SIGNUM_MESA:-/opt/signum_mesa}
if [ ! -e "$root/.complete" ]; then
  mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/*.sources 2> /dev/null | grep -Eo 'https?://[^ ]*/debian/?( |$)' | head -1)
  debootstrap --variant=minbase sid "$root" ${mirror:-} >&2
  chroot "$root" apt-get install -qq -y --no-install-recommends mesa-vulkan-drivers libvulkan1 >&2
  touch "$root/.complete"
fi
deno=$(readlink -f "$(command -v deno)")
cache=${DENO_DIR:-$HOME/.cache/deno}
mkdir -p "$root$PWD" "$root/cache/deno" "$root/cache/signum" "$cache"
touch "$root/usr/local/bin/deno"
export root deno cache
exec unshare --mount bash -euc '
  for folder in /proc /dev "$PWD"; do mount --rbind "$folder" "$root$folder"; done
  mount --bind "$deno" "$root/usr/local/bin/deno"
  mount --bind "$cache" "$root/cache/deno"
  exec chroot "$root" env HOME=/root XDG_RUNTIME_DIR=/tmp XDG_CACHE_HOME=/cache DENO_DIR=/cache/deno PATH=/usr/local/bin:/usr/bin:/bin \
    bash -c "cd \"\$0\" && exec \"\$@\"" "$PWD" "$@"' bash "$@"
