using System.Globalization;
using System.Text;
using Torchyard.Images.Debian.Packages;
using Torchyard.Images.Errors;
using Torchyard.Images.Sources;
using Torchyard.Packages.Nvidia;
using Torchyard.Platform.Errors;
using Torchyard.Recipes.Locks;

namespace Torchyard.Images.Nvidia;

/// <summary>The layer of cuDNN: what Debian's package would have installed.</summary>
/// <param name="fetcher">Gives the archive; null when nothing is built.</param>
internal sealed class CudnnSource(IRedistFetcher? fetcher) : RedistSource(fetcher)
{
    /// <inheritdoc />
    public override LayerOrder Order => LayerOrder.System;

    /// <inheritdoc />
    public override string Beneath => CudnnInstaller.Package;

    /// <inheritdoc />
    protected override string Name => "cudnn";

    /// <inheritdoc />
    protected override string Title => "cuDNN";

    /// <inheritdoc />
    protected override string Documentation => CudnnInstaller.Package;

    /// <inheritdoc />
    /// <exception cref="TorchyardException">TY3023: the lock has Debian's installer alone.</exception>
    public override void Require(RecipeLock locked)
    {
        if (locked.Cudnn is null && locked.Packages.Any(package => package.Name == CudnnInstaller.Package))
        {
            throw ImageErrors.CudnnNotLocked(CudnnInstaller.Package);
        }
    }

    /// <inheritdoc />
    protected override LockedRedist? In(RecipeLock locked) => locked.Cudnn;

    /// <inheritdoc />
    protected override async Task<RedistContent> ContentAsync(LayerContext context)
    {
        var cudnn = context.Locked.Cudnn!;
        var architecture = context.Locked.Recipe.Base.Architecture;
        var sha512 = await DebiansSumAsync(context);
        return new RedistContent(
            string.Create(CultureInfo.InvariantCulture, $"NVIDIA cuDNN {cudnn.Version} for CUDA {cudnn.Cuda}"),
            [architecture, sha512 ?? ""],
            (archive, root) => CudnnArchive.Unpack(archive, cudnn, architecture, sha512, root, context.Cancellation)
        );
    }

    /// <inheritdoc />
    protected override IEnumerable<string> Facts(RecipeLock locked) =>
        [
            "Debian's nvidia-cudnn installs it, and packages of the lock are linked against it",
            $"{locked.Cudnn!.FileName}, under the licence {locked.Cudnn.License}",
        ];

    private static async Task<string?> DebiansSumAsync(LayerContext context)
    {
        var package = context.Locked.Packages.First(package => package.Name == CudnnInstaller.Package);
        var program = PackageUnpacker.ReadFile(await context.FileAsync(package.Sha256), package, DebianDownloader.Path);
        return DebianDownloader.Sha512Of(Encoding.UTF8.GetString(program), context.Locked.Cudnn!.Version, package.Architecture);
    }
}
