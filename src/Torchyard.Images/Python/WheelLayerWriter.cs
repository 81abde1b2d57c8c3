using Torchyard.Images.Files;
using Torchyard.Images.Oci;
using Torchyard.Images.Tar;
using Torchyard.Packages.Errors;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Linux;
using Torchyard.Platform.Streams;
using Torchyard.Recipes.Settings;

namespace Torchyard.Images.Python;

/// <summary>
/// Writes a layer straight from wheels, in one pass and with bounded memory: inflate, check against RECORD, tar, hash, blob, and the
/// mounted form beside it. Everything belongs to the user of the environment, so that <c>pip install</c> works inside.
/// </summary>
/// <param name="layout">Gets the blob.</param>
/// <param name="settings">Compression.</param>
/// <param name="ahead">Decodes before their turn what free cores can take.</param>
internal sealed class WheelLayerWriter(OciLayout layout, ImageSettings settings, DecodeAhead ahead)
{
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
        CancellationToken cancellation
    )
    {
        using var blob = layout.BeginBlob();
        using var sink = new WheelLayerSink(blob, settings.Compression, settings.Level);
        var tar = new TarLayerWriter(sink);
        var files = wheels
            .SelectMany(w =>
                w.Plan.Files.Where(f => !leftOut.Contains((w.Package.Name, f.Path))).Select(f => new WheelLayerFile(w.Plan, f))
            )
            // Two wheels of this layer may have the same file with the same content.
            .DistinctBy(f => f.Installed.Path, StringComparer.Ordinal)
            .OrderBy(f => f.Installed.Path, StringComparer.Ordinal)
            .ToList();
        var directories = WriteDirectories(files.Select(f => f.Installed.Path), tar, mounted);
        using (var early = new LayerAhead(files, mounted, sink.Carries, ahead))
        {
            for (var index = 0; index < files.Count; index++)
            {
                cancellation.ThrowIfCancellationRequested();
                var file = files[index];
                try
                {
                    if (!early.TryWrite(index, content => WriteContent(file, () => content, tar, sink)))
                    {
                        WriteFile(file, tar, sink, mounted);
                    }
                }
                catch (InvalidDataException damaged)
                {
                    throw new TorchyardException(
                        PackageCodes.BadWheel,
                        $"{file.Plan.Wheel.FileName.Text}: {file.Source?.Entry.Name ?? file.Installed.Path}: {damaged.Message}",
                        "nothing of it was installed. Fetch the wheel again from its publisher",
                        damaged
                    );
                }

                advance(file.Size);
            }
        }

        tar.Complete();
        var diffId = sink.Complete();
        FinishDirectories(directories, mounted);
        var (digest, size) = blob.Commit();
        return new PackedLayer
        {
            DiffId = diffId,
            Blob = digest,
            Size = size,
            UncompressedSize = sink.Count,
            MediaType = sink.Carries ? MediaTypes.LayerGzip : MediaTypes.LayerZstd,
        };
    }

    private static List<string> WriteDirectories(IEnumerable<string> paths, TarLayerWriter tar, string? mounted)
    {
        var directories = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var path in paths)
        {
            var inside = WheelLayerFile.PathOf(path);
            for (
                var slash = inside.LastIndexOf('/');
                slash > 0 && directories.Add(inside[..slash]);
                slash = inside.LastIndexOf('/', slash - 1)
            )
            {
                // Up to the root, or to a directory that is there already.
            }
        }

        foreach (var directory in directories)
        {
            tar.Write(WheelLayerFile.Owned(directory) with { Kind = TarKind.Directory, Mode = FileModes.Directory });
            if (mounted is not null)
            {
                Directory.CreateDirectory(Path.Combine(mounted, directory));
            }
        }

        return [.. directories];
    }

    /// <summary>Writes a file into the layer and the mounted form, on this thread.</summary>
    private static void WriteFile(WheelLayerFile file, TarLayerWriter tar, WheelLayerSink sink, string? mounted)
    {
        using var target = mounted is null ? null : file.Create(mounted);
        if (file.Installed.Content is { } made)
        {
            tar.Write(file.Entry, new MemoryStream(made.ToArray(), writable: false));
            if (target is not null)
            {
                RandomAccess.Write(target, made.Span, 0);
            }
        }
        else
        {
            WriteContent(file, () => file.Open(target, IsCarried(file, sink)), tar, sink);
        }

        if (target is not null)
        {
            file.Finish(target);
        }
    }

    /// <summary>Writes the entry with the decoded content; in the blob, the wheel's own deflate data may stand for it.</summary>
    private static void WriteContent(WheelLayerFile file, Func<Stream> open, TarLayerWriter tar, WheelLayerSink sink)
    {
        using var content = new LateStream(() =>
        {
            if (IsCarried(file, sink))
            {
                sink.Carry(file.OpenMember(), file.Size);
            }

            return open();
        });
        tar.Write(file.Entry, content);
        if (file.Size == 0)
        {
            // The tar never asks for the content of an empty file; its checksums are checked all the same.
            content.CopyTo(Stream.Null);
        }
    }

    private static bool IsCarried(WheelLayerFile file, WheelLayerSink sink) => sink.Carries && file.IsCarriedInGzip;

    private static void FinishDirectories(List<string> directories, string? mounted)
    {
        if (mounted is null)
        {
            return;
        }

        using var root = RootDirectory.Open(mounted);
        for (var index = directories.Count - 1; index >= 0; index--)
        {
            var entry = WheelLayerFile.Owned(directories[index]);
            root.SetAttributes(entry.Name, FileModes.Directory, entry.User, entry.Group, entry.ModifiedAt);
        }

        root.SetAttributes("", FileModes.Directory, 0, 0, 0);
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
