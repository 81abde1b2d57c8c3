using System.Runtime.InteropServices;
using Torchyard.CommandLine;
using Torchyard.Containers.Runtimes;
using Torchyard.Images;
using Torchyard.Images.Environments;
using Torchyard.Packages;
using Torchyard.Platform;
using Torchyard.Platform.Files;
using Torchyard.Recipes;

namespace Torchyard.Building;

/// <summary>
/// crun of Debian for a machine that has neither crun nor runc: <c>tools/crun/</c> of the store, with the libraries it needs, started through
/// their dynamic linker. So it runs on any distribution, for root and for ordinary users. (runc starts itself again by /proc/self/exe, which
/// would be the linker.)
/// </summary>
internal sealed class FetchedRuntime(Invocation invocation) : IOciRuntimeSource
{
    private const string Program = "crun";
    private const string Suite = "trixie";

    private string Place => Path.Combine(invocation.Store.Tools, Program);

    /// <inheritdoc />
    public async Task<OciRuntime> GetAsync(CancellationToken cancellation)
    {
        if (!Directory.Exists(Place))
        {
            using var alone = await FileLock.AcquireAsync(Path.Combine(invocation.Store.Tools, "lock"), exclusive: true, cancellation);
            if (!Directory.Exists(Place))
            {
                await FetchAsync(cancellation);
            }
        }

        var linker = Directory.EnumerateFiles(Path.Combine(Place, "usr/lib"), "ld-linux-*", SearchOption.AllDirectories).First();
        return new OciRuntime(OciRuntimeKind.Crun, [linker, "--library-path", Path.GetDirectoryName(linker)!, Path.Combine(Place, "usr/bin", Program)]);
    }

    private async Task FetchAsync(CancellationToken cancellation)
    {
        invocation.Screen.Progress.Note($"Neither crun nor runc is on this machine: fetching crun of Debian {Suite} into {Place}");
        try
        {
            using var packages = new DebianPackages(invocation.Store, invocation.Screen.Progress, invocation.Caller.Clock, invocation.Caller.Variable);
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
                Tools = new LockedTools(ImageBuilder.Format, SupervisorProgram.Read(AppContext.BaseDirectory).Digest, ImageBuilder.Compressor(recipe.Image)),
            };
            // A name that prune removes when this is cut short.
            var temporary = Path.Combine(invocation.Store.Temporary, "removed-" + Guid.NewGuid().ToString("N"));
            await new ProgramUnpacker(packages.CreateFetcher()).UnpackAsync(locked, temporary, Place, cancellation);
        }
        catch (TorchyardException failure)
        {
            throw new TorchyardException(
                "TY4010", $"neither crun nor runc is on this machine, and crun cannot be fetched: {failure.Code}: {failure.Message}",
                $"install one (apt-get install crun, or dnf install crun), or: {failure.Cure}", failure);
        }
    }

    private static string Architecture() => RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? "arm64" : "amd64";
}

/// <summary>The OCI runtimes that verbs use.</summary>
internal static class InvocationRuntimes
{
    /// <summary>The machine's crun or runc, else crun of Debian.</summary>
    /// <param name="invocation">The invocation.</param>
    /// <param name="wanted">Only this one, or null for either; runc is not fetched.</param>
    public static IOciRuntimeSource Runtimes(this Invocation invocation, OciRuntimeKind? wanted = null) =>
        new MachineRuntimeSource(wanted, wanted == OciRuntimeKind.Runc ? null : new FetchedRuntime(invocation));
}
