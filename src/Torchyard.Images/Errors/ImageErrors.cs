using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Text;
using Torchyard.Recipes.Presets;

namespace Torchyard.Images.Errors;

/// <summary>The failures that the image stage expects; each has a row in docs/errors/images.md.</summary>
internal static class ImageErrors
{
    internal static TorchyardException BadArchive(string archive, string what, Exception? inner = null) =>
        new(
            ImageCodes.BadArchive,
            $"{archive}: {what}",
            "fetch the file again; if it stays so, it was made wrongly: report it to the package's maintainers",
            inner
        );

    internal static TorchyardException UnsafeName(string archive, string name, string why) =>
        new(
            ImageCodes.UnsafeName,
            $"{archive}: the entry '{Printable(name)}' {why}",
            "do not use this archive: it was made to write outside its place"
        );

    internal static TorchyardException TooLarge(string archive, long limit) =>
        new(
            ImageCodes.UnpacksTooLarge,
            $"{archive}: unpacks to more than {limit >> 20} MiB, far more than its package says",
            "do not use this archive unless its maintainers explain the size"
        );

    internal static TorchyardException FileConflict(string path, string one, string other) =>
        Conflict($"packages {one} and {other} both contain /{path}, and neither replaces the other");

    internal static TorchyardException DirectoryConflict(string path, string package, string owner) =>
        Conflict($"package {package} has a file in the place of the directory /{path} of package {owner}, and does not replace it");

    internal static TorchyardException DivertedConflict(string path, string package, string from) =>
        Conflict($"package {package} contains /{path}, where a diversion puts other packages' /{from}");

    internal static TorchyardException LinkConflict(string path, string target, string package) =>
        Conflict($"package {package} has /{path} as a hard link to /{target}, and what another package has there is not a file");

    internal static TorchyardException ParentConflict(string path, string package, string parent) =>
        Conflict($"package {package} contains /{path}, and what another package has at /{parent} is not a directory");

    internal static TorchyardException SamePlaceConflict(string one, string other, string package) =>
        Conflict($"package {package} contains /{one} and /{other}, which a link of another package makes the same place");

    private static TorchyardException Conflict(string what) =>
        new("TY3004", what, "leave one of them out of the recipe, or pin versions that do not collide");

    internal static TorchyardException NoSpace(string where, Exception? inner = null) =>
        new(
            ImageCodes.DiskFull,
            $"no {FileSystemRoom.Missing(where)} left on the file system of {where}",
            "free some space there, remove unused images with 'torchyard prune', or move the store with TORCHYARD_STORE",
            inner
        );

    internal static TorchyardException StoreFull(string store, long installed, Exception inner) =>
        new(
            ImageCodes.DiskFull,
            FileSystemRoom.LacksInodes(store)
                ? $"no {FileSystemRoom.Missing(store)} left on the file system of the store {store} ('df -i' shows them)"
                : $"no space left on the file system of the store {store}: the packages of this image take "
                    + $"{ByteSize.Decimal(installed)} unpacked, and about half as much again as compressed layers",
            "free some space there, remove unused images with 'torchyard prune', or move the store with TORCHYARD_STORE; then build "
                + "again, fetched packages stay",
            inner
        );

    internal static TorchyardException CannotWrite(string path, string error) =>
        new(
            "TY3006",
            $"cannot write {path}: {error}",
            "check that the store's file system is writable and supports owners, links and extended attributes"
        );

    internal static TorchyardException ConfigureFailed(string what, int exitCode, string tail) =>
        new(
            "TY3007",
            $"{what} failed inside the image with exit code {exitCode}:\n{tail.TrimEnd()}",
            "read the last lines, which name the package and its script; pin another version of it or leave it out"
        )
        {
            MayBeFullDisk = true,
        };

    internal static TorchyardException StepFailed(string number, string title, int exitCode, string tail) =>
        new(
            "TY3024",
            $"step {number} of the recipe, '{title}', failed with exit code {exitCode}"
                + (tail.Trim().Length > 0 ? $":\n{tail.TrimEnd()}" : " and printed nothing"),
            "correct its command below [[run]]; it runs as root in the image, without network, in /, and nothing of it was kept"
        )
        {
            MayBeFullDisk = true,
        };

    internal static TorchyardException StepLeft(string title, string path, string what) =>
        new("TY3026", $"the step '{title}' of the recipe left /{Printable(path)}, {what}", "have the command remove or rename it");

    internal static TorchyardException TargetTaken(string source, string target, string why) =>
        new("TY3027", $"{source} of the project cannot be {target} of the image: {why}", "give it another target below [[files]]");

    internal static TorchyardException DamagedBlob(string digest, string what) =>
        new(
            ImageCodes.DamagedBlob,
            $"blob {digest} of the store is damaged: {what}",
            "run 'torchyard check --repair', or build the image again"
        );

    internal static TorchyardException MissingBlob(string digest) =>
        new(ImageCodes.MissingBlob, $"blob {digest} is missing from the store", "run 'torchyard check --repair', or build the image again");

    internal static TorchyardException NoSuchImage(string name, IEnumerable<string> known) =>
        new(
            ImageCodes.NoSuchImage,
            $"no image '{Printable(name)}' in the store",
            Preset.Names.Contains(name) ? $"'torchyard build {name}' makes it"
                // Only names of registries have a slash.
                : name.Contains('/', StringComparison.Ordinal) ? $"'torchyard pull {Printable(name)}' fetches it from its registry"
                : KnownNames.Cure(name, known.Select(ShortName), "there are no images: 'torchyard build' makes one", "torchyard images")
        );

    // Nobody types the tag that is the default.
    private static string ShortName(string image) =>
        image.EndsWith(":latest", StringComparison.Ordinal) ? image[..^":latest".Length] : image;

    internal static TorchyardException BadDocument(string what, string why, Exception? inner = null) =>
        new(
            ImageCodes.BadDocument,
            $"{what} is not valid: {why}",
            "run 'torchyard check --repair'; it also says what else is damaged",
            inner
        );

    internal static TorchyardException LostIndex(string index, string damage) =>
        new(
            "TY3053",
            $"{index}, the list of the store's images, {damage}",
            "run 'torchyard check --repair', which makes it again from the images that are there"
        );

    internal static TorchyardException AmbiguousName(string name) =>
        new("TY3012", $"'{Printable(name)}' begins the digest of more than one image", "give more digits or the name");

    internal static TorchyardException OtherCompressor(string locked, string own) =>
        new(
            "TY3013",
            $"the lock was made with {locked}, and this program has {own}: the image would get another digest",
            "run 'torchyard lock' again, or use the Torchyard version that made the lock"
        );

    internal static TorchyardException InUse(string name, string by) =>
        new("TY3015", $"image '{name}' is used by {by}", "remove that first, or use --force");

    internal static TorchyardException BadName(string name) =>
        new("TY3016", $"'{Printable(name)}' is not an image name", "use name:tag in lower case letters, digits, '.', '_', '-' and '/'")
        {
            IsUsage = true,
        };

    internal static TorchyardException OtherFormat(int locked, int own) =>
        new(
            "TY3017",
            $"the lock was made for image format {locked}, and this program makes format {own}",
            "run 'torchyard lock' again, or use the Torchyard version that made the lock"
        );

    internal static TorchyardException UnportableOverlay(string path) =>
        new(
            "TY3019",
            $"/{path} was written to an overlay mounted with redirect_dir or metacopy, which a layer cannot express",
            "mount it with redirect_dir=off,metacopy=off, or set the kernel's default: echo N > "
                + "/sys/module/overlay/parameters/redirect_dir, and the same for metacopy; then build again"
        );

    internal static TorchyardException PythonNotBuilt() =>
        new(
            "TY3018",
            "the lock has Python distributions, and this version of Torchyard builds images of Debian packages only",
            "take [python] out of the recipe and lock again; python3-* packages of Debian are built"
        );

    internal static TorchyardException CudnnNotLocked(string package) =>
        new(
            "TY3023",
            $"the lock has Debian's {package}, which installs NVIDIA's cuDNN, and does not say which archive of cuDNN",
            "run 'torchyard lock' again"
        );

    internal static TorchyardException OtherCudnn(string archive, string package) =>
        new(
            "TY3022",
            $"{archive} has not the SHA-512 that Debian's {package} gives the archive of this release: its source altered it",
            "lock again without the mirror or file that gave it (cudnn.mirrors, cudnn.archive, TORCHYARD_CUDNN_MIRROR)"
        );

    internal static TorchyardException PackageDamagedAgain(string package, string cache, Exception inner) =>
        new(
            "TY3020",
            $"{package} was fetched, checked and written to {cache}, and reads back "
                + "differently: the disk or the memory of this machine fails",
            "look at the kernel's log (dmesg) and the disk's health (smartctl -a); put the store on another disk with TORCHYARD_STORE",
            inner
        );

    /// <summary>Turns the error number of a failed write into the failure that the user can act on.</summary>
    internal static Exception FromErrno(string path, int error) =>
        FullDisk.IsNumber(error) ? NoSpace(path) : CannotWrite(path, Errno.Text(error));

    private static string Printable(string name)
    {
        var shown = name.Length > 200 ? name[..200] + "…" : name;
        return string.Concat(shown.Select(character => char.IsControl(character) ? '?' : character));
    }
}
