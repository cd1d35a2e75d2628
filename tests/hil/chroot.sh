# Sourced: a Debian trixie below tests/hil/.cache with the toolchain for both boards, and how to run something in it.
# The mirror is the one apt uses. Needs root, because it mounts.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=$top/tests/hil/.cache
root=$cache/trixie
targets=(aarch64-unknown-linux-gnu armv7-unknown-linux-gnueabihf)
features='--no-default-features --features fhir,glyphs,hl7,hospital,network,page,pilot,screen,turnstile,voice'

unmount() {
    for place in /tmp /src /w /sys /proc/sys/fs/binfmt_misc /dev/pts /dev /proc ''; do
        ! mountpoint -q "$root$place" || umount "$root$place"
    done
}

mirror() { apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1; }

# Packages into the chroot, once; $1 names the set.
want() {
    local set=$1
    shift
    [ -e "$root/.has-$set" ] && return
    chroot "$root" apt-get install -y -qq --no-install-recommends "$@" >/dev/null
    touch "$root/.has-$set"
}

enter() {
    [ "$(id -u)" = 0 ] || { echo 'needs root, to mount' >&2; exit 77; }
    export DEBIAN_FRONTEND=noninteractive LC_ALL=C
    mkdir -p "$cache/w"
    # One at a time: whoever ends first would take the mounts away.
    exec 9>"$cache/.lock"
    flock 9
    # What a run that was killed has left.
    unmount
    trap unmount EXIT
    if [ ! -e "$root/.has-base" ]; then
        command -v debootstrap >/dev/null || { echo 'debootstrap is missing: apt-get install debootstrap' >&2; exit 69; }
        rm -rf "$root"
        debootstrap --variant=minbase --include=ca-certificates trixie "$root" "$(mirror)" >/dev/null
        touch "$root/.has-base"
    fi
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    mkdir -p "$root/src" "$root/w"
    # mmdebstrap wants a mount point for a root.
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    mount --bind /dev/pts "$root/dev/pts"
    mount -t sysfs sysfs "$root/sys"
    mount --bind "$cache/w" "$root/w"
    mount --bind "$top" "$root/src"
    mount -o remount,bind,ro "$root/src"
    if [ ! -e "$root/.has-foreign" ]; then
        chroot "$root" dpkg --add-architecture arm64
        chroot "$root" dpkg --add-architecture armhf
        chroot "$root" apt-get update -qq
        touch "$root/.has-foreign"
    fi
    want toolchain rustc-web cargo-web libc6-dev libstd-rust-web-dev:arm64 libstd-rust-web-dev:armhf \
        gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf libc6-dev-arm64-cross libc6-dev-armhf-cross \
        qemu-user-static libc6:arm64 libc6:armhf
}

# Runs a shell line in the chroot, in the project's folder.
inside() {
    chroot "$root" env - PATH=/w/cargo/bin:/usr/bin:/bin:/usr/sbin:/sbin HOME=/w CARGO_HOME=/w/cargo CARGO_TERM_COLOR=never \
        CARGO_TARGET_DIR=/w/target CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=none \
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc \
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER=qemu-aarch64-static \
        CC_aarch64_unknown_linux_gnu=aarch64-linux-gnu-gcc AR_aarch64_unknown_linux_gnu=aarch64-linux-gnu-ar \
        CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_LINKER=arm-linux-gnueabihf-gcc \
        CARGO_TARGET_ARMV7_UNKNOWN_LINUX_GNUEABIHF_RUNNER=qemu-arm-static \
        CC_armv7_unknown_linux_gnueabihf=arm-linux-gnueabihf-gcc AR_armv7_unknown_linux_gnueabihf=arm-linux-gnueabihf-ar \
        sh -c "cd /src && $1"
}

# The device program of each board; what it needs of glibc is what the package states.
device() {
    local stated needs program target
    stated=$(sed -n 's/^depends = "libc6 (>= \([0-9.]*\)).*/GLIBC_\1/p' "$top/Cargo.toml")
    for target in "${targets[@]}"; do
        inside "cargo build --quiet --locked --profile device $features --target $target"
        program=$cache/w/target/$target/device/facemchd
        needs=$(glibc "$program")
        echo "$target: $(stat -c %s "$program") bytes; needs $needs, the package states $stated"
        [ "$needs" = "$stated" ]
    done
}

# The highest glibc a program asks for.
glibc() { readelf -W --version-info "$1" | grep -o 'GLIBC_[0-9.]*' | sort -uV | tail -n 1; }
