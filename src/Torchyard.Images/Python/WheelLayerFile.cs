using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Torchyard.Images.Errors;
using Torchyard.Images.Tar;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Packages.Python.Zip;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Files;
using Torchyard.Platform.Linux;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Python;

/// <summary>A file of a wheel layer: as the tar has it, as the wheel has it, and as the mounted form gets it.</summary>
/// <param name="Plan">Plan of its wheel.</param>
/// <param name="Installed">What is installed.</param>
internal sealed record WheelLayerFile(InstallPlan Plan, InstalledFile Installed)
{
    /// <summary>Time of all files: 1980-01-01, where zip begins, the same in every image, so that images share the layers.</summary>
    internal const long ModifiedAt = 315532800;

    /// <summary>The file of the wheel; null when the content is made at installation.</summary>
    public WheelFile? Source => Installed.Source;

    /// <summary>Bytes.</summary>
    public long Size => Installed.Size;

    /// <summary>Its entry in the tar.</summary>
    public TarEntry Entry =>
        Owned(PathOf(Installed.Path)) with
        {
            Mode = Installed.Executable ? FileModes.Executable : FileModes.Readable,
            Size = Size,
        };

    /// <summary>Path in the image of a path of the environment.</summary>
    public static string PathOf(string path) => $"{LockedPython.VenvPath[1..]}/{path}";

    /// <summary>An entry that belongs to the user of the environment.</summary>
    public static TarEntry Owned(string name)
    {
        // /opt itself is the system's.
        var owner = name.Contains('/', StringComparison.Ordinal) ? (uint)EnvironmentPlaces.UserId : 0;
        return new TarEntry
        {
            Name = name,
            Kind = TarKind.File,
            User = owner,
            Group = owner,
            ModifiedAt = ModifiedAt,
        };
    }

    /// <summary>True when its deflate data goes into a gzip blob as it is.</summary>
    public bool IsCarriedInGzip => Source?.Entry is { Method: ZipMethod.Deflate, CompressedSize: >= WheelLayerSink.CarryFrom };

    /// <summary>Its deflate data as a gzip member.</summary>
    public Stream OpenMember() => Plan.Wheel.OpenGzipMember(Source!);

    /// <summary>The hash that RECORD has of it.</summary>
    public HashAlgorithmName Algorithm => Source?.Hash?.Algorithm ?? HashAlgorithmName.SHA256;

    /// <summary>The decoded content, checked against the archive, not against RECORD.</summary>
    /// <param name="carried">True when the deflate data is in the blob as it is: then all is checked that a reader of the blob would
    /// check.</param>
    public Stream Decode(bool carried) => carried ? Decompression.Open(OpenMember(), CompressionFormat.Gzip) : Plan.Wheel.OpenFile(Source!);

    /// <summary>The decoded content, checked against the archive and RECORD, and written into the mounted form as it is read.</summary>
    /// <param name="mounted">File of the mounted form, or null.</param>
    /// <param name="carried">See <see cref="Decode"/>.</param>
    public Stream Open(SafeFileHandle? mounted, bool carried) => new WheelContentStream(this, Decode(carried), mounted);

    /// <summary>TY2501 unless the content is the one that archive and RECORD list.</summary>
    public void RequireRecord(long size, ReadOnlySpan<byte> hash)
    {
        if (size != Source!.Entry.Size)
        {
            throw new InvalidDataException($"'{Source.Entry.Name}' has {size} bytes, the archive lists {Source.Entry.Size}");
        }

        WheelFileHash.RequireHash(Plan.Wheel, Source, hash);
    }

    /// <summary>Makes the file of the mounted form, for reading and writing.</summary>
    /// <param name="mounted">Directory of the mounted form.</param>
    public SafeFileHandle Create(string mounted)
    {
        var entry = Entry;
        var file = File.OpenHandle(Path.Combine(mounted, entry.Name), System.IO.FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        File.SetUnixFileMode(file, (UnixFileMode)entry.Mode);
        return file;
    }

    /// <summary>Gives the written file its owner and time.</summary>
    public void Finish(SafeFileHandle file)
    {
        var entry = Entry;
        var descriptor = (int)file.DangerousGetHandle();
        if (OwnerCalls.Set(descriptor, entry.User, entry.Group) != 0 || TimeCalls.Set(descriptor, entry.ModifiedAt) != 0)
        {
            throw ImageErrors.FromErrno(entry.Name, Errno.Last);
        }
    }
}
