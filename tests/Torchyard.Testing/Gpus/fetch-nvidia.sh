#!/bin/sh
# Unpacks NVIDIA's headers and user-space libraries from Debian's archive into a directory, without installing anything.
# usage: fetch-nvidia.sh DIRECTORY [all]      "all" adds cuBLASLt, NCCL and the CUDA headers (1.3 GB of downloads)
set -eu
directory=$1 what=${2:-small}
archive=${DEBIAN_MIRROR:-http://deb.debian.org/debian}/pool
mkdir -p "$directory"
fetch() { # PATH SHA256 [PATTERN]
    file=$(mktemp)
    curl --fail --silent --show-error "$archive/$1" -o "$file"
    echo "$2  $file" | sha256sum --check --quiet
    if [ $# -gt 2 ]; then
        dpkg --fsys-tarfile "$file" | tar -x -C "$directory" --wildcards "$3"
    else
        dpkg -x "$file" "$directory"
    fi
    rm -f "$file"
}
fetch non-free/n/nvidia-cuda-toolkit/libnvidia-ml-dev_12.4.127~12.4.1-2_amd64.deb 6f796a688ee18e21495f4b9a28fe1f9b67e3a95f709880d751eb4c8d483bbfbb
fetch non-free/n/nvidia-graphics-drivers/libcuda1_550.163.01-2_amd64.deb 8feff97aac61d6f27ded96a3c25b9e68025a680476e6072ff7eaf10623509135
fetch non-free/n/nvidia-graphics-drivers/libnvidia-ml1_550.163.01-2_amd64.deb 01c1b67d511d7f52c6aa60e14ed56a8eb725d5dc85784a08214d6cb0f4fd1f89
fetch non-free/n/nvidia-graphics-drivers/libnvidia-ptxjitcompiler1_550.163.01-2_amd64.deb 73ce8da87e13d0cd5a7f5ec3e0b5822f91fe1cc72977542cd9a8354c25d810f4
[ "$what" = all ] || exit 0
fetch non-free/n/nvidia-cuda-toolkit/libcublaslt12_12.4.5.8~12.4.1-2_amd64.deb 2f67754a6dd7095de1a5c4503f20539981f31f0cd627565973c547e997fc7732
fetch contrib/n/nvidia-nccl/libnccl2_2.22.3-1-1_amd64.deb 5d4202de81f28cfc82df989fe9634f941e777e782f69a035bc7db11c8d6062d2
fetch contrib/n/nvidia-nccl/libnccl-dev_2.22.3-1-1_amd64.deb 260d89758ab6287f967f217a23cf0c5629ec3a40cfdca1b781064f48df7fb8dc './usr/include/*'
fetch non-free/n/nvidia-cuda-toolkit/nvidia-cuda-dev_12.4.127~12.4.1-2_amd64.deb d846838f914a0176948d48a8bcade5d6dbcccb5c9374343f6475f5503f173ee0 './usr/include/*'
