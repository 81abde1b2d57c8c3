using Torchyard.Platform.Digests;
using Torchyard.Recipes.Settings;

namespace Torchyard.Recipes.Locks;

/// <summary>
/// <c>torchyard.lock</c>: all that decides the bytes of the image. The same lock gives the same image digest on any machine.
/// </summary>
public sealed record RecipeLock
{
    /// <summary>Format version of the file.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Digest of the parts of the recipe that the lock answers; another recipe needs another lock.</summary>
    public required Digest RecipeDigest { get; init; }

    /// <summary>The recipe as it was when locked; <c>build</c> needs nothing else.</summary>
    public required Recipe Recipe
    {
        get;
        // Of what it sets and passes on when it runs nothing is locked: no image is another one for it, and names of secrets are nobody's
        // business.
        init => field = value with { Environment = new EnvironmentSettings(), Caches = [] };
    }

    /// <summary>
    /// Newest <c>Date</c> of the verified Release files, seconds since 1970; clamps every time stamp in the image (SOURCE_DATE_EPOCH).
    /// </summary>
    public required long SourceDateEpoch { get; init; }

    /// <summary>The image that is built on; null where the recipe has no <c>base.image</c>.</summary>
    public LockedBase? Base { get; init; }

    /// <summary>The archives that were resolved against.</summary>
    public required IReadOnlyList<LockedArchive> Archives { get; init; }

    /// <summary>Every Debian package of the image, by name then architecture (ordinal).</summary>
    public required IReadOnlyList<LockedDebianPackage> Packages { get; init; }

    /// <summary>
    /// Debian packages that are there beside <see cref="Packages"/> while wheels are built (<see cref="PythonSettings.BuildPackages"/>),
    /// and never in the image; by name then architecture (ordinal).
    /// </summary>
    public IReadOnlyList<LockedDebianPackage> BuildPackages { get; init; } = [];

    /// <summary>Every Python distribution of the image, or null when the recipe has no <c>[python]</c>.</summary>
    public LockedPython? Python { get; init; }

    /// <summary>NVIDIA's cuDNN, or null when no package of Debian needs it.</summary>
    public LockedCudnn? Cudnn { get; init; }

    /// <summary>NVIDIA's forward-compatibility libraries, or null when no machine of the lock needs them.</summary>
    public LockedCudaCompat? CudaCompat { get; init; }

    /// <summary>The files of the project that the image has, in the order in which they are put there.</summary>
    public IReadOnlyList<LockedProjectFile> Files { get; init; } = [];

    /// <summary>The PyTorch stack and the machines that it fits, or null when none was asked for.</summary>
    public LockedFit? Fit { get; init; }

    /// <summary>What of Torchyard itself goes into the image.</summary>
    public required LockedTools Tools { get; init; }

    /// <summary>The Debian packages of the image: its own, and those of its base image.</summary>
    public IReadOnlyList<SystemPackage> SystemPackages() => SystemPackage.Of(Packages, Base);

    /// <summary>The release of its base system: the suite of the recipe, or what its base image says; empty where nothing does.</summary>
    public string SuiteOfBase() => Recipe.Base.Suite.Length > 0 ? Recipe.Base.Suite : Base?.Suite ?? "";
}

/// <summary>A Debian archive suite and the verified Release file it was read through.</summary>
public sealed record LockedArchive
{
    /// <summary>Short name that packages refer to, e.g. <c>trixie</c>.</summary>
    public required string Id { get; init; }

    /// <summary>Canonical archive root, without the machine's mirror, e.g. <c>http://deb.debian.org/debian</c>.</summary>
    public required string Uri { get; init; }

    /// <summary>Suite, e.g. <c>trixie</c>.</summary>
    public required string Suite { get; init; }

    /// <summary>Components used.</summary>
    public required IReadOnlyList<string> Components { get; init; }

    /// <summary>Hash of the InRelease file.</summary>
    public required Digest ReleaseDigest { get; init; }

    /// <summary>The Release file's Date, seconds since 1970.</summary>
    public required long ReleaseDate { get; init; }

    /// <summary>Of an archive of the recipe's <c>[[archives]]</c>: fingerprint of the key that signed; null for Debian's own.</summary>
    public string? Key { get; init; }

    /// <summary>Hash of the file with that key; null for Debian's own.</summary>
    public Digest? KeyDigest { get; init; }

    /// <summary>True for an archive beside Debian's own: only its own address counts, and no mirror or snapshot.</summary>
    public bool IsFurther => KeyDigest is not null;
}

/// <summary>One Debian package, exactly.</summary>
public sealed record LockedDebianPackage
{
    /// <summary>Package name.</summary>
    public required string Name { get; init; }

    /// <summary>Version (deb-version(7)).</summary>
    public required string Version { get; init; }

    /// <summary>Architecture: the image's, or <c>all</c>.</summary>
    public required string Architecture { get; init; }

    /// <summary>Source package, which layers group by.</summary>
    public required string Source { get; init; }

    /// <summary>Version of the source package, by which security advisories go; null when it is that of the binary package.</summary>
    public string? SourceVersion { get; init; }

    /// <summary><see cref="LockedArchive.Id"/> of the archive that it came from; null for a file of the project.</summary>
    public string? Archive { get; init; }

    /// <summary>Path of a file of the project, relative to the recipe (or absolute, as the recipe has it); null for an archive's.</summary>
    public string? Path { get; init; }

    /// <summary>
    /// Path below the archive root, e.g. <c>pool/main/b/bash/bash_5.2.37-2_amd64.deb</c>; of a file of the project its name.
    /// </summary>
    public required string Filename { get; init; }

    /// <summary>Bytes of the .deb.</summary>
    public required long Size { get; init; }

    /// <summary>SHA-256 of the .deb.</summary>
    public required Digest Sha256 { get; init; }

    /// <summary>Installed-Size in bytes as the index says it; an estimate for layer grouping.</summary>
    public required long InstalledSize { get; init; }

    /// <summary>Essential: yes, or a dependency of such a package: unpacked and configured first.</summary>
    public bool Essential { get; init; }

    /// <summary>True when the recipe named it, false when it came as a dependency (apt's auto mark).</summary>
    public bool Requested { get; init; }
}

/// <summary>Parts of Torchyard whose bytes or behaviour reach the image digest.</summary>
/// <param name="Format">Version of the layer-making rules; raised when the same input would give other bytes.</param>
/// <param name="Supervisor">Hash of the supervisor binary.</param>
/// <param name="Compressor">Compressor and version, e.g. <c>libzstd 1.5.7</c>.</param>
public sealed record LockedTools(int Format, Digest Supervisor, string Compressor);
