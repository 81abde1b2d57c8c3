# Runs inside the image's root what dpkg would have run before unpacking.
# debconf learns a package's name from the place in which dpkg keeps the script meanwhile, here from DEBCONF_PACKAGE.
# Arguments: architecture, file with one package name a line whose preinst is to run.
arch=$1
while read -r name; do
    package=${name%%:*}
    DPKG_MAINTSCRIPT_PACKAGE=$package DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 DPKG_MAINTSCRIPT_ARCH=$arch \
        DPKG_MAINTSCRIPT_NAME=preinst DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= DEBCONF_PACKAGE=$package \
        "/var/lib/dpkg/info/$name.preinst" install </dev/null || {
        code=$?
        echo "the preinst script of $package failed with exit code $code"
        exit $code
    }
done <"$2"
times
