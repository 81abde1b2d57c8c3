#!/bin/sh
# Runs a command on a machine that looks like a recorded one: its /proc/driver, its driver's files with fake libraries, its device nodes
# (the null device under NVIDIA's names), seen by this command and its children only. Needs root, gcc, python3 and overlayfs.
# usage: enter.sh MACHINE COMMAND...        MACHINE: a directory of tests/Torchyard.Testing/Gpus/Machines
# FAKE_GPUS=N: so many of the machine's GPU. FAKE_DRIVER=NO_KERNELS: no kernel does anything. FAKE_DRIVER=NO_START: CUDA does not start.
set -eu
if [ "${FAKE_NVIDIA_INSIDE:-}" != 1 ]; then
    FAKE_NVIDIA_INSIDE=1 exec unshare -m --propagation private "$0" "$@"
fi
unset FAKE_NVIDIA_INSIDE
here=$(cd "$(dirname "$0")" && pwd)
machine=$(cd "$1" && pwd)
shift
# Nothing of all this shall be seen in the commands that run here.
gpus=${FAKE_GPUS:-1} flags=
[ -z "${FAKE_DRIVER:-}" ] || flags=-D$FAKE_DRIVER
unset FAKE_GPUS FAKE_DRIVER
version=$(sed -n 's/.*  \([0-9]*\.[0-9.]*\)  .*/\1/p' "$machine/root/proc/driver/nvidia/version")

work=$(mktemp -d)
mount -t tmpfs tmpfs "$work"
if [ "$gpus" -gt 1 ]; then
    python3 -B "$here/multiply.py" "$machine" "$work/machine" "$gpus"
    machine=$work/machine
fi
mount -t tmpfs tmpfs /proc/driver
cp -r "$machine/root/proc/driver/." /proc/driver/

# Other majors than this kernel's: what is registered is read from here.
mkdir "$work/upper" "$work/work" "$work/dev" "$work/proc"
# A whole procfs beside the one that is covered in part: else the kernel lets no user namespace mount a new one.
mount -t proc proc "$work/proc"
awk '/^Block/ { print "  1 nvidia-uvm\n" } { print }' /proc/devices >"$work/devices"
mount --bind "$work/devices" /proc/devices

mkdir -p "$work/upper/nvidia"
cp -r "$machine/root/usr/local/nvidia/." "$work/upper/nvidia/"
libraries=$work/upper/nvidia/lib64
for pair in nvml:libnvidia-ml.so.1:"libnvidia-ml.so.$version" cuda:libcuda.so.1:"libcuda.so.$version" cublaslt:libcublasLt.so.13:libcublasLt.so.13 nccl:libnccl.so.2:libnccl.so.2; do
    source=${pair%%:*} file=$libraries/${pair##*:} soname=${pair#*:}
    rm -f "$file"
    # shellcheck disable=SC2086
    gcc -shared -fPIC -O1 $flags -Wl,-soname,"${soname%:*}" -o "$file" "$here/$source.c" -ldl
done
python3 "$here/answers.py" "$machine/nvml.json" >"$libraries/libnvidia-ml.so.$version.answers"
rm -f "$work/upper/nvidia/bin/nvidia-smi"
sed -e "/@MACHINE@/{
s/@MACHINE@.*//
r $machine/nvml.json
a \"\"\"
}" "$here/nvidia-smi.py" >"$work/upper/nvidia/bin/nvidia-smi"
chmod 755 "$work/upper/nvidia/bin/nvidia-smi"
mount -t overlay -o "lowerdir=/usr/local,upperdir=$work/upper,workdir=$work/work" overlay /usr/local

# A /dev of its own, so that nodes under NVIDIA's names appear nowhere else.
mount --rbind /dev "$work/dev"
mount -t tmpfs -o mode=755 tmpfs /dev
for path in "$work"/dev/*; do
    name=${path##*/}
    case $name in
    nvidia*) continue ;;
    # Who has which GPU is said there: GPUs of this machine are no others'.
    shm) mkdir /dev/shm && mount -t tmpfs -o mode=1777 tmpfs /dev/shm && continue ;;
    esac
    if [ -L "$path" ]; then cp -a "$path" /dev/
    elif [ -d "$path" ]; then mkdir "/dev/$name" && mount --rbind "$path" "/dev/$name"
    elif [ -e "$path" ]; then : >"/dev/$name" && mount --bind "$path" "/dev/$name"; fi
done
(cd "$machine/root/dev" && find . -type f ! -name '*.space') | while read -r node; do
    mkdir -p "/dev/$(dirname "$node")"
    mknod -m "$(awk '{ print $3 }' "$machine/root/dev/$node")" "/dev/$node" c 1 3
done
PATH=/usr/local/nvidia/bin:$PATH LD_LIBRARY_PATH=/usr/local/nvidia/lib64 exec "$@"
