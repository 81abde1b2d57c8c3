using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Http;

namespace Torchyard.Packages.Fetching;

/// <summary>A file to fetch.</summary>
/// <param name="Label">What it is, for people: <c>bash 5.2.37-2</c>.</param>
/// <param name="Sources">Where it should be, best first.</param>
internal sealed record VerifiedDownload(string Label, IReadOnlyList<Uri> Sources)
{
    /// <summary>Its hash; null when whatever comes is kept under its own.</summary>
    public required Digest? Sha256 { get; init; }

    /// <summary>Its size in bytes when that is known; not one byte more is read.</summary>
    public required long? Size { get; init; }

    /// <summary>Most bytes that are taken when the size is not known.</summary>
    public long Most { get; init; } = long.MaxValue;

    /// <summary>
    /// True when whoever reads the file compares every byte with the lock, and has it fetched again when one is wrong: a file that a power
    /// failure emptied is found then. To wait here until it is on the disk, behind all that a build writes meanwhile, would take longer
    /// than to fetch it.
    /// </summary>
    public bool IsCheckedByReader { get; init; }

    /// <summary>Finds more places when all of these fail, or null.</summary>
    public Func<CancellationToken, IAsyncEnumerable<Uri>>? LateSources { get; init; }

    /// <summary>What to throw when no source gave it.</summary>
    public required Func<
        VerifiedDownload,
        IReadOnlyList<(Uri Source, HttpFailureException Failure)>,
        TorchyardException
    > Refusal { get; init; }

    /// <summary>A file of an archive, such as Debian's.</summary>
    /// <param name="label">What it is, for people.</param>
    /// <param name="sha256">Its hash.</param>
    /// <param name="size">Its size in bytes.</param>
    /// <param name="sources">Where it should be, best first.</param>
    public static VerifiedDownload OfArchive(string label, Digest sha256, long size, IReadOnlyList<Uri> sources) =>
        new(label, sources)
        {
            Sha256 = sha256,
            Size = size,
            Refusal = ArchiveRefusal.Of,
        };

    /// <summary>Names what came of it so far. Without a hash nothing says that a later try would be of the same bytes.</summary>
    public Digest Key => Sha256 ?? Digest.Of(System.Text.Encoding.UTF8.GetBytes(Sources[0].AbsoluteUri));

    /// <summary>How long the file may become.</summary>
    public long Bound => Size ?? Most;
}
