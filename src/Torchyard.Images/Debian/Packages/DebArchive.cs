using Microsoft.Win32.SafeHandles;
using Torchyard.Images.Errors;
using Torchyard.Images.Tar;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Digests;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams;

namespace Torchyard.Images.Debian.Packages;

/// <summary>
/// A binary package (deb(5), format 2.x): debian-binary, control.tar and data.tar, each tar plain or in gzip, xz or zstd. Input is
/// untrusted; every failure is a <see cref="TorchyardException"/> TY3001 to TY3003 that names the package.
/// </summary>
internal sealed class DebArchive : IDisposable
{
    // The largest control.tar of trixie is far below this; it is read into memory.
    internal const long MaxControl = 64 << 20;

    /// <summary>Name of the member with the control part, without what says how it is compressed.</summary>
    internal const string ControlMember = "control.tar";

    private const int MaxControlFile = 16 << 20;

    private readonly HashedFile _file;
    private readonly (ArMember Member, CompressionFormat Format) _control;
    private readonly (ArMember Member, CompressionFormat Format) _data;

    private DebArchive(string label, HashedFile file, (ArMember, CompressionFormat) control, (ArMember, CompressionFormat) data)
    {
        Label = label;
        _file = file;
        _control = control;
        _data = data;
    }

    /// <summary>What messages call this package.</summary>
    public string Label { get; }

    /// <summary>Opens a package file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="label">What messages call it, e.g. <c>bash_5.2.37-2_amd64.deb</c>.</param>
    public static DebArchive Open(string path, string label)
    {
        var file = new HashedFile(File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read, FileOptions.SequentialScan));
        try
        {
            if (!ArReader.TryRead(file.Handle, out var members, out var error))
            {
                throw ImageErrors.BadArchive(label, error);
            }

            if (members.Count == 0 || members[0].Name != "debian-binary" || !HasFormat2(file.Handle, members[0]))
            {
                throw ImageErrors.BadArchive(label, "it is not a Debian package of format 2");
            }

            return new DebArchive(label, file, Find(label, members, ControlMember), Find(label, members, "data.tar"));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads all files of control.tar by name: control, md5sums, conffiles, maintainer scripts, …</summary>
    public SortedDictionary<string, ControlFile> ReadControl()
    {
        using var packed = new FileSlice(_file, _control.Member.Offset, _control.Member.Size);
        return ReadControl(packed, _control.Member.Name, _control.Format, Label);
    }

    /// <summary>Reads all files of a control.tar.</summary>
    /// <param name="packed">The member.</param>
    /// <param name="member">Its name, for messages.</param>
    /// <param name="format">How it is compressed.</param>
    /// <param name="label">What messages call the package.</param>
    internal static SortedDictionary<string, ControlFile> ReadControl(Stream packed, string member, CompressionFormat format, string label)
    {
        var files = new SortedDictionary<string, ControlFile>(StringComparer.Ordinal);
        Read(packed, member, format, label, MaxControl, (entry, reader) =>
        {
            var name = entry.Name.StartsWith("./", StringComparison.Ordinal) ? entry.Name[2..] : entry.Name;
            if (entry.Kind == TarKind.Directory && name.TrimEnd('/') is "" or ".")
            {
                return;
            }

            if (entry.Kind != TarKind.File || name.Contains('/') || name is "" or "." or ".." || entry.Size > MaxControlFile)
            {
                throw ImageErrors.UnsafeName(label, entry.Name, "has no place in a control archive");
            }

            var content = new byte[entry.Size];
            for (var filled = 0; filled < content.Length; )
            {
                filled += reader.Read(content.AsSpan(filled));
            }

            files[name] = new ControlFile(content, (entry.Mode & FileModes.AnyExecute) != 0, entry.ModifiedAt);
        });
        return files.ContainsKey("control") ? files : throw ImageErrors.BadArchive(label, "it has no control file");
    }

    /// <summary>Gives each entry of data.tar to the visitor, which may read its content from the reader.</summary>
    /// <param name="limit">Most bytes that the archive may decode to.</param>
    /// <param name="visit">Called for each entry in the archive's order.</param>
    public void ReadData(long limit, Action<TarEntry, TarReader> visit)
    {
        using var packed = new FileSlice(_file, _data.Member.Offset, _data.Member.Size);
        Read(packed, _data.Member.Name, _data.Format, Label, limit, visit);
    }

    /// <summary>
    /// SHA-256 of the whole file; what <see cref="ReadControl()"/> and <see cref="ReadData"/> read went through it on the way.
    /// </summary>
    public Digest FinishHash() => _file.Finish();

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    private static void Read(
        Stream packed,
        string member,
        CompressionFormat format,
        string label,
        long limit,
        Action<TarEntry, TarReader> visit
    )
    {
        try
        {
            using var decoded = Decompression.Open(packed, format);
            var reader = new TarReader(new BoundedStream(decoded, limit, () => ImageErrors.TooLarge(label, limit)));
            while (reader.Next() is { } entry)
            {
                visit(entry, reader);
            }

            reader.Drain();
        }
        catch (Exception failure) when (failure is TarFormatException or InvalidDataException)
        {
            throw ImageErrors.BadArchive(label, $"{member}: {failure.Message}", failure);
        }
    }

    private static bool HasFormat2(SafeFileHandle file, ArMember member)
    {
        Span<byte> version = stackalloc byte[2];
        return member.Size is >= 4 and <= 16 && RandomAccess.Read(file, version, member.Offset) == 2 && version.SequenceEqual("2."u8);
    }

    /// <summary>The member with a part of the package.</summary>
    /// <param name="label">What messages call the package.</param>
    /// <param name="members">The members.</param>
    /// <param name="name">Name of the part, without what says how it is compressed.</param>
    internal static (ArMember Member, CompressionFormat Format) Find(string label, List<ArMember> members, string name)
    {
        foreach (var member in members)
        {
            CompressionFormat? format = member.Name.StartsWith(name, StringComparison.Ordinal)
                ? member.Name[name.Length..] switch
                {
                    "" => CompressionFormat.None,
                    ".gz" => CompressionFormat.Gzip,
                    ".xz" => CompressionFormat.Xz,
                    ".zst" => CompressionFormat.Zstd,
                    _ => throw ImageErrors.BadArchive(label, $"the compression of {member.Name} is not supported"),
                }
                : null;
            if (format is { } known)
            {
                return (member, known);
            }
        }

        throw ImageErrors.BadArchive(label, $"it has no {name}");
    }
}

/// <summary>A file of control.tar.</summary>
/// <param name="Content">Its bytes.</param>
/// <param name="Executable">True for maintainer scripts.</param>
/// <param name="ModifiedAt">Its time, seconds since 1970: for <c>control</c> that of the package's changelog.</param>
internal sealed record ControlFile(byte[] Content, bool Executable, long ModifiedAt)
{
    /// <summary>Content as UTF-8 text.</summary>
    public string Text => System.Text.Encoding.UTF8.GetString(Content);
}
