# Runs dpkg inside the image's root. Arguments: file with lines "PACKAGE TRIGGER" to activate; file with lines
# "PACKAGE ARCHITECTURE IN-FAVOUR-OF VERSION" of packages that disappeared.
set -e
while read -r package trigger; do
    dpkg-trigger --no-await --by-package="$package" "$trigger"
done <"$1"

# As dpkg does when another package has taken over all of a package's files (src/main/unpack.c, pkg_disappear).
while read -r name arch favour version; do
    package=${name%%:*}
    script=/var/lib/dpkg/info/$name.postrm
    if [ -e "$script" ]; then
        DPKG_MAINTSCRIPT_PACKAGE=$package DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 DPKG_MAINTSCRIPT_ARCH=$arch \
            DPKG_MAINTSCRIPT_NAME=postrm DPKG_ADMINDIR=/var/lib/dpkg DPKG_ROOT= DEBCONF_PACKAGE=$package \
            "$script" disappear "$favour" "$version" </dev/null || {
            code=$?
            echo "the postrm script of $package, which disappears, failed with exit code $code"
            exit $code
        }
    fi
    rm -f "/var/lib/dpkg/info/$name".*
done <"$2"

# Nothing here needs to survive a power cut: the layer is made from it afterwards.
dpkg --force-unsafe-io --configure -a </dev/null
times
