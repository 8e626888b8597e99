#!/bin/sh
# Runs Deno from what `deno task pack` put beside this script, in the root of the project and with no network:   sh .gpu/run task doctor
# Needs sh, tar, gzip, sha256sum and a GPU driver. Unpacks once, into $SIGNUM_RUNTIME (default: runtime/ beside this script).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
runtime=${SIGNUM_RUNTIME:-$here/runtime}
[ -f deno.json ] || { echo "Cannot run \"$0\": the current folder has no deno.json, expected the project's root" >&2; exit 1; }

if [ ! -x "$runtime/deno" ] || [ ! -d node_modules ]; then sh "$here/join" >&2; fi
if [ ! -x "$runtime/deno" ]; then
  mkdir -p "$runtime/lib"
  cp "$here/libvulkan.so.1" "$runtime/lib/"
  gzip -dc "$here/deno.gz" > "$runtime/deno.partial-$$"
  chmod +x "$runtime/deno.partial-$$"
  mv "$runtime/deno.partial-$$" "$runtime/deno"
fi
if [ ! -d node_modules ]; then
  mkdir "node_modules.partial-$$"
  tar -xzf "$here/node_modules.tar.gz" -C "node_modules.partial-$$"
  mv "node_modules.partial-$$/node_modules" node_modules
  rmdir "node_modules.partial-$$"
fi

# The machine's own Vulkan loader comes first.
if ! { ldconfig -p || /sbin/ldconfig -p; } 2> /dev/null | grep -q 'libvulkan\.so\.1'; then
  export LD_LIBRARY_PATH="$runtime/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
# Where a container has NVIDIA's driver and not the file that names it to the loader, one is found or made.
if [ -z "${VK_DRIVER_FILES:-}" ] && ! ls /etc/vulkan/icd.d/*.json /usr/share/vulkan/icd.d/*.json > /dev/null 2>&1; then
  for icd in /usr/local/nvidia/share/vulkan/icd.d/nvidia_icd.json /usr/local/nvidia/vulkan/icd.d/nvidia_icd.json; do
    if [ -f "$icd" ]; then export VK_DRIVER_FILES="$icd"; fi
  done
  if [ -z "${VK_DRIVER_FILES:-}" ] && { ldconfig -p || /sbin/ldconfig -p; } 2> /dev/null | grep -q 'libGLX_nvidia\.so\.0'; then
    VK_DRIVER_FILES=$runtime/nvidia_icd.json
    echo '{"file_format_version":"1.0.1","ICD":{"library_path":"libGLX_nvidia.so.0","api_version":"1.3.0"}}' > "$VK_DRIVER_FILES"
    export VK_DRIVER_FILES
  fi
fi
PATH=$runtime:$PATH
export PATH DENO_DIR="${DENO_DIR:-$runtime/deno_dir}" XDG_RUNTIME_DIR="${XDG_RUNTIME_DIR:-/tmp}" DENO_NO_UPDATE_CHECK=1
exec "$runtime/deno" "$@"
