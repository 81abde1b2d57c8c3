using System.Diagnostics.CodeAnalysis;
using System.Text;
using Torchyard.Platform.Errors;

namespace Torchyard.Packages.Python.Versions;

/// <summary>Phase of a pre-release; the order is the order of releases.</summary>
public enum PreReleasePhase
{
    /// <summary><c>aN</c>.</summary>
    Alpha,

    /// <summary><c>bN</c>.</summary>
    Beta,

    /// <summary><c>rcN</c>.</summary>
    ReleaseCandidate,
}

/// <summary>A pre-release segment such as <c>rc1</c>.</summary>
/// <param name="Phase">Alpha, beta or release candidate.</param>
/// <param name="Number">Number of the pre-release.</param>
public readonly record struct PreRelease(PreReleasePhase Phase, ulong Number);

/// <summary>
/// A version of a Python distribution, as the "Version specifiers" specification (PEP 440) defines it, with its ordering.
/// Equality is that of the specification: <c>1.0</c> equals <c>1.0.0</c>, and spellings such as <c>1.0-RC1</c> are normalised.
/// </summary>
public sealed class PythonVersion : IComparable<PythonVersion>, IEquatable<PythonVersion>
{
    /// <summary>Longest text that is read, in UTF-16 units; longer ones come from no index and would only cost memory.</summary>
    public const int MaxLength = 256;

    private readonly ulong[] _release;
    private readonly LocalSegment[]? _local;
    private string? _text;

    internal PythonVersion(ulong epoch, ulong[] release, PreRelease? pre, ulong? post, ulong? dev, LocalSegment[]? local)
    {
        Epoch = epoch;
        _release = release;
        Pre = pre;
        Post = post;
        Dev = dev;
        _local = local;
    }

    /// <summary>Epoch, 0 if the text has none.</summary>
    public ulong Epoch { get; }

    /// <summary>Release segments as written: <c>1.0.0</c> keeps three.</summary>
    public ReadOnlySpan<ulong> Release => _release;

    /// <summary>Pre-release segment, or null.</summary>
    public PreRelease? Pre { get; }

    /// <summary>Post-release number, or null.</summary>
    public ulong? Post { get; }

    /// <summary>Number of the development release, or null.</summary>
    public ulong? Dev { get; }

    /// <summary>Normalised local version label without the <c>+</c>, e.g. <c>cu128</c>; null if there is none.</summary>
    public string? Local => _local is null ? null : string.Join('.', _local);

    /// <summary>True for alpha, beta, release candidate and development releases.</summary>
    public bool IsPreRelease => Pre is not null || Dev is not null;

    /// <summary>True if there is a post-release segment.</summary>
    public bool IsPostRelease => Post is not null;

    /// <summary>The version without its local label.</summary>
    public PythonVersion Public => _local is null ? this : new PythonVersion(Epoch, _release, Pre, Post, Dev, null);

    /// <summary>Epoch and release segments alone.</summary>
    public PythonVersion Base =>
        Pre is null && Post is null && Dev is null && _local is null ? this : new PythonVersion(Epoch, _release, null, null, null, null);

    /// <summary>Release segment at <paramref name="index"/>, 0 where the text has fewer.</summary>
    public ulong Segment(int index) => index < _release.Length ? _release[index] : 0;

    /// <summary>Reads a version.</summary>
    /// <exception cref="TorchyardException">TY2801 when the text is not a version.</exception>
    public static PythonVersion Parse(string text) =>
        TryParse(text, out var version)
            ? version
            : throw new TorchyardException(
                "TY2801",
                $"'{Shorten(text)}' is not a Python version",
                "write it as PEP 440 says, for example 2.9.1, 2.10.0rc1 or 2.9.1+cu128."
            );

    /// <summary>Reads a version; false when the text is none or a number in it exceeds 64 bits.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out PythonVersion? version)
    {
        version = null;
        return text is { Length: <= MaxLength } && VersionParser.TryParse(text.AsSpan().Trim(), out version);
    }

    /// <inheritdoc/>
    public int CompareTo(PythonVersion? other)
    {
        if (other is null)
        {
            return 1;
        }

        var order = Epoch.CompareTo(other.Epoch);
        if (order == 0)
        {
            order = CompareRelease(other);
        }

        if (order == 0)
        {
            order = PreKey.CompareTo(other.PreKey);
        }

        if (order == 0)
        {
            order = (Post is null ? 0 : 1, Post ?? 0).CompareTo((other.Post is null ? 0 : 1, other.Post ?? 0));
        }

        if (order == 0)
        {
            order = (Dev is null ? 1 : 0, Dev ?? 0).CompareTo((other.Dev is null ? 1 : 0, other.Dev ?? 0));
        }

        return order == 0 ? LocalSegment.Compare(_local, other._local) : order;
    }

    /// <inheritdoc/>
    public bool Equals(PythonVersion? other) => CompareTo(other) == 0;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is PythonVersion other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.Add(Epoch);
        foreach (var segment in _release.AsSpan().TrimEnd(0ul))
        {
            hash.Add(segment);
        }

        hash.Add(Pre);
        hash.Add(Post);
        hash.Add(Dev);
        foreach (var segment in _local ?? [])
        {
            hash.Add(segment);
        }

        return hash.ToHashCode();
    }

    /// <summary>Normal form of the specification, with the release segments as written.</summary>
    public override string ToString() => _text ??= Format();

    /// <summary>True when <paramref name="left"/> is older.</summary>
    public static bool operator <(PythonVersion left, PythonVersion right) => left.CompareTo(right) < 0;

    /// <summary>True when <paramref name="left"/> is newer.</summary>
    public static bool operator >(PythonVersion left, PythonVersion right) => left.CompareTo(right) > 0;

    /// <summary>True when <paramref name="left"/> is not newer.</summary>
    public static bool operator <=(PythonVersion left, PythonVersion right) => left.CompareTo(right) <= 0;

    /// <summary>True when <paramref name="left"/> is not older.</summary>
    public static bool operator >=(PythonVersion left, PythonVersion right) => left.CompareTo(right) >= 0;

    /// <summary>Equality of the specification.</summary>
    public static bool operator ==(PythonVersion? left, PythonVersion? right) => left is null ? right is null : left.Equals(right);

    /// <summary>Opposite of equality.</summary>
    public static bool operator !=(PythonVersion? left, PythonVersion? right) => !(left == right);

    internal static string Shorten(string text) => text.Length <= 80 ? text : text[..80] + "...";

    // 1.0.dev1 sorts before 1.0a1, and a release without pre-release segment after its pre-releases.
    private (int Kind, PreReleasePhase Phase, ulong Number) PreKey =>
        Pre switch
        {
            { } pre => (1, pre.Phase, pre.Number),
            null when Post is null && Dev is not null => (0, 0, 0),
            null => (2, 0, 0),
        };

    private int CompareRelease(PythonVersion other)
    {
        for (var i = 0; i < Math.Max(_release.Length, other._release.Length); i++)
        {
            var order = Segment(i).CompareTo(other.Segment(i));
            if (order != 0)
            {
                return order;
            }
        }

        return 0;
    }

    private string Format()
    {
        var text = new StringBuilder();
        if (Epoch != 0)
        {
            text.Append(Epoch).Append('!');
        }

        text.AppendJoin('.', _release);
        if (Pre is { } pre)
        {
            text.Append(
                    pre.Phase switch
                    {
                        PreReleasePhase.Alpha => "a",
                        PreReleasePhase.Beta => "b",
                        _ => "rc",
                    }
                )
                .Append(pre.Number);
        }

        if (Post is { } post)
        {
            text.Append(".post").Append(post);
        }

        if (Dev is { } dev)
        {
            text.Append(".dev").Append(dev);
        }

        if (_local is not null)
        {
            text.Append('+').AppendJoin('.', _local);
        }

        return text.ToString();
    }
}
