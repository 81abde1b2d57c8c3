using System.Runtime.InteropServices;
using Torchyard.Containers.Runtimes;
using Torchyard.Flows.Hosts;
using Torchyard.Images.Debian;
using Torchyard.Packages.Debian.Locking;
using Torchyard.Packages.Fetching;
using Torchyard.Platform.Errors;
using Torchyard.Platform.Files;
using Torchyard.Recipes.Locks;
using Torchyard.Recipes.Settings;

namespace Torchyard.Flows.Runtimes;

/// <summary>
/// crun of Debian for a machine that has neither crun nor runc: <c>tools/crun/</c> of the store, with the libraries it needs, started
/// through their dynamic linker. So it runs on any distribution, for root and for ordinary users. (runc starts itself again by
/// /proc/self/exe, which would be the linker.)
/// </summary>
internal sealed class FetchedRuntime(Host host) : IOciRuntimeSource
{
    private const string Program = "crun";
    private const string Suite = "trixie";
    private const string CannotFetch = "TY4010";

    private string Place => Path.Combine(host.Store.Tools, Program);

    /// <inheritdoc />
    public async Task<OciRuntime> GetAsync(CancellationToken cancellation)
    {
        if (!ProgramUnpacker.Has(Place, host.Store))
        {
            using var alone = await FileLock.AcquireAsync(Path.Combine(host.Store.Tools, "lock"), exclusive: true, cancellation);
            if (!ProgramUnpacker.Has(Place, host.Store))
            {
                await FetchAsync(cancellation);
            }
        }

        // Its name has the architecture in it, and its place does on some.
        var linker = Directory.EnumerateFiles(Path.Combine(Place, "usr/lib"), "ld-linux-*", SearchOption.AllDirectories).FirstOrDefault()
            ?? throw new TorchyardException(
                CannotFetch,
                $"crun of Debian {Suite} in {Place} has no dynamic linker",
                "install crun or runc on this machine (apt-get install crun, or dnf install crun)"
            );
        return new OciRuntime(
            OciRuntimeKind.Crun,
            [linker, "--library-path", Path.GetDirectoryName(linker)!, Path.Combine(Place, "usr/bin", Program)]
        );
    }

    private async Task FetchAsync(CancellationToken cancellation)
    {
        host.Progress.Note($"Neither crun nor runc is on this machine: fetching crun of Debian {Suite} into {Place}");
        try
        {
            using var packages = new DebianPackages(host.Store, host.Progress, host.Clock, host.Caller.Variable);
            var recipe = new Recipe
            {
                Name = Program,
                Base = new DebianBase { Suite = Suite, Architecture = Architecture() },
                Packages = [Program],
            };
            var debian = await packages.LockProgramsAsync(recipe, cancellation);
            var locked = new RecipeLock
            {
                RecipeDigest = RecipeDigest.Of(recipe, "/"),
                Recipe = recipe,
                SourceDateEpoch = debian.SourceDateEpoch,
                Archives = debian.Archives,
                Packages = debian.Packages,
                Tools = OwnTools.Of(host, recipe),
            };
            // A name that prune removes when this is cut short.
            var temporary = Path.Combine(host.Store.Temporary, "removed-" + Guid.NewGuid().ToString("N"));
            await new ProgramUnpacker(packages.CreateFetcher(), new CachedFiles(host.Store)).UnpackAsync(
                locked,
                temporary,
                Place,
                cancellation
            );
        }
        catch (TorchyardException failure)
        {
            throw new TorchyardException(
                CannotFetch,
                $"neither crun nor runc is on this machine, and crun cannot be fetched: {failure.Code}: {failure.Message}",
                $"install one (apt-get install crun, or dnf install crun), or: {failure.Cure}",
                failure
            );
        }
    }

    private static string Architecture() =>
        RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
}
