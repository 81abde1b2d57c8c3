#!/bin/sh
# Stands in for Debian's downloader of cuDNN while the image is configured: the libraries lie in a layer already, fetched and checked. Records
# them as the downloader does, so that removing the package removes them.
set -e
list=
while [ $# -gt 0 ]; do
    case $1 in
        --filelist) list=$2; shift ;;
    esac
    shift
done
if [ -n "$list" ]; then
    mkdir -p "$(dirname "$list")"
    cat /run/torchyard/cudnn-files >"$list"
fi
