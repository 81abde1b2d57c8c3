# Runs inside the image's root: what dpkg would have run while unpacking, then dpkg itself.
# Arguments: architecture, file with one package name a line whose preinst is to run, file with lines "PACKAGE TRIGGER" to activate.
set -e
arch=$1
info=/var/lib/dpkg/info

while read -r name; do
    package=${name%%:*}
    script=$info/$name.preinst
    DPKG_MAINTSCRIPT_PACKAGE=$package DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 DPKG_MAINTSCRIPT_ARCH=$arch \
        DPKG_MAINTSCRIPT_NAME=preinst DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= "$script" install </dev/null || {
        code=$?
        echo "the preinst script of $package failed with exit code $code"
        exit $code
    }
done <"$2"

while read -r package trigger; do
    dpkg-trigger --no-await --by-package="$package" "$trigger"
done <"$3"

# Nothing here needs to survive a power cut: the layer is made from it afterwards.
exec dpkg --force-unsafe-io --configure -a </dev/null
