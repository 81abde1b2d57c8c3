using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Torchyard.Images.Environments;
using Torchyard.Images.Files;
using Torchyard.Images.Layers;
using Torchyard.Images.Oci;
using Torchyard.Images.Tar;
using Torchyard.Packages.Python.Wheels;
using Torchyard.Packages.Python.Zip;
using Torchyard.Platform;
using Torchyard.Platform.Compression;
using Torchyard.Platform.Streams;
using Torchyard.Recipes;

namespace Torchyard.Images.Wheels;

/// <summary>
/// Writes a layer straight from wheels, in one pass and with bounded memory: inflate, check against RECORD, tar, hash, blob, and the
/// mounted form beside it. Everything belongs to the user of the environment, so that <c>pip install</c> works inside.
/// </summary>
/// <param name="layout">Gets the blob.</param>
/// <param name="settings">Compression.</param>
/// <param name="ahead">Decodes large files before their turn where cores are free.</param>
internal sealed class WheelLayerWriter(OciLayout layout, ImageSettings settings, DecodeAhead ahead)
{
    /// <summary>Time of all files: 1980-01-01, where zip begins, the same in every image, so that images share the layers.</summary>
    internal const long ModifiedAt = 315532800;

    private const int CarriedPiece = 256 * 1024;
    private const int FileMode = 0x1A4;
    private const int ExecutableMode = 0x1ED;
    private const int DirectoryMode = 0x1ED;

    /// <summary>Writes the layer.</summary>
    /// <param name="wheels">Its wheels.</param>
    /// <param name="leftOut">Paths (distribution, path) of files that another distribution's file replaces.</param>
    /// <param name="mounted">Empty directory for the mounted form; null when only the blob is needed.</param>
    /// <param name="advance">Told of bytes that are done.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <exception cref="TorchyardException">TY2501 when a file is not what RECORD says; TY3005, TY3006 for the disk.</exception>
    internal PackedLayer Write(
        IReadOnlyList<PlannedWheel> wheels,
        IReadOnlySet<(string Name, string Path)> leftOut,
        string? mounted,
        Action<long> advance,
        CancellationToken cancellation)
    {
        using var blob = layout.BeginBlob();
        using var sink = new WheelLayerSink(blob, settings.Compression, settings.Level);
        var tar = new TarLayerWriter(sink);
        var files = wheels.SelectMany(w => w.Plan.Files.Where(f => !leftOut.Contains((w.Package.Name, f.Path))).Select(f => (w.Plan, File: f)))
            // Two wheels of this layer may have the same file with the same content.
            .DistinctBy(f => f.File.Path, StringComparer.Ordinal)
            .OrderBy(f => f.File.Path, StringComparer.Ordinal).ToList();
        var directories = WriteDirectories(files.Select(f => f.File.Path), tar, mounted);
        var early = mounted is null ? [] : files.Where(f => f.File.Source is not null && f.File.Size >= ahead.From)
            .ToDictionary(f => f.File.Path, f => Early(f.Plan, f.File, sink, mounted), StringComparer.Ordinal);
        ahead.BeginLayer(early.Values);
        try
        {
            foreach (var (plan, file) in files)
            {
                cancellation.ThrowIfCancellationRequested();
                try
                {
                    if (early.TryGetValue(file.Path, out var decoded) && !decoded.TryTake())
                    {
                        WriteDecoded(plan, file, decoded, tar, sink);
                    }
                    else
                    {
                        WriteFile(plan, file, tar, sink, mounted);
                    }
                }
                catch (InvalidDataException damaged)
                {
                    throw new TorchyardException(
                        "TY2501", $"{plan.Wheel.FileName.Text}: {file.Source?.Entry.Name ?? file.Path}: {damaged.Message}",
                        "Nothing of it was installed. Fetch the wheel again from its publisher", damaged);
                }

                advance(file.Size);
            }
        }
        finally
        {
            foreach (var file in early.Values)
            {
                file.Dispose();
            }

            ahead.EndLayer();
        }

        tar.Complete();
        var diffId = sink.Complete();
        FinishDirectories(directories, mounted);
        var (digest, size) = blob.Commit();
        return new PackedLayer(diffId, digest, size, sink.Count, sink.Carries ? MediaTypes.LayerGzip : MediaTypes.LayerZstd);
    }

    private static string InImage(string path) => $"{LockedPython.VenvPath[1..]}/{path}";

    private static List<string> WriteDirectories(IEnumerable<string> paths, TarLayerWriter tar, string? mounted)
    {
        var directories = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            var inside = InImage(path);
            for (var slash = inside.LastIndexOf('/'); slash > 0 && directories.Add(inside[..slash]); slash = inside.LastIndexOf('/', slash - 1))
            {
                // Up to the root, or to a directory that is there already.
            }
        }

        foreach (var directory in directories)
        {
            tar.Write(Owned(directory) with { Kind = TarKind.Directory, Mode = DirectoryMode });
            if (mounted is not null)
            {
                Directory.CreateDirectory(Path.Combine(mounted, directory));
            }
        }

        return [.. directories];
    }

    private static TarEntry Entry(InstalledFile file) =>
        Owned(InImage(file.Path)) with { Mode = file.Executable ? ExecutableMode : FileMode, Size = file.Size };

    private static AheadFile Early(InstallPlan plan, InstalledFile file, WheelLayerSink sink, string mounted)
    {
        var entry = Entry(file);
        return new AheadFile(
            file.Size,
            () => CreateMounted(Path.Combine(mounted, entry.Name), entry.Mode),
            target => new WheelContentStream(plan, file.Source!, Decode(plan, file.Source!, sink), target, hashBeside: true),
            target => Own(target, entry));
    }

    /// <summary>The decoded file; of what is carried over, all is checked that a reader of the blob would check.</summary>
    private static Stream Decode(InstallPlan plan, WheelFile file, WheelLayerSink sink) =>
        IsCarried(file, sink) ? Decompression.Open(plan.Wheel.OpenGzipMember(file), CompressionFormat.Gzip) : plan.Wheel.OpenFile(file);

    /// <summary>Writes a file that is decoded, or being decoded, on another thread.</summary>
    private static void WriteDecoded(InstallPlan plan, InstalledFile file, AheadFile decoded, TarLayerWriter tar, WheelLayerSink sink)
    {
        using var content = new LateStream(() =>
        {
            if (IsCarried(file.Source!, sink))
            {
                using var member = sink.Carry(plan.Wheel.OpenGzipMember(file.Source!), file.Size);
                member.CopyTo(Stream.Null, CarriedPiece);
            }

            return decoded.OpenFollowing();
        });
        tar.Write(Entry(file), content);
        decoded.Wait();
        decoded.Dispose();
    }

    private static void WriteFile(InstallPlan plan, InstalledFile file, TarLayerWriter tar, WheelLayerSink sink, string? mounted)
    {
        var entry = Entry(file);
        using var target = mounted is null ? null : CreateMounted(Path.Combine(mounted, entry.Name), entry.Mode);
        if (file.Content is { } made)
        {
            tar.Write(entry, new MemoryStream(made.ToArray(), writable: false));
            if (target is not null)
            {
                RandomAccess.Write(target, made.Span, 0);
            }
        }
        else
        {
            using var content = new LateStream(() => new WheelContentStream(plan, file.Source!, Open(plan, file.Source!, sink), target));
            tar.Write(entry, content);
            if (file.Size == 0)
            {
                // The tar never asks for the content of an empty file; its checksums are checked all the same.
                content.CopyTo(Stream.Null);
            }
        }

        if (target is not null)
        {
            Own(target, entry);
        }
    }

    /// <summary>The decoded file; a large deflated one goes into the blob as it is while it is decoded.</summary>
    private static Stream Open(InstallPlan plan, WheelFile file, WheelLayerSink sink) =>
        IsCarried(file, sink)
            ? Decompression.Open(sink.Carry(plan.Wheel.OpenGzipMember(file), file.Entry.Size), CompressionFormat.Gzip)
            : plan.Wheel.OpenFile(file);

    private static bool IsCarried(WheelFile file, WheelLayerSink sink) =>
        sink.Carries && file.Entry is { Method: ZipMethod.Deflate, CompressedSize: >= WheelLayerSink.CarryFrom };

    private static TarEntry Owned(string name)
    {
        // /opt itself is the system's.
        var owner = name.Contains('/', StringComparison.Ordinal) ? (uint)TrainerAccount.Id : 0;
        return new TarEntry { Name = name, Kind = TarKind.File, User = owner, Group = owner, ModifiedAt = ModifiedAt };
    }

    private static SafeFileHandle CreateMounted(string path, int mode)
    {
        var handle = File.OpenHandle(path, System.IO.FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None);
        File.SetUnixFileMode(handle, (UnixFileMode)mode);
        return handle;
    }

    private static void Own(SafeFileHandle file, TarEntry entry)
    {
        var descriptor = (int)file.DangerousGetHandle();
        if (Posix.Chown(descriptor, entry.User, entry.Group) != 0 || Posix.SetTime(descriptor, entry.ModifiedAt) != 0)
        {
            throw ImageErrors.FromErrno(entry.Name, Marshal.GetLastPInvokeError());
        }
    }

    private static void FinishDirectories(List<string> directories, string? mounted)
    {
        if (mounted is null)
        {
            return;
        }

        using var root = RootDirectory.Open(mounted);
        for (var index = directories.Count - 1; index >= 0; index--)
        {
            var entry = Owned(directories[index]);
            root.SetAttributes(entry.Name, DirectoryMode, entry.User, entry.Group, entry.ModifiedAt);
        }

        root.SetAttributes("", DirectoryMode, 0, 0, 0);
    }

    /// <summary>A stream that is opened at its first read: only then has the tar header of its file been written.</summary>
    private sealed class LateStream(Func<Stream> open) : ForwardReadStream
    {
        private Stream? _opened;

        public override int Read(Span<byte> buffer) => (_opened ??= open()).Read(buffer);

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                _opened?.Dispose();
            }

            base.Dispose(disposing);
        }
    }
}
